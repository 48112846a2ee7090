using NUnit.Framework;

namespace Ordinal.Conformance.Replay;

/// <summary>What may differ between two looks at one rollout, and what not.</summary>
public sealed class WatchingWordsTests
{
    private static readonly string[] Recorded = ["Waiting for 1 pods to be ready...", Of(1), "Waiting for 1 pods to be ready...", Of(2), "partitioned roll out complete: 3 new pods have been updated...", ""];

    [Test]
    public void A_look_that_began_earlier_or_missed_a_change_is_the_same()
    {
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, Recorded));
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(0), .. Recorded]));
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, ["Waiting for statefulset spec update to be observed...", .. Recorded]));
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(2), Recorded[^2], ""]));
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Recorded[^2], ""]));
    }

    [Test]
    public void Another_end_a_step_back_and_other_words_are_not()
    {
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, []), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(1), "partitioned roll out complete: 2 new pods have been updated...", ""]), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(2), Of(1), .. Recorded[^2..]]), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(3), .. Recorded[^2..]]), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, [Of(1), "Waiting for statefulset spec update to be observed...", .. Recorded[^2..]]), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, ["Waiting for 2 pods to be ready...", .. Recorded]), Is.False);
        Assert.That(WatchingWords.AreOfOneRollout(Recorded, ["Waiting for partitioned roll out to finish: 0 out of 4 new pods have been updated...", .. Recorded]), Is.False);
    }

    private static string Of(int updated) => $"Waiting for partitioned roll out to finish: {updated} out of 3 new pods have been updated...";
}
