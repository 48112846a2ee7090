using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The OpenAPI v3 documents, one for each version of a group: what <c>kubectl explain</c> shows, and what newer kubectls look up before a dry run. Paths
/// are those of the objects and collections, without their answers; patches do not say which types they take, so that kubectl builds strategic merge
/// patches from what it knows itself.
/// </summary>
internal sealed class OpenApiV3(Func<ResourceType, JsonObject?> definition, string version)
{
    private readonly OpenApiSchemas schemas = new(definition, isV2: false);

    /// <summary>Makes the list of documents; the hash in an address changes with its document.</summary>
    public JsonObject Index(IReadOnlyList<ResourceType> types)
    {
        var paths = new JsonObject();
        foreach (IGrouping<string, ResourceType> group in types.GroupBy(Folder, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            string hash = Convert.ToHexString(SHA512.HashData(JsonText.Write(Document([.. group]))));
            paths[group.Key] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{group.Key}?hash={hash}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <summary>Makes one document; null when there is no such group and version.</summary>
    /// <param name="types">All resources.</param>
    /// <param name="folder"><c>api/v1</c> or <c>apis/apps/v1</c>.</param>
    public JsonObject? Document(IReadOnlyList<ResourceType> types, string folder) =>
        types.Where(type => Folder(type) == folder).ToArray() is { Length: > 0 } own ? Document(own) : null;

    private static string Folder(ResourceType type) => type.Group.Length == 0 ? $"api/{type.Version}" : $"apis/{type.Group}/{type.Version}";

    private JsonObject Document(ResourceType[] types)
    {
        var paths = new JsonObject();
        foreach (ResourceType type in types)
        {
            AddPaths(paths, type);
        }

        var components = new JsonObject();
        foreach ((string name, JsonObject schema) in schemas.Of(types))
        {
            components[name] = schema;
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = version },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = components },
        };
    }

    private static void AddPaths(JsonObject paths, ResourceType type)
    {
        string collection = $"/{Folder(type)}/{(type.Namespaced ? "namespaces/{namespace}/" : "")}{type.Plural}";
        if (type.Verbs == ResourceVerbs.CreateOnly)
        {
            paths[collection] = new JsonObject { ["post"] = Operation(type, "post", "dryRun", "fieldManager", "fieldValidation") };
            return;
        }

        paths[collection] = new JsonObject
        {
            ["get"] = Operation(type, "list", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"),
            ["post"] = Operation(type, "post", "dryRun", "fieldManager", "fieldValidation"),
            ["delete"] = Operation(type, "deletecollection", "dryRun", "fieldSelector", "labelSelector", "gracePeriodSeconds", "propagationPolicy"),
        };
        paths[$"{collection}/{{name}}"] = new JsonObject
        {
            ["get"] = Operation(type, "get"),
            ["put"] = Operation(type, "put", "dryRun", "fieldManager", "fieldValidation"),
            ["patch"] = Operation(type, "patch", "dryRun", "fieldManager", "fieldValidation", "force"),
            ["delete"] = Operation(type, "delete", "dryRun", "gracePeriodSeconds", "propagationPolicy"),
        };
    }

    private static JsonObject Operation(ResourceType type, string action, params string[] parameters) => new()
    {
        ["parameters"] = new JsonArray([.. parameters.Select(name => new JsonObject
        {
            ["in"] = "query",
            ["name"] = name,
            ["schema"] = new JsonObject
            {
                ["type"] = name switch { "force" or "watch" or "sendInitialEvents" => "boolean", "limit" or "timeoutSeconds" or "gracePeriodSeconds" => "integer", _ => "string" },
                ["uniqueItems"] = true,
            },
        })]),
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = OpenApiSchemas.KindOf(type),
    };
}
