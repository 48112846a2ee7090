using System.Text;

namespace Ordinal.Operator.View;

/// <summary>What a piece of text is; the terminal decides how that looks.</summary>
internal enum Style
{
    Plain,
    Good,
    Busy,
    Faint,
    Bad,
    Title,
}

/// <summary>One line in pieces. Kept apart from escape sequences until the end, so that it can be cut to a width.</summary>
internal sealed class StyledLine
{
    private readonly List<(string Text, Style Style)> _pieces = [];

    public StyledLine Add(string text, Style style = Style.Plain)
    {
        // Messages come from objects that anybody may have written: no control character may reach the terminal.
        _pieces.Add((new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]), style));
        return this;
    }

    /// <summary>Returns the line, cut to a width in characters, with or without colours.</summary>
    public string ToText(int width, bool hasColor, string ellipsis)
    {
        var length = _pieces.Sum(p => p.Text.Length);
        var left = length > width ? Math.Max(0, width - ellipsis.Length) : length;
        var line = new StringBuilder();
        foreach (var (text, style) in _pieces)
        {
            var part = text.Length <= left ? text : text[..left];
            left -= part.Length;
            var code = hasColor && part.Length > 0 ? Code(style) : "";
            line.Append(code.Length == 0 ? part : $"\e[{code}m{part}\e[0m");
        }

        if (length > width)
        {
            line.Append(ellipsis);
        }

        return line.ToString().TrimEnd();
    }

    private static string Code(Style style) => style switch
    {
        Style.Plain => "",
        Style.Good => "32",
        Style.Busy => "36",
        Style.Faint => "2",
        Style.Bad => "31",
        Style.Title => "1",
    };
}
