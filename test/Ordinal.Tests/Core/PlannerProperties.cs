using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>The rules over random clusters, driven step by step through the toy world, with faults in any order.</summary>
public sealed class PlannerProperties
{
    [Test]
    public void Random_clusters_keep_the_rules_and_complete_once_all_is_well() =>
        Scenario.Any.Sample(s => s.Run(new Planted()), iter: 3000, threads: 2, print: s => s.ToString());

    [Test]
    public void The_runs_by_hand_keep_the_rules([ValueSource(nameof(ByHand))] object scenario) => ((Scenario)scenario).Run(new Planted());

    [Test]
    public void Each_rule_catches_a_planted_bug([ValueSource(nameof(Bugs))] PlantedBug bug)
    {
        var caught = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var random = Enumerable.Range(0, 1000).Select(seed => Scenario.Any.Generate(new PCG((uint)seed), null, out _));
        foreach (var scenario in Scenario.ByHand.Concat(random).TakeWhile(_ => !caught.ContainsKey(bug.Rule)))
        {
            try
            {
                scenario.Run(bug.Make());
            }
            catch (BrokenRuleException broken)
            {
                caught[broken.Rule] = caught.GetValueOrDefault(broken.Rule) + 1;
            }
        }

        Assert.That(caught.Keys, Does.Contain(bug.Rule), $"planted: {bug}");
    }

    internal static IEnumerable<PlantedBug> Bugs => PlantedBug.All;

    internal static IEnumerable<object> ByHand => Scenario.ByHand;
}

/// <summary>How a run ends.</summary>
internal enum Finale
{
    Completes,
    IsCancelled,
    IsSuperseded,
    IsReverted,
}

/// <summary>One random run: a cluster, a policy, and a list of things that happen.</summary>
/// <param name="Kind">Bits: OrderedReady, gated, leader last, start ordinal 5; the next two, when both set, a set that rests on OnDelete; from the lowest ordinal up; steps; the template goes back.</param>
internal sealed record Scenario(int Replicas, int Max, int Kind, Finale Finale, int[] Steps)
{
    internal static Gen<Scenario> Any { get; } = Gen.Select(
        Gen.Int[1, 7], Gen.Int[1, 3], Gen.Int[0, 511], Gen.Int[0, 6].Select(i => (Finale)Math.Max(0, i - 3)), Gen.Int[0, 10_000].Array[0, 80],
        (replicas, max, kind, finale, steps) => new Scenario(replicas, max, kind, finale, steps));

    /// <summary>
    /// Gets runs that chance finds too seldom. The last: before the start a hold is decided on after a foreign release, its call stalls, and the
    /// rollout is cancelled. The first: claim, start, the strategy seen, an intent written by an operator that stalls before
    /// its eviction, a suspend, a pass of the next operator, and then the eviction arrives.
    /// </summary>
    internal static IEnumerable<Scenario> ByHand { get; } = [new(3, 2, 0, Finale.Completes, [0, 0, 7, 17 + 24, 22 + 48, 0, 18]), new(5, 3, 128, Finale.Completes, [0, 0, 7, 0, 0, 0, 0]), new(3, 1, 0, Finale.Completes, [0, 0, 7, 22 + (24 * 5), 0, 0]), new(3, 2, 0, Finale.Completes, [0, 0, 7, 22 + (24 * 11), 0, 0]), new(4, 1, 285, Finale.IsCancelled, [3305, 1943, 145, 1865, 5815])];

    private static readonly ZoneHold AnotherZone = new(ReasonCodes.ZoneWaitsTurn, "web: zone b goes first.");

    private bool IsOrdered => (Kind & 1) != 0;

    private bool IsGated => (Kind & 2) != 0;

    private bool IsLeaderLast => (Kind & 6) == 6;

    private int Start => (Kind & 8) != 0 ? 5 : 0;

    private bool IsAscending => (Kind & 64) != 0;

    private bool HasSteps => (Kind & 128) != 0;

    private bool GoesBackByTemplate => (Kind & 256) != 0;

    private bool RestsOnDelete => (Kind & 48) == 48;

    public override string ToString() => $"new({Replicas}, {Max}, {Kind}, Finale.{Finale}, [{string.Join(", ", Steps)}])";

    /// <summary>Plays the steps, then heals the world and drives it to its end.</summary>
    internal void Run(Planted planted)
    {
        var world = new ToyWorld(
            Replicas, Start, IsOrdered ? PodManagementPolicy.OrderedReady : PodManagementPolicy.Parallel,
            RestsOnDelete ? UpdateStrategyType.OnDelete : UpdateStrategyType.RollingUpdate, Max);
        var policy = new UpdatePolicy
        {
            MaxUnavailable = IntOrPercent.Of(Max),
            Order = IsLeaderLast ? PodOrderKind.LeaderLast : IsAscending ? PodOrderKind.OrdinalAscending : PodOrderKind.OrdinalDescending,
            Steps = HasSteps ? [new(IntOrPercent.Of(1)) { Pause = new(null) }, new(IntOrPercent.Of(3)) { Pause = new(TimeSpan.FromSeconds(30)) }] : [],
            OnFailure = GoesBackByTemplate ? FailureAction.RevertTemplate : FailureAction.Halt,
            PodDeadline = TimeSpan.FromDays(1),
            RolloutDeadline = TimeSpan.FromDays(2),
            Gates = IsGated ? [new() { Name = "etcd", Type = "Etcd", SuccessThreshold = 1, TellsRoles = true }] : [],
        };
        var caller = new ToyOperator(world, policy, planted) { Leader = Start };
        foreach (var step in Steps)
        {
            Happen(world, caller, step);
            Check.Deliberate(world, policy, caller.Request);
        }

        Heal(world, caller, policy);
    }

    internal static void Happen(ToyWorld world, ToyOperator caller, int step)
    {
        var (kind, detail) = (step % 24, step / 24);
        var ordinal = world.Start + (detail % world.Replicas);
        switch (kind)
        {
            case < 7:
                caller.Pass();
                break;
            case < 11:
                world.Sync();
                break;
            case < 15:
                world.Kubelet(ordinal);
                break;
            case < 17:
                world.Now += TimeSpan.FromSeconds(detail % 13);
                break;
            case 17:
                caller.Pass(diesAfter: detail % 4);
                break;
            case 18:
                caller.Arrive(detail);
                break;
            case 19:
                caller.Verdict = (GateVerdict)(detail % 4);
                break;
            case 20:
                caller.Leader = ordinal;
                break;
            case 21:
                world.Lose(ordinal);
                break;
            case 22 when detail % 3 == 0:
                world.Sicken(ordinal, world.Pod(ordinal)?.Revision == ToyWorld.Old ? (PodTrouble)(detail % 5) : PodTrouble.None);
                break;
            case 22 when detail % 3 == 1:
                world.Scale(1 + (detail / 3 % 7));
                break;
            case 22:
                caller.Request = caller.Request with { Suspend = detail % 2 == 0, Window = new(detail % 8 != 5, null), Zone = detail % 16 == 11 ? AnotherZone : null, ApprovedStep = Math.Max(caller.Request.ApprovedStep, detail % 5 == 0 ? 1 : 0) };
                break;
            default:
                // Before the start, a set that nobody adopted and that releases itself is simply waited for; after the end, it is not ours.
                if (detail % 4 == 0 && !caller.IsFinished && (world.Original is not null || caller.Memory.StartedAt is not null))
                {
                    world.ForeignStrategy(new(UpdateStrategyType.RollingUpdate, 0));
                }

                break;
        }
    }

    private void Heal(ToyWorld world, ToyOperator caller, UpdatePolicy policy)
    {
        caller.Verdict = GateVerdict.Allow;
        caller.Request = caller.Request with { Suspend = false, Window = WindowStanding.Always, Zone = null, ApprovedStep = 1, Cancel = Finale is Finale.IsCancelled ? CancelRequest.Halt : Finale is Finale.IsReverted ? CancelRequest.Revert : CancelRequest.None };
        if (Finale is Finale.IsSuperseded)
        {
            world.Template("web-newer");
        }

        var hadEnded = caller.IsFinished;
        for (var round = 0; round < 60 + (world.Replicas * 40) && !caller.IsFinished; round++)
        {
            caller.Arrive(0);
            caller.Pass();
            Check.Deliberate(world, policy, caller.Request);
            Settle(world, caller);
            Check.Deliberate(world, policy, caller.Request);
        }

        var last = caller.Last!;
        var conflict = caller.Memory is { ForeignReleases: > 0, State: RolloutState.Failed };
        Check.Require(caller.IsFinished && (conflict || hadEnded || IsExpected(caller.Memory.State)), Check.Progress, $"{Check.Show(last)} {last.Message}\n{string.Join('\n', world.Log)}");
        NothingIsLeft(world, caller, conflict);
    }

    private bool IsExpected(RolloutState state) => Finale switch
    {
        Finale.Completes => state is RolloutState.Completed or RolloutState.NoChange,
        Finale.IsCancelled => state is RolloutState.Cancelled,
        Finale.IsReverted => state is RolloutState.RolledBack or RolloutState.Cancelled or RolloutState.Failed,
        Finale.IsSuperseded => state is RolloutState.Superseded,
    };

    /// <summary>After the end no call that stalled may move anything; the claim is back, and the set rests.</summary>
    private void NothingIsLeft(ToyWorld world, ToyOperator caller, bool conflict)
    {
        var (strategy, removals) = (world.Strategy, world.Removals.Count);
        while (caller.HasStalled)
        {
            caller.Arrive(0);
        }

        caller.Pass();
        Check.Require(world.Strategy == strategy && world.Removals.Count == removals, Check.Intent, $"a stalled call moved something after the end\n{string.Join('\n', world.Log)}");
        Check.Require(world.HeldBy.Length == 0, Check.Progress, "the claim is still held after the end");
        var isOurs = caller.Memory.StartedAt is not null && !conflict;
        Check.Require(!isOurs || (RestsOnDelete ? world.Strategy.Type is UpdateStrategyType.OnDelete : world.Strategy.IsOurHold), Check.Progress, $"ended with {world.Strategy}");
    }

    /// <summary>The world without faults: the built-in controller and every kubelet do their part, and time goes on.</summary>
    internal static void Settle(ToyWorld world, ToyOperator caller)
    {
        world.Sync();
        foreach (var pod in world.Pods.ToArray())
        {
            world.Kubelet(pod.Ordinal);

            // A crash loop of few restarts heals; the rest is for the planner, or for the human whom it asks.
            var asksHuman = caller.Last!.Holds.Any(h => h.Reason == ReasonCodes.StuckPodUnreachable && h.Pod == $"web-{pod.Ordinal}");
            // A pod that is broken at the revision that others go back to is nothing that a rollout can repair.
            var isAtGoal = caller.Memory.Revert is not null && pod.Revision == ToyWorld.Old;
            pod.Trouble = pod.Trouble is PodTrouble.CrashLoop || asksHuman || isAtGoal ? PodTrouble.None : pod.Trouble;
        }

        world.Now += TimeSpan.FromSeconds(6);
    }
}
