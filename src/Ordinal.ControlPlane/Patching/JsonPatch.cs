using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// A JSON patch (RFC 6902). An operation that does not fit, a failed <c>test</c> included, is refused with 422 and empty details,
/// as a real API server does.
/// </summary>
internal sealed class JsonPatch : IDocumentPatch
{
    private readonly IReadOnlyList<Operation> _operations;

    private JsonPatch(IReadOnlyList<Operation> operations) => _operations = operations;

    /// <summary>Parses a patch.</summary>
    /// <exception cref="JsonException">The text is no array of operations.</exception>
    public static JsonPatch Parse(ReadOnlySpan<byte> utf8)
    {
        JsonArray list = JsonText.Parse(utf8) as JsonArray ?? throw new JsonException("a JSON patch is an array of operations");
        const int MostOperations = 10_000;
        if (list.Count > MostOperations)
        {
            throw new ApiRefusalException(413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {MostOperations}, got {list.Count}");
        }

        return new JsonPatch([.. list.Select(ReadOperation)]);
    }

    public JsonObject Apply(JsonObject current)
    {
        JsonNode? document = current;
        foreach (Operation operation in _operations)
        {
            document = Apply(document, operation);
        }

        return document as JsonObject ?? throw Refuse.UnprocessablePatch();
    }

    private static Operation ReadOperation(JsonNode? node)
    {
        var fields = node as JsonObject;
        string kind = fields.Text("op") ?? throw new JsonException("an operation has no op");
        string path = fields.Text("path") ?? throw new JsonException("an operation has no path");
        return new Operation(kind, Pointer(path), fields.Text("from") is { } from ? Pointer(from) : null, fields?["value"], fields?.ContainsKey("value") ?? false);
    }

    private static string[] Pointer(string path)
    {
        if (path.Length == 0)
        {
            return [];
        }

        return path[0] == '/'
            ? [.. path[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : throw new JsonException($"'{path}' is no JSON pointer");
    }

    private static JsonNode? Apply(JsonNode? document, Operation operation)
    {
        switch (operation.Kind)
        {
            case "test":
                return TryGet(document, operation.Path, out JsonNode? tested)
                    ? JsonNodes.Same(tested, operation.Value) ? document : throw Refuse.UnprocessablePatch()
                    : operation.Value is null ? document : throw Refuse.UnprocessablePatch();
            case "add" when operation.HasValue:
                return Set(document, operation.Path, operation.Value?.DeepClone(), mustExist: false);
            case "replace" when operation.HasValue:
                return Set(document, operation.Path, operation.Value?.DeepClone(), mustExist: true);
            case "remove":
                Remove(document, operation.Path);
                return document;
            case "copy" or "move" when operation.From is { } from:
                if (!TryGet(document, from, out JsonNode? source))
                {
                    throw Refuse.UnprocessablePatch();
                }

                JsonNode? copy = source?.DeepClone();
                if (operation.Kind == "move")
                {
                    Remove(document, from);
                }

                return Set(document, operation.Path, copy, mustExist: false);
            default:
                throw Refuse.UnprocessablePatch();
        }
    }

    private static bool TryGet(JsonNode? document, ReadOnlySpan<string> path, out JsonNode? found)
    {
        found = document;
        foreach (string step in path)
        {
            switch (found)
            {
                case JsonObject inner when inner.TryGetPropertyValue(step, out JsonNode? value):
                    found = value;
                    break;
                case JsonArray list when Index(step, list.Count - 1) is { } index:
                    found = list[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static JsonNode? Set(JsonNode? document, string[] path, JsonNode? value, bool mustExist)
    {
        if (path.Length == 0)
        {
            return value;
        }

        string last = path[^1];
        if (!TryGet(document, path.AsSpan(..^1), out JsonNode? parent))
        {
            throw Refuse.UnprocessablePatch();
        }

        switch (parent)
        {
            case JsonObject target when !mustExist || target.ContainsKey(last):
                target[last] = value;
                return document;
            case JsonArray list when mustExist && Index(last, list.Count - 1) is { } index:
                list[index] = value;
                return document;
            case JsonArray list when !mustExist && last == "-":
                list.Add(value);
                return document;
            case JsonArray list when !mustExist && Index(last, list.Count) is { } index:
                list.Insert(index, value);
                return document;
            default:
                throw Refuse.UnprocessablePatch();
        }
    }

    private static void Remove(JsonNode? document, string[] path)
    {
        if (path.Length == 0 || !TryGet(document, path.AsSpan(..^1), out JsonNode? parent))
        {
            throw Refuse.UnprocessablePatch();
        }

        string last = path[^1];
        switch (parent)
        {
            case JsonObject target when target.Remove(last):
                return;
            case JsonArray list when Index(last, list.Count - 1) is { } index:
                list.RemoveAt(index);
                return;
            default:
                throw Refuse.UnprocessablePatch();
        }
    }

    private static int? Index(string step, int highest) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index <= highest ? index : null;

    private sealed record Operation(string Kind, string[] Path, string[]? From, JsonNode? Value, bool HasValue);
}
