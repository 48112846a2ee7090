using System.Globalization;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Reads durations as Go and Kubernetes write them: <c>3s</c>, <c>1m30s</c>, <c>500ms</c>, <c>1.5h</c>.</summary>
public static class GoDuration
{
    private static readonly (string Unit, double Milliseconds)[] Units =
        [("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("ms", 1), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)];

    /// <summary>Reads a duration that is not negative and at most 10,000 hours.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (text == "0")
        {
            return true;
        }

        var milliseconds = 0.0;
        for (var i = 0; i < text.Length;)
        {
            var number = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
            {
                i++;
            }

            var unit = i;
            while (i < text.Length && !char.IsAsciiDigit(text[i]) && text[i] != '.')
            {
                i++;
            }

            var scale = Array.Find(Units, u => u.Unit == text[unit..i]).Milliseconds;
            if (scale == 0 || !double.TryParse(text[number..unit], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            milliseconds += value * scale;
        }

        if (milliseconds > 3.6e10)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }
}
