using System.Globalization;
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

    private JsonPatch(IReadOnlyList<Operation> operations, IReadOnlyList<string> duplicates)
    {
        _operations = operations;
        Duplicates = [.. duplicates.Select(d => $"json patch duplicate field \"{d}\"")];
    }

    public IReadOnlyList<string> Duplicates { get; }

    /// <summary>Reads a patch.</summary>
    /// <exception cref="ApiRefusalException">The document is no array of operations, or has too many.</exception>
    public static JsonPatch Parse(JsonNode? document, IReadOnlyList<string> duplicates)
    {
        if (document is not (null or JsonArray))
        {
            throw Refuse.BadRequest($"error decoding patch: json: cannot unmarshal {GoJson.KindOf(document)} into Go value of type []handlers.jsonPatchOp");
        }

        const int MostOperations = 10_000;
        JsonArray list = document as JsonArray ?? [];
        if (list.Count > MostOperations)
        {
            throw new ApiRefusalException(
                413, "RequestEntityTooLarge", $"Request entity too large: The allowed maximum operations in a JSON patch is {MostOperations}, got {list.Count}");
        }

        foreach (JsonNode? item in list)
        {
            if (item is not (null or JsonObject))
            {
                throw Refuse.BadRequest($"error decoding patch: json: cannot unmarshal {GoJson.KindOf(item)} into Go value of type handlers.jsonPatchOp");
            }
        }

        return new JsonPatch([.. list.Select(ReadOperation)], duplicates);
    }

    public DecodeWords Words(Func<JsonObject> patched) => DecodeWords.OfPatch(() => JsonText.WriteString(patched()));

    public JsonObject Apply(JsonObject current)
    {
        JsonNode? document = current;
        foreach (Operation operation in _operations)
        {
            document = Apply(document, operation);
        }

        return document as JsonObject ?? throw Refuse.UnprocessablePatch();
    }

    // What is missing is refused when the operation is carried out, as an operation that does not fit.
    private static Operation ReadOperation(JsonNode? node)
    {
        var fields = node as JsonObject;
        return new Operation(
            fields.Text("op") ?? "", fields.Text("path") is { } path ? Pointer(path) : null, fields.Text("from") is { } from ? Pointer(from) : null, fields?["value"]);
    }

    /// <summary>Takes a pointer apart. What comes before the first slash is passed over, as a real API server does.</summary>
    private static string[] Pointer(string path) =>
        path.Length == 0 ? [] : [.. path.Split('/')[1..].Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private static JsonNode? Apply(JsonNode? document, Operation operation)
    {
        string[] path = operation.Path ?? throw Refuse.UnprocessablePatch();
        switch (operation.Kind)
        {
            case "test":
                return TryGet(document, path, out JsonNode? tested)
                    ? JsonNodes.Same(tested, operation.Value) ? document : throw Refuse.UnprocessablePatch()
                    : operation.Value is null ? document : throw Refuse.UnprocessablePatch();
            case "add":
                return Set(document, path, operation.Value?.DeepClone(), mustExist: false);
            case "replace":
                return Set(document, path, operation.Value?.DeepClone(), mustExist: true);
            case "remove":
                Remove(document, path);
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

                return Set(document, path, copy, mustExist: false);
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
            case JsonObject target:
                // A replace of a field that is not there adds it: so does a real API server.
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

    /// <summary>Reads an index; a negative one counts from the end.</summary>
    private static int? Index(string step, int highest)
    {
        if (!int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
        {
            return null;
        }

        index = index < 0 ? highest + 1 + index : index;
        return index >= 0 && index <= highest ? index : null;
    }

    private sealed record Operation(string Kind, string[]? Path, string[]? From, JsonNode? Value);
}
