using System.Globalization;

namespace Ordinal.Core.Planning;

/// <summary>How times read in messages.</summary>
internal static class Text
{
    /// <summary>Writes a time of the day with its date, in UTC: <c>2026-09-14 09:00 UTC</c>.</summary>
    internal static TimeText Of(DateTimeOffset time) => new(time);

    /// <summary>Writes a duration as Go does, in whole seconds: <c>45s</c>, <c>10m0s</c>, <c>2h5m0s</c>.</summary>
    internal static DurationText Of(TimeSpan duration) => new(duration);
}

/// <summary>A point in time as messages write it; formats itself, so that it costs no string of its own.</summary>
internal readonly record struct TimeText(DateTimeOffset Time) : ISpanFormattable
{
    private const string Format = "yyyy-MM-dd HH:mm 'UTC'";

    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Time.UtcDateTime.TryFormat(destination, out charsWritten, Format, CultureInfo.InvariantCulture);

    public string ToString(string? format, IFormatProvider? formatProvider) => Time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public override string ToString() => ToString(null, null);
}

/// <summary>A duration as messages write it. <see cref="Words"/> write it without a string of its own.</summary>
internal readonly record struct DurationText(TimeSpan Duration)
{
    /// <summary>Gets whole hours, minutes and seconds; a negative duration is none.</summary>
    public (long Hours, long Minutes, long Seconds) Parts
    {
        get
        {
            var seconds = (long)Math.Max(0, Math.Floor(Duration.TotalSeconds));
            return (seconds / 3600, seconds / 60 % 60, seconds % 60);
        }
    }

    public override string ToString() => Parts switch
    {
        (0, 0, var seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
        (0, var minutes, var seconds) => string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds}s"),
        var (hours, minutes, seconds) => string.Create(CultureInfo.InvariantCulture, $"{hours}h{minutes}m{seconds}s"),
    };
}
