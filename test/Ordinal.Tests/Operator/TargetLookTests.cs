using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>A gate's answer is good for a moment; what was decided by it is not carried out later than that.</summary>
public sealed class TargetLookTests
{
    private static readonly RemovePod Removal = new("web-2", "uid-2", "rv-2", PodRemoval.Evict, "replace");
    private static readonly StrategyValue Held = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition);
    private static readonly StrategyValue Released = new(UpdateStrategyType.RollingUpdate, 2);

    [Test]
    public void What_takes_a_pod_is_too_late_once_an_answer_behind_it_is_too_old()
    {
        var look = Look(GatePhase.BeforePod, GateVerdict.Allow);
        Assert.Multiple(() =>
        {
            Assert.That(look.IsTooLate(Removal, At(5)), Is.False);
            Assert.That(look.IsTooLate(Removal, At(6)), Is.True);
            Assert.That(look.IsTooLate(new WriteStrategy(Released, Held, 5, "release web-2"), At(6)), Is.True);
            Assert.That(look.IsTooLate(new OpenGate("web-2", "uid-2", "its gates passed"), At(6)), Is.True, "under Native the next pod goes then");
            Assert.That(look.IsTooLate(new WriteStrategy(Held, Released, 5, "pull web-2 back"), At(6)), Is.False, "what holds is never too late");
            Assert.That(look.IsTooLate(new BurnIntent("web-2", "uid-2"), At(6)), Is.False);
        });
    }

    [Test]
    public void Answers_that_opened_nothing_at_the_decision_do_not_count()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Look(GatePhase.BeforePod, GateVerdict.Allow, decided: 6).IsTooLate(Removal, At(7)), Is.False, "it was too old for the decision already");
            Assert.That(Look(GatePhase.BeforePod, GateVerdict.Deny).IsTooLate(Removal, At(6)), Is.False);
            Assert.That(Look(GatePhase.AfterPod, GateVerdict.Allow).IsTooLate(Removal, At(6)), Is.False, "that is recorded");
        });
    }

    private static DateTimeOffset At(int seconds) => Picture.Noon + TimeSpan.FromSeconds(seconds);

    private static TargetLook.Decided Look(GatePhase phase, GateVerdict verdict, int decided = 1) => new(
        "web", null!, null!, [Picture.Report(phase, "uid-2") with { Verdict = verdict, ObservedAt = At(0), ValidFor = TimeSpan.FromSeconds(5) }], null!, null)
    {
        At = At(decided),
    };
}
