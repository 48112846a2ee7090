namespace Ordinal.ControlPlane.Cel;

/// <summary>The parts of times and durations.</summary>
internal static class CelTimeFunctions
{
    private const long Second = 1_000_000_000;

    /// <summary>Calls a function; null when it is none of these or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => arguments switch
    {
        [CelDuration duration] => Part(function, duration),
        [CelTimestamp time] => Part(function, time, ""),
        [CelTimestamp time, CelText zone] => Part(function, time, zone.Value),
        _ => null,
    };

    private static CelInt? Part(string function, CelDuration duration) => function switch
    {
        "getHours" => new CelInt(duration.Nanoseconds / (3600 * Second)),
        "getMinutes" => new CelInt(duration.Nanoseconds / (60 * Second)),
        "getSeconds" => new CelInt(duration.Nanoseconds / Second),
        "getMilliseconds" => new CelInt(duration.Nanoseconds / 1_000_000),
        _ => null,
    };

    private static CelValue? Part(string function, CelTimestamp time, string zone)
    {
        if (CelTime.In(time, zone) is not { } local)
        {
            return new CelError($"unknown time zone {zone}");
        }

        return function switch
        {
            "getFullYear" => new CelInt(local.Year),
            "getMonth" => new CelInt(local.Month - 1),
            "getDate" => new CelInt(local.Day),
            "getDayOfMonth" => new CelInt(local.Day - 1),
            "getDayOfWeek" => new CelInt((int)local.DayOfWeek),
            "getDayOfYear" => new CelInt(local.DayOfYear - 1),
            "getHours" => new CelInt(local.Hour),
            "getMinutes" => new CelInt(local.Minute),
            "getSeconds" => new CelInt(local.Second),
            "getMilliseconds" => new CelInt(time.Nanoseconds / 1_000_000),
            _ => null,
        };
    }
}
