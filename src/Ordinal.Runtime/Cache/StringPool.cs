using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ordinal.Runtime.Cache;

/// <summary>
/// Keeps one copy of each text that repeats across objects (namespaces, nodes, revisions, label values). Not thread-safe: each
/// reflector has its own.
/// </summary>
public sealed class StringPool
{
    /// <summary>Past this many texts the pool starts over; what is in use stays in use, only sharing is lost.</summary>
    private const int Capacity = 65_536;

    private readonly HashSet<string> texts = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    /// <summary>Creates an empty pool.</summary>
    public StringPool() => lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Returns the pool's copy of a text.</summary>
    public string Intern(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return "";
        }

        if (lookup.TryGetValue(text, out var known))
        {
            return known;
        }

        if (texts.Count >= Capacity)
        {
            texts.Clear();
        }

        var copy = text.ToString();
        texts.Add(copy);
        return copy;
    }

    /// <summary>Returns the pool's copy of a JSON text without making a copy of a known one; empty when the element is no text.</summary>
    public string Intern(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return "";
        }

        var raw = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        if (raw.Contains((byte)'\\'))
        {
            return Intern(element.GetString());
        }

        if (raw.Length > 256)
        {
            return element.GetString() ?? "";
        }

        Span<char> characters = stackalloc char[raw.Length];
        return Intern(characters[..Encoding.UTF8.GetChars(raw, characters)]);
    }

    /// <summary>Returns the pool's copy of a text member; empty when there is none.</summary>
    public string Intern(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? Intern(member) : "";
}
