using System.Globalization;

namespace Ordinal.Core.Planning;

/// <summary>How numbers read in messages.</summary>
internal static class Text
{
    /// <summary>Writes a time of the day with its date, in UTC: <c>2026-09-14 09:00 UTC</c>.</summary>
    internal static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>Writes a duration as Go does, in whole seconds: <c>45s</c>, <c>10m0s</c>, <c>2h5m0s</c>.</summary>
    internal static string Of(TimeSpan duration)
    {
        var seconds = (long)Math.Max(0, Math.Floor(duration.TotalSeconds));
        var (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        return (hours, minutes) switch
        {
            (0, 0) => string.Create(CultureInfo.InvariantCulture, $"{rest}s"),
            (0, _) => string.Create(CultureInfo.InvariantCulture, $"{minutes}m{rest}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{hours}h{minutes}m{rest}s"),
        };
    }
}
