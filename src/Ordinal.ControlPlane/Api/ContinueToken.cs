using System.Buffers;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The opaque token with which a paged list goes on: a revision and the last key of the page.</summary>
internal static class ContinueToken
{
    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

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
        byte[] bytes;
        try
        {
            string padded = token.Replace('-', '+').Replace('_', '/');
            bytes = Convert.FromBase64String(padded.PadRight((padded.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            int first = token.AsSpan().IndexOfAnyExcept(Alphabet);
            throw Invalid($"illegal base64 data at input byte {(first < 0 ? token.Length - 1 : first)}");
        }

        if (GoJsonSyntax.Problem(bytes) is { } problem)
        {
            throw Invalid(problem);
        }

        JsonObject? content = JsonText.Parse(bytes) as JsonObject;
        string[] parts = (content.Text("start") ?? "").Split('/');
        return content.Text("v") == "meta.k8s.io/v1" && content.Number("rv") is { } revision && parts.Length == 2
            ? (revision, new StoreKey(resource, parts[0], parts[1]))
            : throw Invalid($"server does not recognize this encoded version \"{content.Text("v")}\"");
    }

    private static ApiRefusalException Invalid(string why) => Refuse.BadRequest($"invalid continue token: continue key is not valid: {why}");
}
