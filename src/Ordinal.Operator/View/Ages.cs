using System.Globalization;

namespace Ordinal.Operator.View;

/// <summary>Writes lengths of time as kubectl does: <c>12s</c>, <c>3m4s</c>, <c>46m</c>, <c>5h</c>, <c>75d</c>.</summary>
internal static class Ages
{
    public static string Of(DateTimeOffset? since, DateTimeOffset now) => since is { } s ? Of(now - s) : "";

    public static string Of(TimeSpan length)
    {
        // A clock that is a little ahead of ours makes an age of less than nothing.
        var seconds = (long)Math.Max(0, length.TotalSeconds);
        return seconds switch
        {
            < 120 => Text(seconds, "s"),
            < 600 when seconds % 60 != 0 => Text(seconds / 60, "m") + Text(seconds % 60, "s"),
            < 3 * 3600 => Text(seconds / 60, "m"),
            < 48 * 3600 => Text(seconds / 3600, "h"),
            _ => Text(seconds / 86400, "d"),
        };
    }

    private static string Text(long number, string unit) => number.ToString(CultureInfo.InvariantCulture) + unit;
}
