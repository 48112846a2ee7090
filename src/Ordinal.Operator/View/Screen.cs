namespace Ordinal.Operator.View;

/// <summary>What a terminal can do, decided once from the environment and the flags.</summary>
/// <param name="IsAnimated">Whether frames may be redrawn in place: a terminal, and nobody asked for plain text.</param>
public sealed record ScreenAbilities(bool IsAnimated, bool HasColor, Glyphs Glyphs)
{
    // The order in which the C library looks.
    private static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"];

    /// <summary>Decides.</summary>
    /// <param name="isRedirected">Whether standard output is no terminal.</param>
    /// <param name="variable">Reads an environment variable: NO_COLOR, TERM, CI, LANG, LC_ALL, LC_CTYPE.</param>
    /// <param name="wantsAscii"><c>--ascii</c>.</param>
    public static ScreenAbilities Decide(bool isRedirected, Func<string, string?> variable, bool wantsAscii)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var isDumb = variable("TERM") is null or "" or "dumb";
        var isAnimated = !isRedirected && !isDumb && string.IsNullOrEmpty(variable("CI"));
        var locale = LocaleVariables.Select(variable).FirstOrDefault(v => !string.IsNullOrEmpty(v)) ?? "";
        // The default locale of a bare machine is "C": its terminal may still show Unicode, but only the user can say so.
        var isUnicode = locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase);
        return new ScreenAbilities(
            isAnimated,
            isAnimated && string.IsNullOrEmpty(variable("NO_COLOR")),
            wantsAscii || isDumb || !isUnicode ? Glyphs.Ascii : Glyphs.Unicode);
    }
}

/// <summary>
/// Shows pictures: as a tree that is redrawn in place at most every 200 ms, or as one line a change where there is no terminal.
/// Other lines may be printed in between; they stay above the tree. Not safe for concurrent use.
/// </summary>
public sealed class Screen(TextWriter output, ScreenAbilities abilities, Func<(int Width, int Height)> size, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(200);
    private readonly ChangeLog _changes = new();
    private FrameDiff _frames = new();
    private long? _drawn;

    /// <summary>Shows a picture, unless the last one was drawn less than 200 ms ago.</summary>
    /// <param name="isLast">Draws whatever the time, because nothing comes after it.</param>
    public void Show(ClusterPicture picture, string footer, bool isLast = false)
    {
        if (!abilities.IsAnimated)
        {
            foreach (var line in _changes.Next(picture, time.GetUtcNow()))
            {
                output.WriteLine(line);
            }

            return;
        }

        if (!isLast && _drawn is { } drawn && time.GetElapsedTime(drawn) < Redraw)
        {
            return;
        }

        _drawn = time.GetTimestamp();
        var (width, height) = size();
        var frame = TreeRenderer.Render(TreeBuilder.Build(picture, time.GetUtcNow(), footer), new RenderOptions(width - 1, abilities.Glyphs, abilities.HasColor));
        // A frame higher than the screen would scroll, and could not be found again.
        output.Write(_frames.Next(frame.Length < height ? frame : frame[..Math.Max(1, height - 1)]));
        output.Flush();
    }

    /// <summary>Lets the tree that was drawn last stay on the screen; what is printed next comes below it.</summary>
    public void Keep() => _frames = new FrameDiff();

    /// <summary>Prints a line that stays; the tree goes on below it.</summary>
    public void Say(string line)
    {
        if (abilities.IsAnimated)
        {
            output.Write(_frames.Next([]));
            _frames = new FrameDiff();
            _drawn = null;
        }

        output.WriteLine(line);
        output.Flush();
    }
}
