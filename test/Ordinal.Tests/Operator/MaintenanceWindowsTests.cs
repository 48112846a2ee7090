using System.Globalization;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Tests.Operating;

/// <summary>Windows by the clocks of a time zone; all expectations in UTC.</summary>
public sealed class MaintenanceWindowsTests
{
    private static readonly TimeZoneInfo Stockholm = TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm");

    [TestCase("2026-09-14T06:59:59Z", false, "2026-09-14T07:00:00Z", TestName = "Before_it_opens_by_summer_time")]
    [TestCase("2026-09-14T07:00:00Z", true, "2026-09-14T13:00:00Z", TestName = "From_the_first_moment_on")]
    [TestCase("2026-09-14T13:00:00Z", false, "2026-09-15T07:00:00Z", TestName = "To_the_last_moment")]
    [TestCase("2026-09-17T13:00:00Z", false, "2026-09-21T07:00:00Z", TestName = "From_Thursday_to_Monday")]
    [TestCase("2026-12-14T07:30:00Z", false, "2026-12-14T08:00:00Z", TestName = "By_winter_time_an_hour_later")]
    public void A_window_of_working_days(string now, bool open, string changes) => Check([DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday], "09:00", 6, now, open, changes);

    [TestCase("2026-09-14T21:30:00Z", true, "2026-09-15T01:00:00Z")]
    [TestCase("2026-09-15T00:59:00Z", true, "2026-09-15T01:00:00Z")]
    [TestCase("2026-09-15T01:00:00Z", false, "2026-09-21T21:00:00Z")]
    public void A_window_may_go_over_midnight(string now, bool open, string changes) => Check([DayOfWeek.Monday], "23:00", 4, now, open, changes);

    [TestCase("2026-03-29T00:59:00Z", false, "2026-03-29T01:00:00Z", TestName = "What_begins_in_the_missing_hour_begins_when_the_clocks_have_jumped")]
    [TestCase("2026-03-29T01:30:00Z", true, "2026-03-29T02:00:00Z", TestName = "It_lasts_as_long_as_ever_in_spring")]
    [TestCase("2026-10-25T00:30:00Z", true, "2026-10-25T01:30:00Z", TestName = "Of_the_hour_that_comes_twice_the_first_counts")]
    public void Clocks_that_change(string now, bool open, string changes) => Check([], "02:30", 1, now, open, changes);

    [Test]
    public void Windows_that_touch_are_one()
    {
        var windows = new MaintenanceWindows(TimeZoneInfo.Utc, [new([], new TimeOnly(9, 0), TimeSpan.FromHours(1)), new([], new TimeOnly(10, 0), TimeSpan.FromHours(1))]);
        Assert.That(windows.At(Utc("2026-09-14T09:30:00Z")), Is.EqualTo(new WindowStanding(true, Utc("2026-09-14T11:00:00Z"))));
    }

    [Test]
    public void Around_the_clock_is_always_open()
    {
        var windows = new MaintenanceWindows(Stockholm, [new([], new TimeOnly(0, 0), TimeSpan.FromHours(24))]);
        for (var hour = 0; hour < 24 * 14; hour++)
        {
            // On the long day of autumn a window of 24 hours leaves one over.
            Assert.That(windows.At(Utc("2026-06-01T00:00:00Z").AddHours(hour)).IsOpen, Is.True);
        }
    }

    private static void Check(DayOfWeek[] days, string start, int hours, string now, bool open, string changes)
    {
        var windows = new MaintenanceWindows(Stockholm, [new([.. days], TimeOnly.Parse(start, CultureInfo.InvariantCulture), TimeSpan.FromHours(hours))]);
        Assert.That(windows.At(Utc(now)), Is.EqualTo(new WindowStanding(open, Utc(changes))));
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
