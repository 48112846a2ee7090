using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Benchmarks;

/// <summary>What one decision costs: time, and bytes beside those of its result.</summary>
internal sealed class PlannerBenchmark : IBenchmark
{
    private const int Rounds = 2000;

    /// <summary>What a decision may allocate that does not outlive it: a copy or two of the memory on its way to the final one.</summary>
    private const long Scratch = 512;
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
        var scratch = bytes - SizeOf(RolloutPlanner.Decide(input), input);
        figures.Add(new(name, $"{micros:F1} µs", $"<= {target} µs", micros <= target));
        figures.Add(new($"{name}: bytes", $"{bytes} B, about {Math.Max(0, scratch)} of scratch", $"<= {Scratch} B of scratch", scratch <= Scratch));
    }

    /// <summary>The bytes of what the caller gets and did not have before, by the layout of a 64-bit runtime.</summary>
    private static long SizeOf(Decision decision, RolloutInput input)
    {
        var strings = new HashSet<string>(ReferenceEqualityComparer.Instance);
        var total = 200L;
        foreach (var hold in decision.Holds)
        {
            total += 40 + 8 + (strings.Add(hold.Message) ? Text(hold.Message) : 0);
        }

        total += decision.Actions.Length * 8 + decision.Actions.OfType<RemovePod>().Sum(a => 56 + Text(a.Why));
        total += decision.Actions.OfType<WriteStrategy>().Count() * (56 + 40 + 32);
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
