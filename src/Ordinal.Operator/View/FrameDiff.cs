using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Ordinal.Operator.View;

/// <summary>
/// Turns one frame into the next with as few characters as possible: only lines that changed are written, so nothing flickers.
/// The cursor rests on the line below the frame. Pure but for the frame that it remembers.
/// </summary>
public sealed class FrameDiff
{
    private ImmutableArray<string> _shown = [];

    /// <summary>Returns what to write to the terminal. Frames must be lower than the screen.</summary>
    public string Next(ImmutableArray<string> frame)
    {
        var output = new StringBuilder();
        if (_shown.Length > 0)
        {
            output.Append(CultureInfo.InvariantCulture, $"\e[{_shown.Length}A");
        }

        for (var i = 0; i < Math.Max(frame.Length, _shown.Length); i++)
        {
            var (before, after) = (i < _shown.Length ? _shown[i] : null, i < frame.Length ? frame[i] : "");
            if (before != after)
            {
                // Clear to the end first, then write: a terminal that wraps late would else clear the last character.
                output.Append("\r\e[K").Append(after);
            }

            output.Append("\r\n");
        }

        if (_shown.Length > frame.Length)
        {
            // The frame shrank: its old last lines are empty now, and the cursor goes up to where the new one ends.
            output.Append(CultureInfo.InvariantCulture, $"\e[{_shown.Length - frame.Length}A");
        }

        var isSame = _shown.SequenceEqual(frame);
        _shown = frame;
        return isSame && frame.Length > 0 ? "" : output.ToString();
    }
}
