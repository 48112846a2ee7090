using System.Text.Json;

namespace Ordinal.Runtime.Client;

/// <summary>
/// Reads JSON that others wrote: what is absent, null or of another type is empty, so one odd object cannot break a list.
/// </summary>
public static class JsonElementExtensions
{
    /// <summary>Returns a member, or an undefined element when this is no object or has no such member.</summary>
    public static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;

    /// <summary>Returns the member at the end of a path of names, or an undefined element.</summary>
    public static JsonElement Member(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            element = element.Member(name);
        }

        return element;
    }

    /// <summary>Returns a text member; empty when it is absent or no text.</summary>
    public static string Text(this JsonElement element, string name) => element.Member(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() ?? "" : "";

    /// <summary>Returns a whole number; <paramref name="otherwise"/> when it is absent or no whole number.</summary>
    public static long WholeNumber(this JsonElement element, string name, long otherwise = 0) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : otherwise;

    /// <summary>Returns whether a member is present and <c>true</c>.</summary>
    public static bool Flag(this JsonElement element, string name) => element.Member(name).ValueKind == JsonValueKind.True;

    /// <summary>Returns a time of RFC 3339; null when it is absent or none.</summary>
    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>Returns the elements of an array; none when this is no array.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : default;
}
