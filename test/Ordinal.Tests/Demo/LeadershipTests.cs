using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

public sealed class LeadershipTests
{
    [Test]
    public void Repeated_claims_are_one_reign()
    {
        var reigns = Leadership.Judge(new Scene().Led(2, 0, 5).Led(2, 1, 5, claimedBy: 1).Led(2, 2, 5).Build().Claims);
        Assert.That(reigns, Is.EqualTo(new[] { new Reign(2, TimeSpan.Zero) }));
    }

    [Test]
    public void A_member_that_slept_and_names_the_old_leader_changes_nothing()
    {
        var reigns = Leadership.Judge(new Scene().Led(2, 0, 5).Led(1, 3, 6).Led(2, 4, 5, claimedBy: 0).Led(1, 5, 6).Build().Claims);
        Assert.That(reigns, Is.EqualTo(new[] { new Reign(2, TimeSpan.Zero), new Reign(1, Scene.At(3)) }));
        Assert.That(Leadership.At(reigns, Scene.At(2.9)), Is.EqualTo(2));
        Assert.That(Leadership.At(reigns, Scene.At(3)), Is.EqualTo(1));
    }

    [Test]
    public void A_member_without_a_leader_says_nothing()
    {
        Assert.That(Leadership.Judge(new Scene().Led(-1, 0, 9).Led(0, 1, 9).Build().Claims), Is.EqualTo(new[] { new Reign(0, Scene.At(1)) }));
        Assert.That(Leadership.At([], Scene.At(1)), Is.EqualTo(-1));
    }
}
