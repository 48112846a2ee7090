using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Operating;

/// <summary>Two statuses differ when what would be written differs, whoever made their lists.</summary>
public sealed class StatusComparisonTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static StatefulSetRolloutStatus Rolling { get; } = new()
    {
        Progress = "1/3",
        UsedForce = ["a"],
        Targets = [new RolloutTargetStatus { Name = "web", State = "Rolling", ToRevision = "web-2", StateSince = Noon }],
        InFlight = [new InFlightStatus { Target = "web", Pod = "web-2", Uid = "u", Stage = "Leaving", Since = Noon, Baselines = [new BaselineStatus { Gate = "raft", Value = "3 voters" }] }],
        Pods = [new PodStatus { Name = "web-2", State = "Leaving" }],
        Gates = [new GateStatus { Name = "raft" }],
        Conditions = [new ConditionStatus { Type = "Progressing", Status = "True", Reason = "Rolling", Message = "web-2", LastTransitionTime = Noon }],
    };

    private static RolloutPolicyStatus Ready { get; } = new()
    {
        Replicas = 3,
        Targets = [new PolicyTargetStatus { Name = "web", Uid = "u", WrittenGeneration = 3 }],
        Gates = [new GateStatus { Name = "raft" }],
        Conditions = [new ConditionStatus { Type = "Ready", Status = "True", Reason = "UpToDate", LastTransitionTime = Noon }],
    };

    [Test]
    public void What_the_server_gives_back_is_the_same()
    {
        Assert.That(StatusComparison.Of(Copy(Rolling), Rolling, MemoryChange.None), Is.EqualTo(StatusUrgency.None));
        Assert.That(StatusComparison.Of(Copy(Ready), Ready), Is.EqualTo(StatusUrgency.None));
    }

    [TestCaseSource(nameof(Changes))]
    public void Each_change_of_a_rollouts_status_is_seen(StatefulSetRolloutStatus changed, StatusUrgency urgency)
    {
        Assert.That(StatusComparison.Of(Copy(Rolling), changed, MemoryChange.None), Is.EqualTo(urgency));
        Assert.That(StatusComparison.Of(changed, Copy(Rolling), MemoryChange.None), Is.EqualTo(urgency));
    }

    [TestCaseSource(nameof(PolicyChanges))]
    public void Each_change_of_a_policys_status_is_seen(RolloutPolicyStatus changed, StatusUrgency urgency)
    {
        Assert.That(StatusComparison.Of(Copy(Ready), changed), Is.EqualTo(urgency));
        Assert.That(StatusComparison.Of(changed, Copy(Ready)), Is.EqualTo(urgency));
    }

    public static IEnumerable<TestCaseData> Changes()
    {
        yield return Case("progress", Rolling with { Progress = "2/3" }, StatusUrgency.Progress);
        yield return Case("a stage", Rolling with { InFlight = [Rolling.InFlight![0] with { Stage = "Missing" }] }, StatusUrgency.Progress);
        yield return Case("a baseline", Rolling with { InFlight = [Rolling.InFlight![0] with { Baselines = [new BaselineStatus { Gate = "raft", Value = "2 voters" }] }] }, StatusUrgency.Now);
        yield return Case("no baseline", Rolling with { InFlight = [Rolling.InFlight![0] with { Baselines = null }] }, StatusUrgency.Now);
        yield return Case("nothing in flight", Rolling with { InFlight = null }, StatusUrgency.Now);
        yield return Case("one more in flight", Rolling with { InFlight = [Rolling.InFlight![0], Rolling.InFlight![0] with { Pod = "web-1" }] }, StatusUrgency.Now);
        yield return Case("a target", Rolling with { Targets = [Rolling.Targets![0] with { ToRevision = "web-3" }] }, StatusUrgency.Now);
        yield return Case("a target's state", Rolling with { Targets = [Rolling.Targets![0] with { State = "Waiting" }] }, StatusUrgency.Progress);
        yield return Case("a used force", Rolling with { UsedForce = ["a", "b"] }, StatusUrgency.Now);
        yield return Case("a pod", Rolling with { Pods = [] }, StatusUrgency.Progress);
        yield return Case("a gate", Rolling with { Gates = [new GateStatus { Name = "other" }] }, StatusUrgency.Progress);
        yield return Case("a condition's status", Rolling with { Conditions = [Rolling.Conditions![0] with { Status = "False" }] }, StatusUrgency.Now);
        yield return Case("a condition's message", Rolling with { Conditions = [Rolling.Conditions![0] with { Message = "web-1" }] }, StatusUrgency.Progress);
        yield return Case("the reason", Rolling with { Current = new CurrentStatus { Reason = "GateDenied" } }, StatusUrgency.Reason);
    }

    public static IEnumerable<TestCaseData> PolicyChanges()
    {
        yield return PolicyCase("the size", Ready with { Replicas = 4 }, StatusUrgency.Progress);
        yield return PolicyCase("a target's generation", Ready with { Targets = [Ready.Targets![0] with { WrittenGeneration = 4 }] }, StatusUrgency.Now);
        yield return PolicyCase("a gate", Ready with { Gates = null }, StatusUrgency.Progress);
        yield return PolicyCase("a condition's status", Ready with { Conditions = [Ready.Conditions![0] with { Status = "False" }] }, StatusUrgency.Now);
        yield return PolicyCase("a condition's reason", Ready with { Conditions = [Ready.Conditions![0] with { Reason = "Rolling" }] }, StatusUrgency.Progress);
    }

    private static TestCaseData Case(string name, StatefulSetRolloutStatus changed, StatusUrgency urgency) => new TestCaseData(changed, urgency).SetArgDisplayNames(name);

    private static TestCaseData PolicyCase(string name, RolloutPolicyStatus changed, StatusUrgency urgency) => new TestCaseData(changed, urgency).SetArgDisplayNames(name);

    private static T Copy<T>(T status) => EntityJson.Read<T>(EntityJson.Write(status));
}
