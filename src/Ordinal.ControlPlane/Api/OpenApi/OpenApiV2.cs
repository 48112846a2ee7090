using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The OpenAPI v2 document, as far as kubectl needs it: the types of all kinds (<c>explain</c>, validation before a request, and the merging of lists
/// by <c>apply</c>), and the PATCH of each, of which older kubectls ask whether it knows <c>dryRun</c>. As JSON, and in the protobuf encoding of gnostic.
/// </summary>
internal sealed class OpenApiV2(Func<ResourceType, JsonObject?> definition, string version)
{
    private const string Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private readonly OpenApiSchemas schemas = new(definition, isV2: true);

    /// <summary>Answers in the form that a client takes: what kubectl wants is protobuf under exactly this type, not an echo of what it asks for.</summary>
    /// <exception cref="ApiRefusalException">It takes neither form (406).</exception>
    public ApiAnswer Answer(IReadOnlyList<ResourceType> types, string? accept)
    {
        foreach (string clause in (string.IsNullOrEmpty(accept) ? "*/*" : accept).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (clause.Split(';')[0].Trim())
            {
                case Protobuf or "application/com.github.proto-openapi.spec.v2@v1.0+protobuf":
                    return new ApiAnswer(200, OpenApiV2Protobuf.Write(Document(types))) { ContentType = Protobuf };
                case "application/json" or "application/*" or "*/*":
                    return new ApiAnswer(200, JsonText.Write(Document(types)));
            }
        }

        return new ApiAnswer(406, default);
    }

    private JsonObject Document(IReadOnlyList<ResourceType> types)
    {
        var paths = new JsonObject();
        foreach (ResourceType type in types.Where(type => type.Verbs != ResourceVerbs.CreateOnly))
        {
            string group = type.Group.Length > 0 ? $"/apis/{type.Group}" : "/api";
            paths[$"{group}/{type.Version}/{(type.Namespaced ? "namespaces/{namespace}/" : "")}{type.Plural}/{{name}}"] = new JsonObject { ["patch"] = Patch(type) };
        }

        var definitions = new JsonObject();
        foreach ((string name, JsonObject schema) in schemas.Of(types))
        {
            definitions[name] = schema;
        }

        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = version },
            ["paths"] = paths,
            ["definitions"] = definitions,
        };
    }

    private static JsonObject Patch(ResourceType type) => new()
    {
        ["parameters"] = new JsonArray([.. ((string[])["dryRun", "fieldManager", "fieldValidation"]).Select(name => new JsonObject { ["in"] = "query", ["name"] = name, ["type"] = "string", ["uniqueItems"] = true })]),
        ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        ["x-kubernetes-action"] = "patch",
        ["x-kubernetes-group-version-kind"] = OpenApiSchemas.KindOf(type),
    };
}
