using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Cli.Verbs;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Cli;

/// <summary>
/// Situations in which a rollout does not move, from the planner's decision through the status to what <c>ordinal explain</c> prints: each must name the object,
/// the fact and the remedy, and the condition must say the same.
/// </summary>
public sealed class ExplanationTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static IEnumerable<TestCaseData> Situations()
    {
        foreach (var (name, picture, code, words) in All())
        {
            yield return new TestCaseData(picture, code, words).SetName($"Explained_{name.Replace(' ', '_')}");
        }
    }

    [TestCaseSource(nameof(Situations))]
    public void It_says_what_is_stuck_why_and_what_to_do(object picture, ReasonCode code, string[] words)
    {
        var (text, rollout) = Explain((Picture)picture);
        Assert.Multiple(() =>
        {
            foreach (var word in words)
            {
                Assert.That(text, Does.Contain(word), "object and fact");
            }

            Assert.That(text, Does.Contain(code.Remedy), "the remedy");
            Assert.That(text, Does.Contain($"docs/runbook.md#{code.Code.ToLowerInvariant()}"), "where to read on");
            Assert.That(text, Does.Not.Contain("  what      \n"), "no line is empty");
            var conditions = rollout.Status.Conditions!.Select(condition => $"{condition.Reason}: {condition.Message}").Append($"{rollout.Status.Current?.Reason}: {rollout.Status.Current?.WaitingFor}");
            Assert.That(conditions, Has.Some.StartsWith(code.Code), "conditions and explain show the same");
        });
    }

    [Test]
    public void There_are_enough_of_them() => Assert.That(All().Select(each => each.Code).Distinct().Count(), Is.GreaterThanOrEqualTo(25));

    [Test]
    public void What_waits_behind_the_same_reason_stands_in_one_line()
    {
        var (text, _) = Explain(Picture.Running("o o o o o o o o o o o o").WithFacts(s => s with { Budgets = [new("web", 0, true)] }));
        Assert.That(text.Split('\n').Count(line => line.Contains("DisruptionBudgetBlocks:", StringComparison.Ordinal)), Is.LessThanOrEqualTo(1), text);
    }

    private static IEnumerable<(string Name, Picture Picture, ReasonCode Code, string[] Words)> All() =>
    [
        ("a gate says no", Gate(GateVerdict.Deny, ReasonCodes.EtcdQuorumLost), ReasonCodes.EtcdQuorumLost, ["web-2", "1 of 3 voters answers, want 2", "gate"]),
        ("a gate does not answer", Gate(GateVerdict.Unknown, ReasonCodes.EtcdUnreachable), ReasonCodes.EtcdUnreachable, ["web-2", "etcd"]),
        ("a gate is misconfigured", Gate(GateVerdict.Misconfigured, ReasonCodes.EtcdTlsFailed), ReasonCodes.EtcdTlsFailed, ["NEEDS YOU", "web-2"]),
        ("a gates secret is missing", Gate(GateVerdict.Misconfigured, ReasonCodes.GateSecretMissing), ReasonCodes.GateSecretMissing, ["NEEDS YOU", "web-2"]),
        ("a gate has not answered yet", Picture.Running("o o o").Gated(), ReasonCodes.GateNotAsked, ["web-2", "etcd"]),
        ("a gates answer is too old", Picture.Running("o o o").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", age: TimeSpan.FromMinutes(5))), ReasonCodes.GateAnswerTooOld, ["web-2", "etcd"]),
        ("a gate has not passed often enough", Picture.Running("o o o").Gated(successes: 3).WithReports(Picture.Report(GatePhase.BeforePod, "uid-2")), ReasonCodes.GateCounting, ["web-2", "1 of 3"]),
        ("nobody knows who leads", Picture.Running("o o o").LeaderLast(), ReasonCodes.RoleUnknown, ["etcd"]),
        ("another rollout holds the set", Picture.Resting("o o o").WithSet(s => s with { HeldBy = "policy/other" }), ReasonCodes.Queued, ["prod/web", "policy/other"]),
        ("another rollout took the claim", Picture.Running("o o o").WithSet(s => s with { HeldBy = "policy/other" }), ReasonCodes.ClaimLost, ["NEEDS YOU", "policy/other"]),
        ("the set is not adopted yet", Claimed().WithSet(s => s with { OriginalStrategy = null, Strategy = new(UpdateStrategyType.RollingUpdate, 0) }), ReasonCodes.AwaitingAdoption, ["prod/web", "partition 0"]),
        ("the built-in controller sleeps", Picture.Running("o o o").With(m => m with { Generation = 6 }).WithSet(s => s with { Generation = 6 }), ReasonCodes.NotObserved, ["prod/web", "6"]),
        ("the operators view is behind", Picture.Running("o o o").WithFacts(s => s with { Freshness = new(false, ReasonCodes.StoresNotFresh, "nothing was heard of pods for 95 s, not even a bookmark") }), ReasonCodes.StoresNotFresh, ["nothing was heard of pods for 95 s"]),
        ("a new pod does not start", Picture.Running("o o s").InFlight(2, PodStage.Starting, uid: "uid-gone"), ReasonCodes.PodNotReady, ["web-2"]),
        ("a pod is missing", Picture.Running("o o -").InFlight(2, PodStage.Missing, uid: "uid-gone"), ReasonCodes.PodMissing, ["web-2"]),
        ("a pod hangs in Terminating", Picture.Running("o o t").InFlight(2, PodStage.Terminating), ReasonCodes.PodTerminating, ["web-2"]),
        ("a pod settles", Picture.Running("o o r").InFlight(2, PodStage.Settling, uid: "uid-gone"), ReasonCodes.PodSettling, ["web-2"]),
        ("another pod is away", Picture.Running("n o o"), ReasonCodes.PodNotReady, ["prod/web-0", "look at its events and logs"]),
        ("the PodDisruptionBudget says no", Picture.Running("o o o").WithFacts(s => s with { Budgets = [new("web-pdb", 0, true)] }), ReasonCodes.DisruptionBudgetBlocks, ["web-pdb"]),
        ("two PodDisruptionBudgets", Picture.Running("o o o").WithFacts(s => s with { Budgets = [new("one", 1, true), new("two", 1, true)] }), ReasonCodes.TwoDisruptionBudgets, ["NEEDS YOU", "one", "two"]),
        ("the disruption controller sleeps", Picture.Running("o o o").WithFacts(s => s with { Budgets = [new("web-pdb", 1, false)] }), ReasonCodes.DisruptionBudgetStale, ["web-pdb"]),
        ("an eviction was refused a moment ago", Picture.Running("o o o").With(m => m with { BudgetSettlingUntil = Picture.Noon.AddMinutes(1) }), ReasonCodes.DisruptionBudgetSettling, ["prod/web"]),
        ("a stuck pod may not be touched", Picture.Running("x o o").WithPolicy(p => p with { StuckPods = StuckPodAction.Keep }), ReasonCodes.StuckPodKept, ["NEEDS YOU", "web-0", "no such image"]),
        ("a stuck pod cannot be reached", Picture.Running("x o o", UpdateDriver.Partition).WithPolicy(p => p with { Driver = UpdateDriver.Partition }), ReasonCodes.StuckPodUnreachable, ["NEEDS YOU", "web-0"]),
        ("pods are still being scaled away", Picture.Running("o o o").WithSet(s => s with { Replicas = 2 }), ReasonCodes.ScalingInProgress, ["prod/web"]),
        ("the status is of a newer operator", Picture.Running("o o o").With(m => m with { Version = 99 }), ReasonCodes.FormatTooNew, ["NEEDS YOU", "99"]),
        ("the rollout is suspended", Picture.Running("o o o").WithRequest(r => r with { Suspend = true }), ReasonCodes.Suspended, ["PAUSED", "prod/"]),
        ("the last pod is done and the revision is not current", Picture.Running("U U U", UpdateDriver.Partition), ReasonCodes.CurrentRevisionLags, ["prod/web", "web-old"]),
        ("a gate is overdue", Gate(GateVerdict.Deny, ReasonCodes.EtcdQuorumLost).With(m => m with { State = RolloutState.GateWaiting, StateSince = Picture.Noon - Hour }), ReasonCodes.GateOverdue, ["NEEDS YOU", "etcd"]),
        ("another manager declares the strategy", Picture.Resting("o o o").WithSet(s => s with { StrategyTypeDeclaredBy = ["helm"] }), ReasonCodes.PreflightFailed, ["prod/web", "helm", "remove updateStrategy from that manifest"]),
        ("the driver cannot do what is asked", Picture.Resting("o o o").WithPolicy(p => p with { Driver = UpdateDriver.Partition, MaxUnavailable = IntOrPercent.Of(2) }), ReasonCodes.PreflightFailed, ["prod/web", "maxUnavailable 2", "use driver Auto or OnDelete"]),
        ("no gate can tell who leads", Picture.Resting("o o o").WithPolicy(p => p with { Order = PodOrderKind.LeaderLast }), ReasonCodes.PreflightFailed, ["prod/web", "LeaderLast", "use OrdinalDescending"]),
    ];

    private static Picture Claimed() => Picture.Resting("o o o").WithSet(s => s with { HeldBy = Picture.Claim });

    private static Picture Gate(GateVerdict verdict, ReasonCode reason) => Picture.Running("o o o").Gated().WithReports(Picture.Report(GatePhase.BeforePod, "uid-2", verdict, reason: reason));

    private static (string Text, V1Alpha1StatefulSetRollout Rollout) Explain(Picture picture)
    {
        var decision = picture.Decide();
        var policy = new V1Alpha1RolloutPolicy { Metadata = new() { Name = "web", NamespaceProperty = "prod" } };
        var rollout = new V1Alpha1StatefulSetRollout { Metadata = new() { Name = "web-7f9c6", NamespaceProperty = "prod", Generation = 1 } };
        rollout.Spec.Suspend = picture.Input.Request.Suspend;
        var item = new StatefulSetItem { Snapshot = picture.Set, Labels = ImmutableSortedDictionary<string, string>.Empty, PodLabels = ImmutableSortedDictionary<string, string>.Empty, Selector = "" };
        var frame = new RolloutFrame.Ready("web", new Observation(item, picture.Input.Snapshot), policy, picture.Input.Policy, picture.Input.Request, picture.Input.Memory, null);
        rollout.Status = RolloutStatuses.Of(rollout, frame, decision, picture.Input.Reports, Picture.Noon);
        var shown = new ClusterPicture { Policy = Json(policy), Rollout = Json(rollout) };
        return (string.Join('\n', Explanation.Of(shown, Picture.Noon, "ordinal")), rollout);
    }

    private static JsonObject Json<TEntity>(TEntity of) => (JsonObject)JsonNode.Parse(EntityJson.Write(of))!;
}
