using System.Collections.Immutable;

namespace Ordinal.Operator.View;

/// <summary>How a frame is drawn.</summary>
/// <param name="Width">Characters a line; longer lines are cut, never wrapped.</param>
/// <param name="Glyphs">The characters of the tree.</param>
/// <param name="HasColor">Whether escape sequences for colour may be used.</param>
public sealed record RenderOptions(int Width, Glyphs Glyphs, bool HasColor);

/// <summary>Draws a <see cref="TreeModel"/> as lines. Pure.</summary>
public static class TreeRenderer
{
    private static readonly ImmutableArray<string> Titles = ["NAME", "KIND", "STATUS", "REV", "READY", "AGE", "INFO"];

    /// <summary>Returns the lines of one frame, without line ends.</summary>
    public static ImmutableArray<string> Render(TreeModel model, RenderOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var lines = new List<StyledLine>();
        var nameWidth = model.Header.Select(h => h.Name.Length).DefaultIfEmpty(0).Max() + 2;
        foreach (var header in model.Header)
        {
            lines.Add(new StyledLine().Add(header.Name.PadRight(nameWidth), Style.Title).Add(header.Text));
        }

        if (lines.Count > 0)
        {
            lines.Add(new StyledLine());
        }

        Tree(model, options.Glyphs, lines);
        if (!model.Events.IsEmpty)
        {
            Events(model.Events, lines);
        }

        if (model.Footer.Length > 0)
        {
            var rule = string.Concat(Enumerable.Repeat(options.Glyphs.Rule, Math.Max(2, Math.Min(options.Width, 100) - model.Footer.Length - 2)));
            lines.Add(new StyledLine().Add(rule, Style.Faint).Add("  " + model.Footer));
        }

        return [.. lines.Select(l => l.ToText(options.Width, options.HasColor, options.Glyphs.Ellipsis))];
    }

    private static void Tree(TreeModel model, Glyphs glyphs, List<StyledLine> lines)
    {
        var rows = new List<(string Prefix, TreeNode Node)>();
        foreach (var root in model.Roots)
        {
            Walk(root, glyphs.Of(root.Mark) + " ", "", glyphs, rows);
        }

        if (rows.Count == 0)
        {
            return;
        }

        string[][] cells = [.. rows.Select(r => (string[])[r.Prefix + r.Node.Name, r.Node.Kind, r.Node.Status, r.Node.Revision, r.Node.Ready, r.Node.Age, r.Node.Info])];
        int[] widths = [.. Enumerable.Range(0, Titles.Length).Select(c => Math.Max(Titles[c].Length, cells.Max(row => row[c].Length)) + 2)];
        var title = new StyledLine();
        for (var c = 0; c < Titles.Length; c++)
        {
            title.Add(Titles[c].PadRight(widths[c]), Style.Title);
        }

        lines.Add(title);
        for (var r = 0; r < rows.Count; r++)
        {
            var (style, line) = (StyleOf(rows[r].Node.Mark), new StyledLine());
            for (var c = 0; c < Titles.Length; c++)
            {
                line.Add(cells[r][c].PadRight(widths[c]), c is 0 or 2 ? style : c == 5 ? Style.Faint : Style.Plain);
            }

            lines.Add(line);
        }
    }

    private static void Walk(TreeNode node, string prefix, string below, Glyphs glyphs, List<(string Prefix, TreeNode Node)> rows)
    {
        rows.Add((prefix, node));
        for (var i = 0; i < node.Children.Length; i++)
        {
            var (child, isLast) = (node.Children[i], i == node.Children.Length - 1);
            // A heading such as "gates" has no state of its own and no icon.
            var icon = child.Kind.Length == 0 ? "" : glyphs.Of(child.Mark) + " ";
            Walk(child, below + (isLast ? glyphs.LastBranch : glyphs.Branch) + icon, below + (isLast ? "   " : glyphs.Bar), glyphs, rows);
        }
    }

    private static void Events(ImmutableArray<EventLine> events, List<StyledLine> lines)
    {
        lines.Add(new StyledLine());
        lines.Add(new StyledLine().Add($"EVENTS (last {events.Length})", Style.Title));
        int[] widths = [events.Max(e => e.Age.Length) + 2, events.Max(e => e.Type.Length) + 2, events.Max(e => e.Reason.Length) + 2, events.Max(e => e.About.Length) + 2];
        foreach (var e in events)
        {
            lines.Add(new StyledLine()
                .Add(e.Age.PadRight(widths[0]), Style.Faint)
                .Add(e.Type.PadRight(widths[1]), e.Type == "Warning" ? Style.Bad : Style.Plain)
                .Add(e.Reason.PadRight(widths[2]))
                .Add(e.About.PadRight(widths[3]))
                .Add(e.Message));
        }
    }

    private static Style StyleOf(Mark mark) => mark switch
    {
        Mark.Good => Style.Good,
        Mark.Busy => Style.Busy,
        Mark.Waiting => Style.Faint,
        Mark.Bad => Style.Bad,
    };
}
