using System.Text.Json;
using NUnit.Framework;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>How long a policy goes on saying that its gates answered after it has stopped asking them.</summary>
public sealed class PolicyStatusesTests
{
    public static IEnumerable<TestCaseData> Waits()
    {
        yield return Case("a rollout is under way", state => state with { Active = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "web-1", Uid = "r" } }, Concern = (ReasonCodes.RolloutInProgress, "") }, stands: true);
        yield return Case("a rollout was just made", state => state with { IsStarting = true, Concern = (ReasonCodes.RolloutInProgress, "") }, stands: true);
        yield return Case("a rollout of this policy gives its claim back", state => Claimed(state, "policy-uid/r") with { Concern = (ReasonCodes.Queued, "") }, stands: true);
        yield return Case("the controller has not seen the change yet", state => state with { Concern = (ReasonCodes.NotObserved, "") }, stands: true);
        yield return Case("something was written", state => state, stands: true);
        yield return Case("somebody else has claimed it", state => Claimed(state, "other/r") with { Concern = (ReasonCodes.Queued, "") }, stands: false);
        yield return Case("drift is held", state => state with { Concern = (ReasonCodes.DriftHeld, "") }, stands: false);
        yield return Case("a rollout failed", state => state with { Concern = (ReasonCodes.RolloutFailed, "") }, stands: false);
        yield return Case("others write the strategy", state => state with { Concern = (ReasonCodes.FieldConflict, "") }, stands: false);
        yield return Case("Native cannot work", state => state with { Concern = (ReasonCodes.NativeMisconfigured, "") }, stands: false);
        yield return Case("others roll first", state => state with { Concern = (ReasonCodes.RolloutInProgress, "") }, stands: false);
        yield return Case("the set is gone", state => state with { Observation = null, Concern = (ReasonCodes.TargetsMissing, "") }, stands: false);
    }

    [TestCaseSource(nameof(Waits))]
    public void That_gates_answered_stays_said_while_a_rollout_asks_them_and_no_longer(Func<TargetState, TargetState> change, bool stands)
    {
        var policy = Policy();
        var status = PolicyStatuses.Of(policy, PolicyReader.Read("web", policy.Spec), [change(AtRest())], null, GatesMode.On, Picture.Noon);
        var usable = status.Conditions!.Single(condition => condition.Type == "GatesUsable");
        Assert.Multiple(() =>
        {
            Assert.That((usable.Status, usable.Reason), Is.EqualTo(stands ? ("True", "Probed") : ("Unknown", "NotProbed")));
            Assert.That(status.Summary!.Gates, Is.EqualTo(stands ? "1/1" : null));
        });
    }

    private static TestCaseData Case(string name, Func<TargetState, TargetState> change, bool stands) => new TestCaseData(change, stands).SetArgDisplayNames(name);

    private static V1Alpha1RolloutPolicy Policy()
    {
        var policy = new V1Alpha1RolloutPolicy { Metadata = new() { Name = "web", NamespaceProperty = "prod", Uid = "policy-uid", Generation = 1 } };
        policy.Spec.Targets = new TargetsSpec { StatefulSets = [new TargetSpec { Name = "web" }] };
        policy.Spec.Gates = [new GateSpec { Name = "smoke", Type = "Http", RunAt = ["BeforePod"], Http = new HttpGateSpec { Port = 8080, Path = "/ready" } }];
        policy.Status = new RolloutPolicyStatus
        {
            Summary = new PolicySummaryStatus { Gates = "1/1" },
            Conditions = [new ConditionStatus { Type = "GatesUsable", Status = "True", Reason = "Probed", Message = "1 of 1 gates answered", ObservedGeneration = 1, LastTransitionTime = Picture.Noon }],
        };
        return policy;
    }

    private static TargetState AtRest()
    {
        var snapshot = Picture.Resting("o o o").Input.Snapshot;
        using var document = JsonDocument.Parse("""{"metadata":{"name":"web","namespace":"prod","uid":"set-uid"}}""");
        var item = StatefulSetItem.Read(document.RootElement, new StringPool()) with { Snapshot = snapshot.Set };
        return new TargetState { Target = new PolicyTarget("web", item, null), Observation = new Observation(item, snapshot) };
    }

    private static TargetState Claimed(TargetState state, string claim)
    {
        var (item, snapshot) = state.Observation!;
        return state with { Observation = new Observation(item, snapshot with { Set = snapshot.Set with { HeldBy = claim } }) };
    }
}
