using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>Reads a patch of the kind that its media type names; server-side apply is not one of them.</summary>
internal static class Patches
{
    public const string Apply = "application/apply-patch+yaml";

    /// <summary>Refuses a media type that is no patch of this resource.</summary>
    /// <exception cref="ApiRefusalException">It is none (415).</exception>
    public static void CheckType(string mediaType, ResourceType type)
    {
        bool isKnown = mediaType is "application/json-patch+json" or "application/merge-patch+json" or Apply
            || (mediaType == "application/strategic-merge-patch+json" && type.Strategy is not CustomResourceStrategy);
        if (!isKnown)
        {
            throw new ApiRefusalException(415, "UnsupportedMediaType", "415: Unsupported Media Type") { EmptyDetails = true };
        }
    }

    /// <summary>Reads the patch of a request.</summary>
    /// <exception cref="ApiRefusalException">The body is no such patch.</exception>
    public static IDocumentPatch Parse(ApiRequest request, Shape shape)
    {
        var duplicates = new List<string>();
        switch (Bodies.MediaType(request))
        {
            case "application/json-patch+json":
                return JsonPatch.Parse(Read(request, "error decoding patch: ", duplicates), duplicates);
            case "application/merge-patch+json":
                return new MergePatch(Fields(Read(request, "error decoding patch: ", duplicates), "error decoding patch: ") ?? throw Refuse.BadRequest("Invalid JSON Patch"), duplicates);
            default:
                return new StrategicMergePatch(shape, Fields(Read(request, "", duplicates), "") ?? [], duplicates);
        }
    }

    private static JsonNode? Read(ApiRequest request, string prefix, List<string> duplicates)
    {
        ReadOnlySpan<byte> body = request.Call.Body.Span;
        return GoJsonSyntax.Problem(body) is { } problem ? throw Refuse.BadRequest(prefix + problem) : JsonText.Parse(body, duplicates);
    }

    private static JsonObject? Fields(JsonNode? node, string prefix) => node switch
    {
        null => null,
        JsonObject fields => fields,
        _ => throw Refuse.BadRequest($"{prefix}json: cannot unmarshal {GoJson.KindOf(node)} into Go value of type map[string]interface {{}}"),
    };
}
