using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// Seeds that once broke a rule, each with what it found. They are played however many seeds the run asks for. What a seed draws changes with the
/// generator, so each finding has a test of its own too. All have long storms: when they were found, every seed had one.
/// </summary>
[TestFixture]
public sealed class KnownSeeds
{
    [TestCase(3, "a stale pod that runs unready for ever: the fix of a bad revision was never rolled")]
    [TestCase(4, "a stale pod that runs unready under OrderedReady: the pod above it was never created")]
    [TestCase(20, "a stale pod that runs unready under the Partition driver")]
    [TestCase(23, "the partition was lowered for an incarnation that was gone already: the pods' watch was behind")]
    [TestCase(58, "a native pod that waited for minReadyDuration behind its closed readiness gate: nothing called the rollout again")]
    [TestCase(70, "a policy went on saying that its set is held while it counted that somebody had released it")]
    [TestCase(186, "six of seven members came up on a revision that never runs: no gate may open by itself, somebody must say so")]
    [TestCase(32, "a leader that was frozen for 22 s wrote before its own timers told it that it leads no more")]
    [TestCase(33, "a frozen leader wrote a status in its successor's term")]
    [TestCase(189, "a request wrote its image again over a template that somebody had changed after it")]
    [TestCase(242, "two pods outside the wanted ones that never come up: the built-in controller scales in no further, and nobody was told which pods it waits for")]
    [TestCase(429, "a set that somebody replaced in mid-rollout, with a pod that never comes up: its adoption waited for ever, and nobody was told to delete the pod")]
    [TestCase(5255, "on the way back a proven pod was taken while the newest, not yet past its gates, still counted as away: two places of one")]
    [TestCase(1487, "a pod that was taken before its release was undone, which the pods' store did not show yet: the next rollout took another one beside it")]
    [TestCase(1596, "pods of two zones on revisions that never run: the hold named them, and did not say how to get out")]
    [TestCase(20059, "leaders that die with every second write: each burnt the intent of the last, since it did not know the roles yet")]
    [TestCase(20264, "a pause went on while its step was not done: the set was scaled out in it, and more pods were wanted")]
    [TestCase(1637, "the same under the driver OnDelete, after spec.cancel: Revert")]
    public void A_seed_that_once_failed_passes(int seed, string found) =>
        Assert.That(SimulationTests.Play(seed, hasLongStorm: true), Is.Null, found);
}
