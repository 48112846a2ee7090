using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Tests.Core;

namespace Ordinal.Benchmarks;

/// <summary>What one decision costs: time, and bytes beside those of its result.</summary>
/// <remarks>
/// The result is what the caller gets and did not have before: every object that can be reached from the decision, and neither from the input nor from
/// another decision on the same input. That is the decision itself, its actions, questions, holds, notices and stages with their sentences, and, where
/// anything is remembered anew, the memory. Each of them is weighed, none is guessed (<see cref="ResultSize"/>). All else that a decision allocates is
/// scratch, and there is none. What a thread keeps from one decision to the next (lists, a buffer for sentences, facts) is made once a thread, by the
/// decisions before those that are counted: about 40 bytes a pod, and a quarter of a megabyte of sentences at most.
/// </remarks>
internal sealed class PlannerBenchmark : IBenchmark
{
    private const int Rounds = 2000;

    /// <summary>
    /// The bytes of the smallest object. The counter of a thread also counts what a collection cuts off, a few bytes a decision: less than this more than the
    /// result means that not one further object was allocated by each decision.
    /// </summary>
    private const long SmallestObject = 24;
    private static readonly DateTimeOffset Now = new(2026, 9, 14, 12, 0, 0, TimeSpan.Zero);

    public string Name => "planner";

    public Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var figures = new List<Figure>();
        foreach (var pods in (int[])[1, 100, 1000])
        {
            Measure(figures, $"decision, {pods} pods, one goes", pods, Input(pods, updated: pods / 2, inFlight: false));
            Measure(figures, $"decision, {pods} pods, one is away", pods, Input(pods, updated: pods / 2, inFlight: true));
            Measure(figures, $"decision, {pods} pods, all done", pods, Input(pods, updated: pods, inFlight: false));
            Measure(figures, $"decision, {pods} pods, leader last", pods, LeaderLast(Input(pods, updated: pods / 2, inFlight: false)));
            Measure(figures, $"decision, {pods} pods, another zone", pods, AnotherZone(Input(pods, updated: pods / 2, inFlight: false)));
            Measure(figures, $"decision, {pods} pods, up to ten at once", pods, Batch(Input(pods, updated: 0, inFlight: false), pods));
        }

        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static void Measure(List<Figure> figures, string name, int pods, RolloutInput input)
    {
        for (var i = 0; i < Rounds; i++)
        {
            RolloutPlanner.Decide(input);
        }

        // The best of several rounds: the machine is shared, the code is not.
        var best = TimeSpan.MaxValue;
        var bytes = 0L;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < Rounds; i++)
            {
                RolloutPlanner.Decide(input);
            }

            var took = TimeProvider.System.GetElapsedTime(start);
            best = took < best ? took : best;
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        }

        var micros = best.TotalMicroseconds / Rounds;
        var target = Math.Max(100, pods);
        var (result, beside) = ResultSize.Of(input);
        figures.Add(new(name, $"{micros:F1} µs", $"<= {target} µs", micros <= target));
        figures.Add(new($"{name}: bytes", $"{result} B, {beside} beside its result", "0 beside its result", beside == 0));
        figures.Add(new($"{name}: bytes, mean of {Rounds}", $"{bytes} B", $"< {result + SmallestObject} B", bytes < result + SmallestObject));
    }

    private static RolloutInput LeaderLast(RolloutInput input) => input with
    {
        Policy = input.Policy with { Order = PodOrderKind.LeaderLast },
        Reports =
        [
            input.Reports[0],
            input.Reports[0] with
            {
                Key = new GateQuestion("etcd", GatePhase.Roles, [], "web-new").Key,
                Phase = GatePhase.Roles,
                Roles = input.Snapshot.Pods.ToImmutableSortedDictionary(pod => pod.Name, pod => pod.Ordinal == 0 ? MemberRole.Leader : MemberRole.Follower, StringComparer.Ordinal),
            },
        ],
    };

    private static RolloutInput AnotherZone(RolloutInput input) => input with { Request = input.Request with { Zone = new(ReasonCodes.ZoneWaitsTurn, "web: zone b goes first.") } };

    private static RolloutInput Batch(RolloutInput input, int pods) => input with
    {
        Policy = input.Policy with { Gates = [], MaxUnavailable = IntOrPercent.Of(Math.Min(10, pods)) },
        Snapshot = input.Snapshot with { Budgets = [new("web", pods, true)] },
    };

    private static RolloutInput Input(int pods, int updated, bool inFlight)
    {
        var list = ImmutableArray.CreateBuilder<PodSnapshot>(pods);
        for (var i = 0; i < pods; i++)
        {
            var isNew = i >= pods - updated;
            list.Add(new()
            {
                Name = $"web-{i}",
                Ordinal = i,
                Uid = $"{i:D8}-0000-4000-8000-000000000001",
                ResourceVersion = $"{i + 100}",
                Revision = isNew ? "web-new" : "web-old",
                ReadySince = inFlight && i == pods - updated ? null : Now.AddHours(-1),
                CreatedAt = Now.AddHours(-1),
            });
        }

        var candidate = Math.Max(0, pods - updated - 1);
        var away = inFlight ? 1 : 0;
        return new()
        {
            Snapshot = new()
            {
                Set = new()
                {
                    Namespace = "prod",
                    Name = "web",
                    Uid = "set",
                    ResourceVersion = "1",
                    Generation = 5,
                    ObservedGeneration = 5,
                    Replicas = pods,
                    Strategy = new(UpdateStrategyType.OnDelete),
                    OriginalStrategy = new(UpdateStrategyType.RollingUpdate, 0),
                    CurrentRevision = "web-old",
                    UpdateRevision = "web-new",
                    AvailableReplicas = pods - away,
                    HeldBy = "policy/rollout",
                },
                Pods = list.ToImmutable(),
                Budgets = [new("web", 1, true)],
            },
            Policy = new() { Driver = UpdateDriver.OnDelete, Gates = [new() { Name = "etcd", Type = "Etcd", SuccessThreshold = 1, TellsRoles = true }] },
            Request = new() { ClaimId = "policy/rollout", TargetRevision = "web-new" },
            Memory = new()
            {
                State = RolloutState.Running,
                StateSince = Now.AddMinutes(-1),
                StartedAt = Now.AddMinutes(-1),
                Driver = UpdateDriver.OnDelete,
                SetUid = "set",
                TargetRevision = "web-new",
                Generation = 5,
                Passed = [.. list.Where(p => p.Revision == "web-new" && p.IsReady).Select(p => new PassedPod(p.Ordinal, p.Uid[..8]))],
                InFlight = inFlight && updated > 0
                    ? [new() { Pod = $"web-{pods - updated}", Ordinal = pods - updated, Uid = "gone", ResourceVersion = "1", Action = InFlightAction.Replace, Stage = PodStage.Starting, Since = Now.AddSeconds(-20), StageSince = Now.AddSeconds(-10) }]
                    : [],
            },
            Reports =
            [
                new()
                {
                    Key = new GateQuestion("etcd", GatePhase.BeforePod, [list[candidate].Uid], "web-new").Key,
                    Gate = "etcd",
                    Phase = GatePhase.BeforePod,
                    Verdict = GateVerdict.Allow,
                    Reason = ReasonCodes.GateOpen,
                    Message = "",
                    Successes = 1,
                    ObservedAt = Now,
                    ValidFor = TimeSpan.FromSeconds(10),
                },
            ],
            Now = Now,
        };
    }
}
