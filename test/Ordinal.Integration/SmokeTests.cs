using NUnit.Framework;

namespace Ordinal.Integration;

public sealed class SmokeTests
{
    [Test]
    public void Placeholder_builds() => Assert.That(1 + 1, Is.EqualTo(2));
}
