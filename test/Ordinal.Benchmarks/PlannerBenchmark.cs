using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Benchmarks;

/// <summary>What one decision costs: microseconds, and bytes beside those of its result. Target: 100 pods in at most 100 µs, and none.</summary>
internal static class PlannerBenchmark
{
    private static readonly DateTimeOffset Now = new(2026, 9, 14, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Prints one line a case.</summary>
    internal static void Run(TextWriter output)
    {
        foreach (var pods in (int[])[1, 100, 1000])
        {
            Measure(output, $"{pods} pods, one goes", Input(pods, updated: pods / 2, inFlight: false));
            Measure(output, $"{pods} pods, one is away", Input(pods, updated: pods / 2, inFlight: true));
            Measure(output, $"{pods} pods, all done", Input(pods, updated: pods, inFlight: false));
        }
    }

    private static void Measure(TextWriter output, string name, RolloutInput input)
    {
        const int Rounds = 2000;
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

        var result = SizeOf(RolloutPlanner.Decide(input), input);
        output.WriteLine($"planner  {name,-24} {best.TotalMicroseconds / Rounds,8:F2} µs  {bytes,7} B, of which the result about {result} B");
    }

    /// <summary>The bytes of what the caller gets and did not have before, by the layout of a 64-bit runtime.</summary>
    private static long SizeOf(Decision decision, RolloutInput input)
    {
        var strings = new HashSet<string>(ReferenceEqualityComparer.Instance as IEqualityComparer<string>);
        var total = 200L;
        foreach (var hold in decision.Holds)
        {
            total += 40 + 8 + (strings.Add(hold.Message) ? Text(hold.Message) : 0);
        }

        total += decision.Actions.Length * 8 + decision.Actions.OfType<RemovePod>().Sum(a => 56 + Text(a.Why));
        total += ReferenceEquals(decision.Memory, input.Memory) ? 0 : 240 + (decision.Memory.InFlight.Length * 160);
        total += decision.Pods.Length * (56 + 8);
        return total + Text(decision.Message);
    }

    private static long Text(string text) => 22 + (text.Length * 2);

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
