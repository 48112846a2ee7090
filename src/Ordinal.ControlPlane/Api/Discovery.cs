using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers what is not about objects: discovery, version, health, metrics.</summary>
internal sealed class Discovery(TypeRegistry types, ApiServerOptions options)
{
    /// <summary>Answers a path, or null when there is nothing there.</summary>
    public ApiAnswer? Answer(ApiRequest request)
    {
        if (request.Call.Method is not ("GET" or "HEAD"))
        {
            return null;
        }

        return request.Segments switch
        {
            ["api"] => Json(CoreVersions()),
            ["apis"] => Json(Groups()),
            ["api", var version] => Resources("", version),
            ["apis", var group] => Group(group),
            ["apis", var group, var version] => Resources(group, version),
            ["version"] => Json(Version()),
            ["healthz" or "livez" or "readyz"] => Text("ok"),
            ["healthz" or "livez" or "readyz", _] => Text("ok"),
            // kubectl wants exactly this type; JSON, or an echo of its Accept, it refuses.
            ["openapi", "v2"] => new ApiAnswer(200, OpenApiV2.Write(types.All, options.GitVersion)) { ContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" },
            ["openapi", "v3"] => Json(new JsonObject { ["paths"] = new JsonObject() }),
            _ => null,
        };
    }

    private static ApiAnswer Json(JsonObject document) => new(200, JsonText.Write(document));

    private static ApiAnswer Text(string text) => new(200, Encoding.UTF8.GetBytes(text)) { ContentType = "text/plain; charset=utf-8" };

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
