using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Kills;

/// <summary>The judge of <see cref="KillTests"/>, on made-up observations.</summary>
public sealed class StoppedMembersTests
{
    [Test]
    public void A_member_that_never_stopped_is_not_down_however_late_it_answers() =>
        Assert.That(StoppedMembers.Judge(Seen([Look(1, true, true), Look(2, true, true)])), Is.EqualTo((0, 2)));

    [Test]
    public void A_member_is_down_until_its_successor_answers()
    {
        Look[] looks = [Look(1, true, true), Look(2, false, true), Look(3, true, true), Look(4, true, false), Look(5, true, true)];
        Assert.That(StoppedMembers.Judge(Seen(looks)).Most, Is.EqualTo(2), "the first has not answered when the second stops");
        Assert.That(StoppedMembers.Judge(Seen(looks, Read(0, 2.5, 3.5))).Most, Is.EqualTo(1));
        Assert.That(StoppedMembers.Judge(Seen(looks, Read(0, 1.5, 3.5))).Most, Is.EqualTo(2), "a read that was sent before it stopped proves nothing");
        Assert.That(StoppedMembers.Judge(Seen(looks, Read(1, 2.5, 3.5))).Most, Is.EqualTo(2), "another one's answer proves nothing");
    }

    private static Observations Seen(Look[] looks, params AnsweredRead[] reads) => new() { Members = ["a", "b"], Looks = [.. looks], Reads = [.. reads] };

    private static Look Look(double at, params bool[] running) => new(TimeSpan.FromSeconds(at), [.. running]);

    private static AnsweredRead Read(int member, double sent, double answered) => new(member, TimeSpan.FromSeconds(sent), TimeSpan.FromSeconds(answered));
}
