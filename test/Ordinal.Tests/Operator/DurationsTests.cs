using NUnit.Framework;
using Ordinal.Operator.Api;

namespace Ordinal.Tests.Operating;

public sealed class DurationsTests
{
    [TestCase("10s", 10_000)]
    [TestCase("500ms", 500)]
    [TestCase("1h30m", 5_400_000)]
    [TestCase("1m500ms", 60_500)]
    [TestCase("0s", 0)]
    [TestCase("99999h", 359_996_400_000)]
    public void A_duration_is_read(string text, long milliseconds)
    {
        Assert.That(Durations.TryParse(text, out var value), Is.True);
        Assert.That(value, Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
    }

    [TestCase("")]
    [TestCase(null)]
    [TestCase("10")]
    [TestCase("-1s")]
    [TestCase("1.5s")]
    [TestCase("100000s")]
    [TestCase("1s1s1s1s1s")]
    [TestCase("s")]
    [TestCase("1d")]
    [TestCase("1S")]
    [TestCase("1 s")]
    [TestCase("1m ")]
    public void What_is_no_duration_is_refused(string? text) => Assert.That(Durations.TryParse(text, out _), Is.False);

    [TestCase(0, "0s")]
    [TestCase(250, "250ms")]
    [TestCase(90_000, "1m30s")]
    [TestCase(3_600_000, "1h")]
    [TestCase(90_061_000, "25h1m1s")]
    public void A_duration_is_written_for_people(long milliseconds, string text) =>
        Assert.That(Durations.Format(TimeSpan.FromMilliseconds(milliseconds)), Is.EqualTo(text));
}
