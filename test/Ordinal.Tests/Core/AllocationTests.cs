using System.Collections.Immutable;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>
/// A decision allocates what it returns and nothing beside it. Every decision that <see cref="Picture"/> makes in other tests is held to the same; here are
/// the shapes that matter by name, at the sizes that matter, and random ones.
/// </summary>
public sealed class AllocationTests
{
    [Test]
    public void Nothing_is_allocated_beside_the_result([ValueSource(nameof(Shapes))] Shape shape)
    {
        var (result, beside) = ResultSize.Of(shape.Input);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(beside, Is.Zero, "bytes beside the result");
            Assert.That(result, Is.Positive, "a decision is an object at least");
            Assert.That(RolloutPlanner.Decide(shape.Input).Actions.OfType<RemovePod>().Count(), Is.EqualTo(shape.Removals), "pods taken");
        }
    }

    [Test]
    public void Nothing_is_allocated_beside_the_result_in_random_clusters()
    {
        var weighed = new Weighed();

        Scenario.Any.Sample(scenario => scenario.Run(weighed), iter: 12, threads: 1, print: scenario => scenario.ToString());

        Assert.That(weighed.Count, Is.GreaterThan(200), "decisions");
    }

    [Test]
    public void What_is_allocated_beside_the_result_is_counted()
    {
        var input = Picture.Running("o o U").Input;
        var start = GC.GetAllocatedBytesForCurrentThread();
        _ = new byte[100];
        var waste = GC.GetAllocatedBytesForCurrentThread() - start;

        var (result, beside) = ResultSize.Of(input);
        var (larger, _) = ResultSize.Of(Picture.Running(string.Join(' ', Enumerable.Repeat("o", 100))).Input);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(waste, Is.InRange(100, 200), "the counter counts");
            Assert.That(beside, Is.Zero);
            Assert.That(larger, Is.GreaterThan(result + (97 * 40)), "a hold for each of 97 more pods");
        }
    }

    internal static IEnumerable<Shape> Shapes()
    {
        foreach (var pods in (int[])[3, 100, 2000])
        {
            yield return new($"{pods} pods wait for one that is away", 0, Half(pods, "s").Gated().Input);
            yield return new($"one of {pods} pods goes", 1, Open(Half(pods, "U"), (pods / 2) - 1).Input);
            yield return new($"{pods} pods are done", 0, Picture.Running(Repeat("U", pods)).Input);
            yield return new($"none of {pods} pods serves", 0, Picture.Running(Repeat("n", pods)).Input);
        }

        yield return new("nobody has the claim yet", 0, Picture.Resting("o o o").Input);
        yield return new("the partition releases one", 0, Picture.Running("o o o", UpdateDriver.Partition).WithPolicy(p => p with { Driver = UpdateDriver.Partition }).Input);
        yield return new("the leader is last", 1, Open(Picture.Running("U o o").LeaderLast().With(m => m with { Passed = [new(0, "uid-0")] }), 1).WithReports(Picture.Report(GatePhase.Roles, leader: "web-2")).Input);
        yield return new("nobody knows who leads", 0, Picture.Running("o o o").LeaderLast().Input);
        yield return new("another zone goes first", 0, Picture.Running("o o U").WithRequest(r => r with { Zone = new(ReasonCodes.ZoneWaitsTurn, "web: zone b goes first.") }).Input);
        yield return new("three go at once", 3, Picture.Running(Repeat("o", 9)).WithMax(3).Input);
        yield return new("a gate offers a batch", 1, Batches().Input);
        yield return new("two gates remember and warn", 1, TwoGates().Input);
        yield return new("the built-in controller rolls", 0, Picture.Running("o o s", UpdateDriver.Native).WithPolicy(p => p with { Driver = UpdateDriver.Native }).Gated().Input);
        yield return new("a step waits for its approval", 0, Picture.Running("o o U").WithPolicy(p => p with { Steps = [new(IntOrPercent.Of(1)) { Pause = new(null) }] }).Input);
        yield return new("a pod is stuck", 1, Picture.Running("o x U").Input);
        yield return new("a deadline is missed, and pods go back", 0, Picture.Running("o U s").InFlight(2, PodStage.Starting, uid: "gone").WithPolicy(p => p with { PodDeadline = TimeSpan.FromSeconds(1), OnFailure = FailureAction.RevertPods }).Input);
        yield return new("it is cancelled", 0, Picture.Running("o U U").WithRequest(r => r with { Cancel = CancelRequest.Halt }).Input);
    }

    private static string Repeat(string pod, int pods) => string.Join(' ', Enumerable.Repeat(pod, pods));

    /// <summary>The lower half is old; the upper one is at the target, but for its lowest pod, which is as told.</summary>
    private static Picture Half(int pods, string lowest) =>
        Picture.Running($"{Repeat("o", pods / 2)} {lowest} {Repeat("U", pods - (pods / 2) - 1)}").With(memory => memory with
        {
            Passed = [.. Enumerable.Range(pods / 2, pods - (pods / 2)).Where(index => lowest == "U" || index > pods / 2).Select(index => new PassedPod(index, Prefix(index)))],
        });

    private static string Prefix(int index) => $"uid-{index}" is { Length: > 8 } uid ? uid[..8] : $"uid-{index}";

    private static Picture Open(Picture picture, int index) => picture.Gated().WithReports(Picture.Report(GatePhase.BeforePod, $"uid-{index}"));

    private static Picture Batches()
    {
        var asked = Picture.Running("o o o o").WithMax(2).Gated(GatePhases.BeforePod);
        ImmutableArray<string> batch = ["uid-1", "uid-3"];
        return asked.WithReports(Picture.Report(GatePhase.BeforePod, "uid-3") with { Batch = batch }, Picture.Report(GatePhase.BeforePod, "uid-1,uid-3", GateVerdict.Deny) with { Batch = batch });
    }

    private static Picture TwoGates()
    {
        var asked = Picture.Running("o o o").Gated(GatePhases.BeforePod).WithPolicy(p => p with { Gates = [.. p.Gates, p.Gates[0] with { Name = "lag", TellsRoles = false }] });
        var etcd = Picture.Report(GatePhase.BeforePod, "uid-2", baseline: "member 7") with { Warnings = ["the disk is slow"] };
        return asked.WithReports(etcd, etcd with { Gate = "lag", Key = new GateQuestion("lag", GatePhase.BeforePod, ["uid-2"], Picture.New).Key, Baseline = "lag 0" });
    }

    /// <summary>A decision to weigh.</summary>
    /// <param name="Removals">How many pods it takes, so that a shape is what its name says.</param>
    public sealed record Shape(string Name, int Removals, RolloutInput Input)
    {
        /// <inheritdoc/>
        public override string ToString() => Name;
    }

    private sealed record Weighed : Planted
    {
        internal int Count { get; private set; }

        protected override RolloutInput Before(RolloutInput input)
        {
            Count++;
            Check.Require(ResultSize.Of(input).Beside == 0, "nothing is allocated beside the result", $"{ResultSize.Of(input).Beside} bytes: {Check.Show(RolloutPlanner.Decide(input))}");
            return input;
        }
    }
}
