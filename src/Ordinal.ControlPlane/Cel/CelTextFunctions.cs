using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Cel;

/// <summary>
/// Functions of strings. Positions count code points. Regular expressions run in time linear in the text, as RE2's do; what RE2 has
/// and .NET has not (<c>\z</c> aside, <c>\pN</c> in short form, <c>(?U)</c>) is an error.
/// </summary>
internal static class CelTextFunctions
{
    // Rules come from CRDs and are few; a pattern that comes from data is not kept.
    private const int MostPatterns = 1000;

    private static readonly ConcurrentDictionary<string, Regex> Patterns = new(StringComparer.Ordinal);

    /// <summary>Calls a function; null when it is none of these or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("contains", [CelText text, CelText part]) => CelBool.Of(text.Value.Contains(part.Value, StringComparison.Ordinal)),
        ("startsWith", [CelText text, CelText part]) => CelBool.Of(text.Value.StartsWith(part.Value, StringComparison.Ordinal)),
        ("endsWith", [CelText text, CelText part]) => CelBool.Of(text.Value.EndsWith(part.Value, StringComparison.Ordinal)),
        ("matches", [CelText text, CelText pattern]) => With(pattern.Value, regex => CelBool.Of(regex.IsMatch(text.Value))),
        ("find", [CelText text, CelText pattern]) => With(pattern.Value, regex => new CelText(regex.Match(text.Value).Value)),
        ("findAll", [CelText text, CelText pattern]) => With(pattern.Value, regex => FindAll(regex, text.Value, -1)),
        ("findAll", [CelText text, CelText pattern, CelInt most]) => With(pattern.Value, regex => FindAll(regex, text.Value, most.Value)),
        ("lowerAscii", [CelText text]) => new CelText(string.Concat(text.Value.Select(c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c))),
        ("upperAscii", [CelText text]) => new CelText(string.Concat(text.Value.Select(c => char.IsAsciiLetterLower(c) ? (char)(c & ~0x20) : c))),
        ("trim", [CelText text]) => new CelText(text.Value.Trim()),
        ("charAt", [CelText text, CelInt at]) => CharAt(text.Value.EnumerateRunes().ToArray(), at.Value),
        ("indexOf", [CelText text, CelText part]) => IndexOf(text.Value, part.Value, 0),
        ("indexOf", [CelText text, CelText part, CelInt from]) => IndexOf(text.Value, part.Value, from.Value),
        ("lastIndexOf", [CelText text, CelText part]) => LastIndexOf(text.Value, part.Value, null),
        ("lastIndexOf", [CelText text, CelText part, CelInt from]) => LastIndexOf(text.Value, part.Value, from.Value),
        ("substring", [CelText text, CelInt from]) => Substring(text.Value, from.Value, null),
        ("substring", [CelText text, CelInt from, CelInt to]) => Substring(text.Value, from.Value, to.Value),
        ("replace", [CelText text, CelText old, CelText with]) => new CelText(Replace(text.Value, old.Value, with.Value, -1)),
        ("replace", [CelText text, CelText old, CelText with, CelInt most]) => new CelText(Replace(text.Value, old.Value, with.Value, most.Value)),
        ("split", [CelText text, CelText separator]) => Split(text.Value, separator.Value, -1),
        ("split", [CelText text, CelText separator, CelInt most]) => Split(text.Value, separator.Value, most.Value),
        ("join", [CelList list]) => Join(list, ""),
        ("join", [CelList list, CelText separator]) => Join(list, separator.Value),
        ("strings.quote", [CelText text]) => new CelText(Quote(text.Value)),
        _ => null,
    };

    /// <summary>Makes a matcher for a pattern in RE2's syntax.</summary>
    /// <exception cref="ArgumentException">The pattern is not understood.</exception>
    /// <exception cref="NotSupportedException">The pattern needs backtracking.</exception>
    public static Regex Matcher(string pattern)
    {
        if (Patterns.TryGetValue(pattern, out Regex? known))
        {
            return known;
        }

        // RE2's $ is the end of the text; .NET's may be before a last line feed.
        var matcher = new Regex(EndOfText(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        if (Patterns.Count < MostPatterns)
        {
            Patterns.TryAdd(pattern, matcher);
        }

        return matcher;
    }

    private static string EndOfText(string pattern)
    {
        if (!pattern.Contains('$', StringComparison.Ordinal) || pattern.Contains("(?m", StringComparison.Ordinal))
        {
            return pattern;
        }

        var result = new StringBuilder();
        bool isClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\' when i + 1 < pattern.Length:
                    result.Append(pattern[i++]);
                    break;
                case '[':
                    isClass = true;
                    break;
                case ']':
                    isClass = false;
                    break;
                case '$' when !isClass:
                    result.Append("\\z");
                    continue;
            }

            result.Append(pattern[i]);
        }

        return result.ToString();
    }

    private static CelValue With(string pattern, Func<Regex, CelValue> use)
    {
        try
        {
            return use(Matcher(pattern));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return new CelError($"error parsing regexp: {e.Message}");
        }
    }

    private static CelList FindAll(Regex regex, string text, long most) =>
        new([.. regex.Matches(text).Take(most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue)).Select(m => new CelText(m.Value))]);

    private static CelError OutOfRange(long index) => new(string.Create(CultureInfo.InvariantCulture, $"index out of range: {index}"));

    private static string Text(ReadOnlySpan<Rune> runes)
    {
        var text = new StringBuilder();
        foreach (Rune rune in runes)
        {
            text.Append(rune);
        }

        return text.ToString();
    }

    private static CelValue CharAt(Rune[] runes, long at) =>
        at < 0 || at > runes.Length ? OutOfRange(at) : new CelText(at == runes.Length ? "" : runes[at].ToString());

    private static CelValue IndexOf(string text, string part, long from)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        Rune[] wanted = [.. part.EnumerateRunes()];
        if (from < 0 || from > runes.Length)
        {
            return part.Length == 0 && from >= 0 ? new CelInt(from) : OutOfRange(from);
        }

        int found = runes.AsSpan((int)from).IndexOf(wanted);
        return new CelInt(found < 0 ? -1 : found + from);
    }

    private static CelValue LastIndexOf(string text, string part, long? from)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        Rune[] wanted = [.. part.EnumerateRunes()];
        if (from is < 0 || from > runes.Length)
        {
            return OutOfRange(from.Value);
        }

        if (wanted.Length == 0)
        {
            return new CelInt(from ?? runes.Length);
        }

        int end = from is { } start ? (int)Math.Min(runes.Length, start + wanted.Length) : runes.Length;
        return new CelInt(runes.AsSpan(0, end).LastIndexOf(wanted));
    }

    private static CelValue Substring(string text, long from, long? to)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        long end = to ?? runes.Length;
        if (from < 0 || from > runes.Length)
        {
            return OutOfRange(from);
        }

        return end < 0 || end > runes.Length ? OutOfRange(end)
            : from > end ? new CelError(string.Create(CultureInfo.InvariantCulture, $"invalid substring range. start: {from}, end: {end}"))
            : new CelText(Text(runes.AsSpan((int)from, (int)(end - from))));
    }

    private static string Replace(string text, string old, string with, long most)
    {
        if (most < 0 && old.Length > 0)
        {
            return text.Replace(old, with, StringComparison.Ordinal);
        }

        var result = new StringBuilder();
        int at = 0;
        for (long done = 0; done != most && at <= text.Length; done++)
        {
            int found = old.Length == 0 ? at : text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            result.Append(text, at, found - at).Append(with);
            at = found + old.Length;
            if (old.Length == 0)
            {
                if (at == text.Length)
                {
                    return result.ToString();
                }

                int length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
                result.Append(text, at, length);
                at += length;
            }
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static CelList Split(string text, string separator, long most)
    {
        if (most == 0)
        {
            return new CelList([]);
        }

        int count = most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue);
        IEnumerable<string> parts;
        if (separator.Length > 0)
        {
            parts = text.Split(separator, count);
        }
        else
        {
            Rune[] runes = [.. text.EnumerateRunes()];
            parts = runes.Length <= count ? runes.Select(r => r.ToString()) : [.. runes.Take(count - 1).Select(r => r.ToString()), Text(runes.AsSpan(count - 1))];
        }

        return new CelList([.. parts.Select(p => new CelText(p))]);
    }

    private static CelText? Join(CelList list, string separator) =>
        list.Items.All(i => i is CelText) ? new CelText(string.Join(separator, list.Items.Select(i => ((CelText)i).Value))) : null;

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            int at = "\a\b\f\n\r\t\v\\\"".IndexOf(c, StringComparison.Ordinal);
            quoted.Append(at < 0 ? c.ToString() : "\\" + "abfnrtv\\\""[at]);
        }

        return quoted.Append('"').ToString();
    }
}
