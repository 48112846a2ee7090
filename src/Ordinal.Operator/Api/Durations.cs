using System.Globalization;

namespace Ordinal.Operator.Api;

/// <summary>
/// Durations as Gateway API writes them (GEP-2257): <c>1h30m</c>, <c>10s</c>, <c>500ms</c>. Not <c>format: duration</c>, which the
/// API server accepts in more shapes than any parser on the other side does.
/// </summary>
public static class Durations
{
    /// <summary>Longest text that the schema takes (see <see cref="Runtime.Entities.DurationAttribute"/>).</summary>
    private const int MaxLength = 20;

    /// <summary>Reads a duration; false when the text is none. Never negative.</summary>
    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        var rest = text.AsSpan();
        for (var part = 0; rest.Length > 0; part++)
        {
            var digits = 0;
            while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
            {
                digits++;
            }

            if (part == 4 || digits is 0 or > 5)
            {
                return false;
            }

            var number = int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var unit = rest.StartsWith("ms", StringComparison.Ordinal) ? 2 : Math.Min(1, rest.Length);
            TimeSpan? length = rest[..unit] switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                _ => null,
            };
            if (length is null)
            {
                return false;
            }

            value += length.Value;
            rest = rest[unit..];
        }

        return true;
    }

    /// <summary>Writes a duration for people: <c>1h30m</c>, <c>10s</c>, <c>0s</c>. Parts below a second are dropped from a second up.</summary>
    public static string Format(TimeSpan value)
    {
        if (value < TimeSpan.FromSeconds(1))
        {
            return value <= TimeSpan.Zero ? "0s" : string.Create(CultureInfo.InvariantCulture, $"{(int)value.TotalMilliseconds}ms");
        }

        var text = "";
        var hours = (long)value.TotalHours;
        text += hours > 0 ? string.Create(CultureInfo.InvariantCulture, $"{hours}h") : "";
        text += value.Minutes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{value.Minutes}m") : "";
        text += value.Seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{value.Seconds}s") : "";
        return text;
    }
}
