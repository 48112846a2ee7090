using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>One finding of the compiler.</summary>
/// <param name="Position">Offset in the source.</param>
/// <param name="Message">What is wrong.</param>
internal sealed record CelIssue(int Position, string Message);

/// <summary>An expression does not compile; the message shows each finding under its line, as cel-go does.</summary>
internal sealed class CelCompilationException(string message) : Exception(message)
{
    /// <summary>Makes the exception for some findings.</summary>
    public static CelCompilationException Of(string source, IEnumerable<CelIssue> issues) =>
        new(string.Join('\n', issues.OrderBy(i => i.Position).Select(i => CelSource.Describe(source, i))));
}

/// <summary>Shows where in an expression something is wrong.</summary>
internal static class CelSource
{
    /// <summary>Writes a finding with the line that it is in and a pointer below it.</summary>
    public static string Describe(string source, CelIssue issue)
    {
        int position = Math.Min(issue.Position, source.Length);
        int lineStart = position == 0 ? 0 : source.LastIndexOf('\n', position - 1) + 1;
        int lineEnd = source.IndexOf('\n', lineStart);
        string line = (lineEnd < 0 ? source[lineStart..] : source[lineStart..lineEnd]).Replace('\t', ' ');
        int column = source[lineStart..position].EnumerateRunes().Count();
        int number = 1 + source[..lineStart].Count(c => c == '\n');
        var pointer = new StringBuilder();
        foreach (Rune rune in line.EnumerateRunes().Take(column))
        {
            pointer.Append(rune.IsAscii ? '.' : '．');
        }

        bool isWide = line.EnumerateRunes().Skip(column).FirstOrDefault() is { IsAscii: false };
        return string.Create(CultureInfo.InvariantCulture, $"ERROR: <input>:{number}:{column + 1}: {issue.Message}\n | {line}\n | {pointer}{(isWide ? '＾' : '^')}");
    }
}
