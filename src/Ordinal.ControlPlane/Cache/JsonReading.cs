using System.Globalization;
using System.Text.Json;

namespace Ordinal.ControlPlane.Cache;

/// <summary>
/// Tolerant readers over a document: what is missing, null or of another type reads as "not there", because a document may come
/// from any version of any API server.
/// </summary>
public static class JsonReading
{
    /// <summary>Gets the element at a path of member names; the default (Undefined) element when any step is missing.</summary>
    public static JsonElement At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string step in path)
        {
            if (element.ValueKind is not JsonValueKind.Object || !element.TryGetProperty(step, out element))
            {
                return default;
            }
        }

        return element.ValueKind is JsonValueKind.Null ? default : element;
    }

    /// <summary>Gets the text at a path, or null.</summary>
    public static string? TextAt(this JsonElement element, params ReadOnlySpan<string> path)
    {
        JsonElement found = element.At(path);
        return found.ValueKind is JsonValueKind.String ? found.GetString() : null;
    }

    /// <summary>Gets the whole number at a path, or null.</summary>
    public static long? NumberAt(this JsonElement element, params ReadOnlySpan<string> path)
    {
        JsonElement found = element.At(path);
        return found.ValueKind is JsonValueKind.Number && found.TryGetInt64(out long value) ? value : null;
    }

    /// <summary>Gets the boolean at a path, or null.</summary>
    public static bool? FlagAt(this JsonElement element, params ReadOnlySpan<string> path) => element.At(path).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>Gets the instant (RFC 3339) at a path, or null.</summary>
    public static DateTimeOffset? TimeAt(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.TextAt(path) is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>Gets the items of the array at a path; empty when there is none.</summary>
    public static IEnumerable<JsonElement> ItemsAt(this JsonElement element, params ReadOnlySpan<string> path)
    {
        JsonElement found = element.At(path);
        return found.ValueKind is JsonValueKind.Array ? found.EnumerateArray() : [];
    }

    /// <summary>Gets the string members of the object at a path (labels, annotations), sorted by name.</summary>
    public static SortedDictionary<string, string> MapAt(this JsonElement element, params ReadOnlySpan<string> path)
    {
        SortedDictionary<string, string> map = new(StringComparer.Ordinal);
        JsonElement found = element.At(path);
        if (found.ValueKind is JsonValueKind.Object)
        {
            foreach (JsonProperty member in found.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.String)
                {
                    map[member.Name] = member.Value.GetString()!;
                }
            }
        }

        return map;
    }
}
