using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The opaque token with which a paged list goes on: a revision and the last key of the page.</summary>
internal static class ContinueToken
{
    public static string Write(long revision, StoreKey last) => Convert.ToBase64String(JsonText.Write(new JsonObject
    {
        ["v"] = "meta.k8s.io/v1",
        ["rv"] = revision,
        ["start"] = $"{last.Namespace}/{last.Name}",
    })).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Reads a token; a revision below zero asks for the present state.</summary>
    /// <exception cref="ApiRefusalException">The token is not one of ours.</exception>
    public static (long Revision, StoreKey Last) Read(string token, string resource)
    {
        try
        {
            string padded = token.Replace('-', '+').Replace('_', '/');
            padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
            JsonObject content = JsonText.ParseObject(Convert.FromBase64String(padded));
            string[] parts = (content.Text("start") ?? "").Split('/');
            if (content.Text("v") == "meta.k8s.io/v1" && content.Number("rv") is { } revision && parts.Length == 2)
            {
                return (revision, new StoreKey(resource, parts[0], parts[1]));
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Falls through to the refusal: a token that is no base64 or no JSON is as wrong as one of another version.
        }

        throw Refuse.BadRequest("continue key is not valid: illegal base64 data or encoding");
    }
}
