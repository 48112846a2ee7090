using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ordinal.Runtime.Client;

/// <summary>
/// Builds a JSON patch (RFC 6902). Paths are given as names, which are escaped here: an annotation's key with a slash in it is one name.
/// </summary>
public sealed class JsonPatch
{
    private readonly JsonArray operations = [];

    /// <summary>Gets a value indicating whether nothing was added yet.</summary>
    public bool IsEmpty => operations.Count == 0;

    /// <summary>The whole patch fails unless the value at the path is equal to this one.</summary>
    public JsonPatch Test(JsonNode? value, params ReadOnlySpan<string> path) => Append("test", path, value);

    /// <summary>Replaces a value that must exist.</summary>
    public JsonPatch Replace(JsonNode? value, params ReadOnlySpan<string> path) => Append("replace", path, value);

    /// <summary>Adds or replaces a member, or inserts into an array (<c>-</c> appends). The parent must exist.</summary>
    public JsonPatch Add(JsonNode? value, params ReadOnlySpan<string> path) => Append("add", path, value);

    /// <summary>Removes a value that must exist.</summary>
    public JsonPatch Remove(params ReadOnlySpan<string> path)
    {
        operations.Add(new JsonObject { ["op"] = "remove", ["path"] = PathTo(path) });
        return this;
    }

    /// <summary>Tests the UID: the patch must not hit a namesake that came later.</summary>
    public JsonPatch TestUid(string uid) => Test(uid, "metadata", "uid");

    /// <summary>Tests the generation: nobody has changed the spec since it was read.</summary>
    public JsonPatch TestGeneration(long generation) => Test(generation, "metadata", "generation");

    /// <summary>Tests the resourceVersion: nobody has changed anything since it was read.</summary>
    public JsonPatch TestResourceVersion(string resourceVersion) => Test(resourceVersion, "metadata", "resourceVersion");

    /// <summary>Returns the pointer (RFC 6901) of a path of names.</summary>
    public static string PathTo(params ReadOnlySpan<string> path)
    {
        var pointer = new System.Text.StringBuilder();
        foreach (var name in path)
        {
            pointer.Append('/').Append(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return pointer.ToString();
    }

    /// <summary>Returns the patch as the request's body.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(operations);

    /// <summary>Returns the patch as text, for golden tests.</summary>
    public override string ToString() => operations.ToJsonString();

    private JsonPatch Append(string operation, ReadOnlySpan<string> path, JsonNode? value)
    {
        operations.Add(new JsonObject { ["op"] = operation, ["path"] = PathTo(path), ["value"] = value?.DeepClone() });
        return this;
    }
}
