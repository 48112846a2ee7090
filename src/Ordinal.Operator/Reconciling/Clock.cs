namespace Ordinal.Operator.Reconciling;

/// <summary>The time that decisions are made at.</summary>
internal static class Clock
{
    /// <summary>
    /// Returns now in whole milliseconds. What is remembered goes through JSON, and must come back equal: the same memory gives the
    /// same decision, and the same decision writes nothing.
    /// </summary>
    public static DateTimeOffset Now(TimeProvider timeProvider)
    {
        var now = timeProvider.GetUtcNow();
        return now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMillisecond));
    }
}
