using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Operator.Reconciling;

/// <summary>One window, as it comes again every week.</summary>
/// <param name="Days">On which days it begins; none means on every day.</param>
/// <param name="Start">When it begins, by the clocks of the time zone.</param>
/// <param name="Duration">How long it lasts, by a stopwatch: a change of the clocks makes it neither longer nor shorter.</param>
public sealed record MaintenanceWindow(ImmutableArray<DayOfWeek> Days, TimeOnly Start, TimeSpan Duration);

/// <summary>When pods may be disrupted, by the clocks of one time zone.</summary>
public sealed class MaintenanceWindows(TimeZoneInfo zone, ImmutableArray<MaintenanceWindow> allow)
{
    /// <summary>The longest that a window may last.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>Windows that began before as many days may still be open, and every one comes again within as many.</summary>
    private const int Horizon = 8;

    /// <summary>Tells whether a window is open, and when that changes. Windows that touch are one.</summary>
    public WindowStanding At(DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        var spans = Enumerable.Range(-Horizon, (2 * Horizon) + 1)
            .SelectMany(day => allow.Where(window => window.Days.IsEmpty || window.Days.Contains(today.AddDays(day).DayOfWeek)).Select(window => Span(today.AddDays(day), window)))
            .OrderBy(span => span.Start);
        DateTimeOffset? openUntil = null;
        foreach (var (start, end) in spans)
        {
            if (start > (openUntil ?? now))
            {
                return openUntil is null ? new WindowStanding(false, start) : new WindowStanding(true, openUntil);
            }

            if (end > now && (openUntil is null || end > openUntil))
            {
                openUntil = end;
            }
        }

        return new WindowStanding(openUntil is not null, openUntil);
    }

    private (DateTimeOffset Start, DateTimeOffset End) Span(DateOnly day, MaintenanceWindow window)
    {
        var local = day.ToDateTime(window.Start);

        // In spring an hour is missing: what begins in it begins when the clocks have jumped. In autumn one comes twice: the first one counts.
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        var start = new DateTimeOffset(local, offset).ToUniversalTime();
        return (start, start + window.Duration);
    }
}
