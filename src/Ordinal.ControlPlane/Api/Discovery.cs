using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers what is not about objects: discovery, version, health, metrics.</summary>
internal sealed class Discovery(TypeRegistry types, OpenApiV2 openApiV2, OpenApiV3 openApi, ApiServerOptions options)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <summary>Answers a path, or null when there is nothing there.</summary>
    /// <exception cref="ApiRefusalException">The path is there and not for this method.</exception>
    public ApiAnswer? Answer(ApiRequest request)
    {
        // "/healthz/" is another path than "/healthz", and not there; "/api/" is the same as "/api".
        bool endsOpen = request.Call.Path.EndsWith('/') && request.Segments.Count > 0;
        if (HealthChecks.Answer(request) is { } health)
        {
            return endsOpen ? null : health;
        }

        ApiAnswer? answer = request.Segments switch
        {
            [] => Json(Paths()),
            ["api"] => AggregatedOr(request, isCore: true, CoreVersions),
            ["apis"] => AggregatedOr(request, isCore: false, Groups),
            ["api", var version] => Resources("", version),
            ["apis", var group] => Group(group),
            ["apis", var group, var version] => Resources(group, version),
            ["version"] => Json(Version()),
            ["openapi", "v2"] => openApiV2.Answer(types.All, request.Call.Accept),
            ["openapi", "v3"] => Json(openApi.Index(types.All)),
            ["openapi", "v3", "api", var version] => OpenApi($"api/{version}", endsOpen),
            ["openapi", "v3", "apis", var group, var version] => OpenApi($"apis/{group}/{version}", endsOpen),
            ["openapi", "v3", ..] => OpenApi("", endsOpen),
            _ => null,
        };
        return answer is null || request.Call.Method == "GET" ? answer : throw Refuse.MethodNotAllowed();
    }

    /// <summary>Answers a path that is not there: below a served group as an API, elsewhere as any web server.</summary>
    public static ApiAnswer NotFound(ApiRequest request, TypeRegistry types)
    {
        bool isApi = request.Segments is ["api", ..] || (request.Segments is ["apis", var group, ..] && types.All.Any(t => t.Group == group));
        return isApi ? throw Refuse.NoSuchResource() : new ApiAnswer(404, "404 page not found\n"u8.ToArray()) { ContentType = "text/plain; charset=utf-8" };
    }

    private static ApiAnswer AggregatedDiscovery(JsonArray items) => new(200, JsonText.Write(new JsonObject
    {
        ["kind"] = "APIGroupDiscoveryList", ["apiVersion"] = "apidiscovery.k8s.io/v2", ["metadata"] = new JsonObject(), ["items"] = items,
    }))
    {
        ContentType = Aggregated,
    };

    /// <summary>Newer clients read all groups in one answer, if they ask for it in their Accept header.</summary>
    private ApiAnswer AggregatedOr(ApiRequest request, bool isCore, Func<JsonObject> plain)
    {
        string accept = request.Call.Accept ?? "";
        foreach (string clause in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parameters = clause.Split(';', StringSplitOptions.TrimEntries);
            if (!parameters.Contains("as=APIGroupDiscoveryList"))
            {
                if (parameters[0] is "application/json" or "*/*" or "application/yaml")
                {
                    return Json(plain());
                }
            }
            else if (parameters.Contains("v=v2") && parameters.Contains("g=apidiscovery.k8s.io"))
            {
                return AggregatedDiscovery(DiscoveryItems(isCore));
            }
        }

        return accept.Length == 0
            ? Json(plain())
            : throw Representations.WrongForm("only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");
    }

    private JsonArray DiscoveryItems(bool isCore)
    {
        var items = new JsonArray();
        foreach (IGrouping<string, ResourceType> group in types.All.Where(t => t.Group.Length == 0 == isCore).GroupBy(t => t.Group, StringComparer.Ordinal))
        {
            var versions = new JsonArray();
            foreach (IGrouping<string, ResourceType> version in group.GroupBy(t => t.Version, StringComparer.Ordinal))
            {
                versions.Add((JsonNode)new JsonObject
                {
                    ["version"] = version.Key,
                    ["resources"] = new JsonArray([.. version.Select(DiscoveryEntry)]),
                    ["freshness"] = "Current",
                });
            }

            var metadata = new JsonObject();
            if (!isCore)
            {
                metadata["name"] = group.Key;
            }

            metadata["creationTimestamp"] = null;
            items.Add((JsonNode)new JsonObject { ["metadata"] = metadata, ["versions"] = versions });
        }

        return items;
    }

    private static JsonNode DiscoveryEntry(ResourceType type)
    {
        static JsonObject KindOf(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

        var entry = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = KindOf(type.Group, type.Version, type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = List(type.Verbs),
        };
        if (type.ShortNames.Count > 0)
        {
            entry["shortNames"] = List(type.ShortNames);
        }

        if (type.Categories.Count > 0)
        {
            entry["categories"] = List(type.Categories);
        }

        var listed = new JsonArray();
        AddResource(listed, type);
        var subresources = new JsonArray();
        foreach (JsonObject listedEntry in listed.OfType<JsonObject>().Skip(1))
        {
            subresources.Add((JsonNode)new JsonObject
            {
                ["subresource"] = listedEntry.Text("name")!.Split('/')[1],
                ["responseKind"] = KindOf(listedEntry.Text("group") ?? type.Group, listedEntry.Text("version") ?? type.Version, listedEntry.Text("kind") ?? ""),
                ["verbs"] = listedEntry["verbs"]!.DeepClone(),
            });
        }

        if (subresources.Count > 0)
        {
            entry["subresources"] = subresources;
        }

        return entry;
    }

    private JsonObject Paths()
    {
        string[] groups = [.. types.All.Where(t => t.Group.Length > 0).SelectMany(t => (string[])[$"/apis/{t.Group}", $"/apis/{t.Group}/{t.Version}"])];
        string[] all = ["/api", "/api/v1", "/apis", .. groups, "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
        return new JsonObject { ["paths"] = List([.. all.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]) };
    }

    // What is not there has no words of its own.
    private ApiAnswer OpenApi(string folder, bool endsOpen) =>
        !endsOpen && openApi.Document(types.All, folder) is { } document ? Json(document) : new ApiAnswer(404, default) { ContentType = "text/plain; charset=utf-8" };

    private static ApiAnswer Json(JsonObject document) => new(200, JsonText.Write(document));

    private static JsonObject GroupEntry(string group, IReadOnlyList<string> versions)
    {
        var list = new JsonArray();
        foreach (string version in versions)
        {
            list.Add((JsonNode)new JsonObject { ["groupVersion"] = $"{group}/{version}", ["version"] = version });
        }

        return new JsonObject { ["name"] = group, ["versions"] = list, ["preferredVersion"] = list[0]!.DeepClone() };
    }

    private JsonObject CoreVersions() => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = options.ServerAddress }),
    };

    private JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = options.GitVersion.TrimStart('v').Split('.')[1],
        ["gitVersion"] = options.GitVersion,
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "",
        ["platform"] = "linux/amd64",
    };

    private IEnumerable<(string Group, IReadOnlyList<string> Versions)> GroupVersions() => types.All
        .Where(t => t.Group.Length > 0)
        .GroupBy(t => t.Group, StringComparer.Ordinal)
        .Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Select(t => t.Version).Distinct(StringComparer.Ordinal)]));

    private JsonObject Groups()
    {
        var groups = new JsonArray();
        foreach ((string group, IReadOnlyList<string> versions) in GroupVersions())
        {
            groups.Add((JsonNode)GroupEntry(group, versions));
        }

        return new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = groups };
    }

    private ApiAnswer? Group(string name)
    {
        foreach ((string group, IReadOnlyList<string> versions) in GroupVersions())
        {
            if (group == name)
            {
                JsonObject entry = GroupEntry(group, versions);
                entry.Insert(0, "kind", "APIGroup");
                entry.Insert(1, "apiVersion", "v1");
                return Json(entry);
            }
        }

        return null;
    }

    private ApiAnswer? Resources(string group, string version)
    {
        var resources = new JsonArray();
        foreach (ResourceType type in types.All.Where(t => t.Group == group && t.Version == version))
        {
            AddResource(resources, type);
        }

        return resources.Count == 0 ? null : Json(new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        });
    }

    private static void AddResource(JsonArray resources, ResourceType type)
    {
        var entry = new JsonObject
        {
            ["name"] = type.Plural,
            ["singularName"] = type.Singular,
            ["namespaced"] = type.Namespaced,
            ["kind"] = type.Kind,
            ["verbs"] = List(type.Verbs),
        };
        if (type.ShortNames.Count > 0)
        {
            entry["shortNames"] = List(type.ShortNames);
        }

        if (type.Categories.Count > 0)
        {
            entry["categories"] = List(type.Categories);
        }

        resources.Add((JsonNode)entry);
        if (type.HasStatus)
        {
            resources.Add((JsonNode)Subresource(type, "status", type.Kind, null, ["get", "patch", "update"]));
        }

        if (type.Scale is not null)
        {
            resources.Add((JsonNode)Subresource(type, "scale", "Scale", ("autoscaling", "v1"), ["get", "patch", "update"]));
        }

        if (type is { Group: "", Plural: "serviceaccounts" })
        {
            resources.Add((JsonNode)Subresource(type, "token", "TokenRequest", ("authentication.k8s.io", "v1"), ["create"]));
        }

        if (type is { Group: "", Plural: "pods" })
        {
            resources.Add((JsonNode)Subresource(type, "binding", "Binding", null, ["create"]));
            resources.Add((JsonNode)Subresource(type, "eviction", "Eviction", ("policy", "v1"), ["create"]));
            resources.Add((JsonNode)Subresource(type, "exec", "PodExecOptions", null, ["create", "get"]));
            resources.Add((JsonNode)Subresource(type, "log", "Pod", null, ["get"]));
        }
    }

    private static JsonObject Subresource(ResourceType type, string name, string kind, (string Group, string Version)? of, IReadOnlyList<string> verbs)
    {
        var entry = new JsonObject { ["name"] = $"{type.Plural}/{name}", ["singularName"] = "", ["namespaced"] = type.Namespaced };
        if (of is { } groupVersion)
        {
            entry["group"] = groupVersion.Group;
            entry["version"] = groupVersion.Version;
        }

        entry["kind"] = kind;
        entry["verbs"] = List(verbs);
        return entry;
    }

    private static JsonArray List(IReadOnlyList<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);
}
