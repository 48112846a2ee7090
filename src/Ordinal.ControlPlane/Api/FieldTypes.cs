using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Finds the first value of a built-in kind that a real API server's decoder could not read, in its words. On the way nulls go: a field
/// that is null is one that is not there.
/// </summary>
internal static partial class FieldTypes
{
    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n");

    // The table of shapes knows these as strings and numbers.
    private static readonly FrozenSet<string> Times = FrozenSet.Create(
        StringComparer.Ordinal,
        "creationTimestamp", "deletionTimestamp", "lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime", "timeAdded", "startTime",
        "startedAt", "finishedAt", "firstTimestamp", "lastTimestamp", "time");

    // Go writes these as null when they are not set; the others it leaves out.
    private static readonly FrozenSet<string> NullTimes = FrozenSet.Create(
        StringComparer.Ordinal,
        "lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime", "startedAt", "finishedAt", "firstTimestamp", "lastTimestamp", "eventTime");

    private static readonly FrozenSet<string> MicroTimes = FrozenSet.Create(StringComparer.Ordinal, "acquireTime", "renewTime", "eventTime", "lastObservedTime");

    private static readonly FrozenSet<string> LongNumbers = FrozenSet.Create(
        StringComparer.Ordinal,
        "generation", "observedGeneration", "deletionGracePeriodSeconds", "terminationGracePeriodSeconds", "activeDeadlineSeconds", "tolerationSeconds",
        "runAsUser", "runAsGroup", "fsGroup", "seconds", "revision", "sizeBytes");

    private static readonly FrozenSet<string> Quantities = FrozenSet.Create(StringComparer.Ordinal, "sizeLimit", "divisor");

    /// <summary>Finds the problem of a document; null when it can be read.</summary>
    /// <param name="shape">Shape of the kind.</param>
    /// <param name="document">The document; its nulls are removed.</param>
    /// <param name="converts">Whether values are converted and not decoded.</param>
    public static string? Problem(ObjectShape shape, JsonObject document, bool converts) => InFields(shape, document, new FieldPath(), converts) ?? Bytes(shape, document);

    private static string? Problem(Shape shape, JsonNode node, string owner, FieldPath path, string name, bool converts)
    {
        string? wanted = Wanted(shape, node, name);
        if (wanted is not null)
        {
            return converts ? Conversion(shape, node, wanted) : $"json: cannot unmarshal {Shown(shape, node)} into Go struct field {owner}.{path} of type {wanted}";
        }

        switch (shape, node)
        {
            case (ObjectShape known, JsonObject fields):
                return InFields(known, fields, path, converts);
            case (MapShape map, JsonObject entries):
                return InEntries(map, entries, owner, path, name, converts);
            case (ListShape list, JsonArray items):
                foreach (JsonNode? item in items)
                {
                    if (item is not null && Problem(list.Item, item, owner, path, name, converts) is { } problem)
                    {
                        return problem;
                    }
                }

                return null;
            case (ScalarShape { Kind: ScalarKind.Text }, _):
                return Times.Contains(name) ? Time(node.AsText()!, micro: false) : MicroTimes.Contains(name) ? Time(node.AsText()!, micro: true) : null;
            case (ScalarShape { Kind: ScalarKind.Any }, _):
                return Quantities.Contains(name) ? Quantity(node) : null;
            default:
                return null;
        }
    }

    private static string? InFields(ObjectShape shape, JsonObject fields, FieldPath path, bool converts)
    {
        List<string>? nulls = null;
        foreach ((string name, JsonNode? node) in fields)
        {
            if (!shape.Fields.TryGetValue(name, out Shape? field))
            {
                continue;
            }

            if (node is not { } value)
            {
                if (!NullTimes.Contains(name))
                {
                    (nulls ??= []).Add(name);
                }

                continue;
            }

            path.Enter(name);
            if (Problem(field, value, shape.Name, path, name, converts) is { } problem)
            {
                return problem;
            }

            path.Leave();
        }

        nulls?.ForEach(name => fields.Remove(name));
        return null;
    }

    private static string? InEntries(MapShape map, JsonObject entries, string owner, FieldPath path, string name, bool converts)
    {
        List<string>? nulls = null;
        foreach ((string key, JsonNode? node) in entries)
        {
            if (node is not { } value)
            {
                (nulls ??= []).Add(key);
                continue;
            }

            string? problem = map.Value is ScalarShape { Kind: ScalarKind.Any } && value is JsonValue
                ? Quantity(value)
                : Problem(map.Value, value, owner, path, name, converts);
            if (problem is not null)
            {
                return problem;
            }
        }

        nulls?.ForEach(key => entries[key] = map.Value is ScalarShape { Kind: ScalarKind.Text } ? "" : null);
        return null;
    }

    private static string? Wanted(Shape shape, JsonNode node, string name) => shape switch
    {
        ObjectShape known when node is not JsonObject => $"v1.{known.Name}",
        MapShape when node is not JsonObject => "map[string]string",
        ListShape list when node is not JsonArray => list.Item is ObjectShape item ? $"[]v1.{item.Name}" : "[]string",
        ScalarShape { Kind: ScalarKind.Text } when node.AsText() is null => "string",
        ScalarShape { Kind: ScalarKind.Whole } when !IsWhole(node, name) => LongNumbers.Contains(name) ? "int64" : "int32",
        ScalarShape { Kind: ScalarKind.Flag } when node.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False) => "bool",
        ScalarShape { Kind: ScalarKind.Any } when node.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number) => "int32",
        _ => null,
    };

    private static bool IsWhole(JsonNode node, string name) =>
        node.AsNumber() is { } number && (LongNumbers.Contains(name) || number is >= int.MinValue and <= int.MaxValue);

    private static string Shown(Shape shape, JsonNode node) =>
        shape is ScalarShape { Kind: ScalarKind.Whole } && node.GetValueKind() == JsonValueKind.Number ? $"number {JsonText.WriteString(node)}" : GoJson.KindOf(node);

    private static string Conversion(Shape shape, JsonNode node, string wanted)
    {
        string actual = node switch
        {
            JsonObject => "map",
            JsonArray => "slice",
            _ => node.GetValueKind() switch { JsonValueKind.String => "string", JsonValueKind.Number => "int64", _ => "bool" },
        };
        return shape switch
        {
            ListShape => $"cannot restore slice from {actual}",
            MapShape => $"cannot restore map from {actual}",
            ObjectShape => $"cannot restore struct from: {actual}",
            _ => $"unrecognized type: {wanted}",
        };
    }

    private static string? Quantity(JsonNode node) => QuantityPattern().IsMatch(node.AsShown())
        ? null
        : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private static string? Time(string text, bool micro)
    {
        string layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
        Match match = TimePattern().Match(text);
        if (!match.Success || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
        {
            return $"parsing time {JsonText.WriteString(text)} as \"{layout}\": cannot parse {JsonText.WriteString(text)} as \"2006\"";
        }

        return micro && match.Groups["fraction"].Length != 7
            ? $"parsing time {JsonText.WriteString(text)} as \"{layout}\": cannot parse {JsonText.WriteString(text[match.Groups["zone"].Index..])} as \".000000\""
            : null;
    }

    /// <summary>The values of a Secret's data and a ConfigMap's binaryData are bytes in base64.</summary>
    private static string? Bytes(ObjectShape shape, JsonObject document)
    {
        JsonObject? entries = shape.Name switch { "Secret" => document.Child("data"), "ConfigMap" => document.Child("binaryData"), _ => null };
        foreach ((_, JsonNode? value) in entries ?? [])
        {
            string text = value.AsText() ?? "";
            int bad = text.AsSpan().IndexOfAnyExcept(Base64);
            if (bad >= 0)
            {
                return $"illegal base64 data at input byte {bad}";
            }

            if (!Convert.TryFromBase64String(text, new byte[text.Length], out _))
            {
                return $"illegal base64 data at input byte {text.Length / 4 * 4}";
            }
        }

        return null;
    }

    [GeneratedRegex(@"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex QuantityPattern();

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?<fraction>\.\d+)?(?<zone>Z|[+-]\d{2}:\d{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimePattern();
}
