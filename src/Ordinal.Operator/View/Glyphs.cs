namespace Ordinal.Operator.View;

/// <summary>The characters of the tree.</summary>
public sealed record Glyphs(string Good, string Busy, string Waiting, string Bad, string Branch, string LastBranch, string Bar, string Rule, string Ellipsis)
{
    /// <summary>For terminals that show Unicode.</summary>
    public static Glyphs Unicode { get; } = new("✔", "◌", "·", "✖", "├──", "└──", "│  ", "─", "…");

    /// <summary>For all others.</summary>
    public static Glyphs Ascii { get; } = new("[ok]", "[..]", "[--]", "[!!]", "|--", "`--", "|  ", "-", "...");

    /// <summary>Returns the icon of a mark.</summary>
    public string Of(Mark mark) => mark switch
    {
        Mark.Good => Good,
        Mark.Busy => Busy,
        Mark.Waiting => Waiting,
        Mark.Bad => Bad,
    };
}
