using System.Buffers.Binary;
using System.Text;

namespace Ordinal.ControlPlane.Text;

/// <summary>
/// As <see cref="TextPool"/>, for texts that are UTF-8 yet: the names of fields, and the words and names that stand in every version of an object, are found
/// without a string being made of them first. It forgets by itself; a race only misses a chance to share. Texts beyond ASCII are not shared.
/// </summary>
internal static class Utf8Pool
{
    /// <summary>The longest text that is kept, in bytes.</summary>
    public const int Longest = 40;

    private const int Places = 8 * 1024;
    private static readonly string?[] Known = new string?[Places];

    /// <summary>Gets an equal string that may be an older one.</summary>
    /// <param name="text">Valid UTF-8 of at most <see cref="Longest"/> bytes, without escapes.</param>
    public static string Share(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return "";
        }

        ref string? place = ref Known[PlaceOf(text)];
        string? known = Volatile.Read(ref place);
        if (known is not null && Ascii.Equals(text, known))
        {
            return known;
        }

        string made = Encoding.UTF8.GetString(text);
        Volatile.Write(ref place, made);
        return made;
    }

    /// <summary>Every byte counts, eight at a time; names that are numbered at their end fall on different places.</summary>
    private static uint PlaceOf(ReadOnlySpan<byte> text)
    {
        const ulong Odd = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)text.Length;
        while (text.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text)) * Odd;
            hash ^= hash >> 32;
            text = text[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (byte each in text)
        {
            rest = (rest << 8) | each;
        }

        hash = (hash ^ rest) * Odd;
        return (uint)(hash >> 32) % Places;
    }
}
