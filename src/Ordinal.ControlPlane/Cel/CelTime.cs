using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Durations and times as Go reads and writes them.</summary>
internal static partial class CelTime
{
    private const long Second = 1_000_000_000;
    private const long EarliestSecond = -62135596800;
    private const long LatestSecond = 253402300799;

    /// <summary>Parses <c>1h30m</c>, <c>-1.5s</c>, <c>0</c>; null when it is none or does not fit.</summary>
    public static CelDuration? ParseDuration(string text)
    {
        string digits = text.TrimStart('+', '-');
        if (text.Length - digits.Length > 1)
        {
            return null;
        }

        if (digits == "0")
        {
            return new CelDuration(0);
        }

        Match match = DurationPattern().Match(digits);
        if (!match.Success)
        {
            return null;
        }

        decimal total = 0;
        for (int i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            string number = match.Groups["number"].Captures[i].Value;
            long unit = match.Groups["unit"].Captures[i].Value switch
            {
                "ns" => 1,
                "us" or "µs" or "μs" => 1_000,
                "ms" => 1_000_000,
                "s" => Second,
                "m" => 60 * Second,
                _ => 3600 * Second,
            };
            if (number.Length > 25 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal parsed) || parsed > long.MaxValue)
            {
                return null;
            }

            total += Math.Truncate(parsed * unit);
            if (total > long.MaxValue)
            {
                return null;
            }
        }

        return new CelDuration(text[0] == '-' ? -(long)total : (long)total);
    }

    /// <summary>Parses a time of RFC 3339; a date alone is its midnight. Null when it is none.</summary>
    public static CelTimestamp? ParseTimestamp(string text)
    {
        Match match = TimestampPattern().Match(text);
        string whole = match.Success ? match.Groups["date"].Value + match.Groups["zone"].Value.ToUpperInvariant() : text + "T00:00:00Z";
        if ((!match.Success && !DatePattern().IsMatch(text))
            || !DateTimeOffset.TryParse(whole, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            return null;
        }

        string fraction = match.Groups["fraction"].Value.TrimStart('.');
        int nanoseconds = fraction.Length == 0 ? 0 : int.Parse(fraction.PadRight(9, '0')[..9], CultureInfo.InvariantCulture);
        return new CelTimestamp(time.ToUnixTimeSeconds(), nanoseconds);
    }

    /// <summary>Adds nanoseconds to a time; null when the result has no year of four digits.</summary>
    public static CelTimestamp? Add(CelTimestamp time, Int128 nanoseconds)
    {
        Int128 total = ((Int128)time.Seconds * Second) + time.Nanoseconds + nanoseconds;
        Int128 seconds = total >= 0 ? total / Second : (total - Second + 1) / Second;
        return seconds < EarliestSecond || seconds > LatestSecond ? null : new CelTimestamp((long)seconds, (int)(total - (seconds * Second)));
    }

    /// <summary>Gets the time between two times; null when it does not fit.</summary>
    public static CelDuration? Between(CelTimestamp later, CelTimestamp earlier)
    {
        Int128 nanoseconds = (((Int128)later.Seconds - earlier.Seconds) * Second) + later.Nanoseconds - earlier.Nanoseconds;
        return nanoseconds < long.MinValue || nanoseconds > long.MaxValue ? null : new CelDuration((long)nanoseconds);
    }

    /// <summary>Writes a duration as CEL does: in seconds.</summary>
    public static string Write(CelDuration duration)
    {
        decimal seconds = (decimal)duration.Nanoseconds / Second;
        return seconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";
    }

    /// <summary>Writes a time as RFC 3339, in UTC.</summary>
    public static string Write(CelTimestamp time)
    {
        var text = new StringBuilder(DateTimeOffset.FromUnixTimeSeconds(time.Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        if (time.Nanoseconds > 0)
        {
            text.Append('.').Append(time.Nanoseconds.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0'));
        }

        return text.Append('Z').ToString();
    }

    /// <summary>Gets a time in a zone: a name, an offset such as <c>-08:00</c>, or empty for UTC; null when there is no such zone.</summary>
    public static DateTimeOffset? In(CelTimestamp time, string zone)
    {
        DateTimeOffset utc = DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanoseconds / 100);
        if (zone.Length == 0 || zone == "UTC")
        {
            return utc;
        }

        Match offset = OffsetPattern().Match(zone);
        if (offset.Success)
        {
            var shift = new TimeSpan(int.Parse(offset.Groups[2].Value, CultureInfo.InvariantCulture), int.Parse(offset.Groups[3].Value, CultureInfo.InvariantCulture), 0);
            return shift > TimeSpan.FromHours(14) ? null : utc.ToOffset(offset.Groups[1].Value == "-" ? -shift : shift);
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found) ? TimeZoneInfo.ConvertTime(utc, found) : null;
    }

    [GeneratedRegex(@"\A(?:(?<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?<unit>ns|us|µs|μs|ms|s|m|h))+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"\A(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?<fraction>\.[0-9]+)?(?<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex TimestampPattern();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex DatePattern();

    [GeneratedRegex(@"\A([+-]?)([0-9]{1,2}):([0-9]{2})\z")]
    private static partial Regex OffsetPattern();
}
