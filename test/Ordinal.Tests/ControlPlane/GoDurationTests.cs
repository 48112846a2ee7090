using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Tests.ControlPlane;

public sealed class GoDurationTests
{
    [TestCase("3s", 3000)]
    [TestCase("1m30s", 90_000)]
    [TestCase("500ms", 500)]
    [TestCase("1.5h", 5_400_000)]
    [TestCase("0", 0)]
    public void A_duration_is_read(string text, double milliseconds)
    {
        Assert.That(GoDuration.TryParse(text, out var duration), Is.True);
        Assert.That(duration.TotalMilliseconds, Is.EqualTo(milliseconds));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("3")]
    [TestCase("-3s")]
    [TestCase("3 s")]
    [TestCase("s")]
    [TestCase("1.2.3s")]
    [TestCase("3days")]
    [TestCase("99999999h")]
    public void What_is_no_duration_is_refused(string? text) => Assert.That(GoDuration.TryParse(text, out _), Is.False);
}
