using System.Text.Json;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>Reads a patch of the kind that its media type names; server-side apply is not one of them.</summary>
internal static class Patches
{
    private const string Accepted =
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml";

    public static IDocumentPatch Parse(ApiRequest request, ResourceType type)
    {
        string mediaType = Bodies.MediaType(request);
        try
        {
            return mediaType switch
            {
                "application/json-patch+json" => JsonPatch.Parse(request.Call.Body.Span),
                "application/merge-patch+json" => new MergePatch(JsonText.ParseObject(request.Call.Body.Span)),
                "application/strategic-merge-patch+json" when type.Strategy is not CustomResourceStrategy =>
                    new StrategicMergePatch(type.Shape, JsonText.ParseObject(request.Call.Body.Span)),
                _ => throw Refuse.UnsupportedMediaType(
                    type.Strategy is CustomResourceStrategy ? Accepted.Replace(", application/strategic-merge-patch+json", "", StringComparison.Ordinal) : Accepted),
            };
        }
        catch (JsonException e)
        {
            throw Refuse.BadRequest($"error decoding patch: {Bodies.Shorten(e.Message)}");
        }
    }
}
