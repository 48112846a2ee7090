namespace Ordinal.ControlPlane.Text;

/// <summary>
/// Gives one string for equal texts that were met lately. A cluster has the same names, uids and words in every version of an object and in all events
/// about it. It forgets by itself: each place holds the last text that fell on it. Safe from any thread; a race only misses a chance to share.
/// </summary>
internal static class TextPool
{
    private const int Places = 16 * 1024;
    private const int Longest = 128;
    private static readonly string?[] Known = new string?[Places];

    /// <summary>Gets an equal string that may be an older one.</summary>
    public static string Share(string text)
    {
        if (text.Length is 0 or > Longest)
        {
            return text;
        }

        ref string? place = ref Known[(uint)string.GetHashCode(text.AsSpan(), StringComparison.Ordinal) % Places];
        string? known = Volatile.Read(ref place);
        if (known == text)
        {
            return known;
        }

        Volatile.Write(ref place, text);
        return text;
    }
}
