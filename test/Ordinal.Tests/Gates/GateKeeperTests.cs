using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Gates;

/// <summary>What the keeper adds to any gate. Virtual time, one thread, continuations in seeded order.</summary>
public sealed class GateKeeperTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void A_question_asked_again_before_its_interval_gets_the_last_report() => Run(async bench =>
    {
        var first = await bench.AskAsync();
        var second = await bench.AskAfterAsync(4 * Second);
        Assert.That(second, Is.SameAs(first));
        Assert.That(bench.Gate.Observations, Is.EqualTo(1));
        await bench.AskAfterAsync(Second);
        Assert.That(bench.Gate.Observations, Is.EqualTo(2));
    });

    [Test]
    public void G4_successes_count_in_a_row_and_anything_else_starts_again() => Run(async bench =>
    {
        var counts = new List<int>();
        foreach (var verdict in new[] { GateVerdict.Allow, GateVerdict.Allow, GateVerdict.Deny, GateVerdict.Allow, GateVerdict.Unknown, GateVerdict.Allow, GateVerdict.Misconfigured, GateVerdict.Allow, GateVerdict.Allow, GateVerdict.Allow })
        {
            bench.Gate.Verdict = verdict;
            counts.Add((await bench.AskAfterAsync(KeeperBench.Interval)).Successes);
        }

        Assert.That(counts, Is.EqualTo(new[] { 1, 2, 0, 1, 0, 1, 0, 1, 2, 3 }));
    });

    [Test]
    public void K7_progress_is_the_moment_at_which_less_was_left_than_ever_before() => Run(async bench =>
    {
        bench.Gate.Verdict = GateVerdict.Deny;
        var progressed = new List<bool>();
        foreach (var left in new long?[] { 9, 9, 7, 8, 7, 6, null, 6, 5 })
        {
            bench.Gate.Remaining = left;
            var report = await bench.AskAfterAsync(KeeperBench.Interval);
            progressed.Add(report.ProgressedAt == report.ObservedAt);
        }

        Assert.That(progressed, Is.EqualTo(new[] { true, false, true, false, false, true, false, false, true }));
    });

    [Test]
    public void G4_many_asks_in_one_moment_are_one_success() => Run(async bench =>
    {
        for (var i = 0; i < 5; i++)
        {
            // Each change of a pod makes the last report useless, so that every ask probes.
            bench.Context = bench.Context with { Pods = bench.Context.Pods.SetItem(0, KeeperBench.Pod(0) with { Address = $"10.0.1.{i}" }) };
            Assert.That((await bench.AskAfterAsync(Second / 2)).Successes, Is.EqualTo(1));
        }

        Assert.That(bench.Gate.Observations, Is.EqualTo(5));
    });

    [Test]
    public void After_a_long_silence_the_count_starts_again() => Run(async bench =>
    {
        await bench.AskAsync();
        Assert.That((await bench.AskAfterAsync(KeeperBench.Interval)).Successes, Is.EqualTo(2));
        Assert.That((await bench.AskAfterAsync(TimeSpan.FromMinutes(1))).Successes, Is.EqualTo(1));
    });

    [Test]
    public void A_restarted_operator_starts_at_zero() => Run(async bench =>
    {
        await bench.AskAsync();
        bench.Keeper = new KeeperBench(new VirtualWorld(1)).Keeper;
        Assert.That((await bench.AskAfterAsync(KeeperBench.Interval)).Successes, Is.EqualTo(1));
    });

    [Test]
    public void G6_other_secrets_make_another_gate_and_it_is_asked_at_once() => Run(async bench =>
    {
        await bench.AskAsync();
        await bench.AskAfterAsync(KeeperBench.Interval);
        bench.Gate = new FakeGate { Verdict = GateVerdict.Misconfigured };
        Assert.That((await bench.AskAsync()).Verdict, Is.EqualTo(GateVerdict.Misconfigured));
        bench.Gate = new FakeGate();
        Assert.That((await bench.AskAsync()).Successes, Is.EqualTo(1));
    });

    [Test]
    public void A_report_that_is_too_old_is_not_given_again_though_its_interval_is_not_over() => Run(async bench =>
    {
        var binding = new GateBinding(new GatePolicy { Name = "g", Type = "Fake", Interval = TimeSpan.FromMinutes(5) }, bench.Gate);
        var context = bench.Context with { Gates = [binding] };
        await bench.Keeper.AskAsync(context, [KeeperBench.Question()], CancellationToken.None);
        await bench.AskAfterAsync(11 * Second);
        Assert.That(bench.Gate.Observations, Is.EqualTo(2), "an Allow is valid for 10 s");
    });

    [Test]
    public void G2_a_pod_that_was_replaced_is_unknown_and_nobody_is_asked() => Run(async bench =>
    {
        await bench.AskAsync();
        bench.Context = bench.Context with { Pods = bench.Context.Pods.SetItem(1, KeeperBench.Pod(1) with { Uid = "uid-1b" }) };
        var report = await bench.AskAfterAsync(KeeperBench.Interval);
        Assert.That((report.Verdict, report.Reason), Is.EqualTo((GateVerdict.Unknown, ReasonCodes.GatePodChanged)));
        Assert.That(bench.Gate.Observations, Is.EqualTo(1));
        Assert.That((await bench.AskAsync(KeeperBench.Question(uid: "uid-1b"))).Successes, Is.EqualTo(1), "its successor starts at zero");
    });

    [Test]
    public void A_pod_of_another_revision_cannot_be_back() => Run(async bench =>
    {
        bench.Context = bench.Context with { Pods = bench.Context.Pods.SetItem(1, KeeperBench.Pod(1) with { Revision = "old" }) };
        Assert.That((await bench.AskAsync(KeeperBench.Question(GatePhase.AfterPod))).Reason, Is.SameAs(ReasonCodes.GatePodChanged));
        Assert.That((await bench.AskAsync(KeeperBench.Question())).Verdict, Is.EqualTo(GateVerdict.Allow), "whether it may stop is another question");
    });

    [Test]
    public void A_gate_that_hangs_is_unknown_at_its_deadline_even_if_it_ignores_its_token() => Run(async bench =>
    {
        await bench.AskAsync();
        bench.Gate.Behaviour = _ => new TaskCompletionSource().Task;
        var report = await bench.AskAfterAsync(KeeperBench.Interval);
        Assert.That((report.Verdict, report.Reason, report.Successes), Is.EqualTo((GateVerdict.Unknown, ReasonCodes.GateTimeout, 0)));
        Assert.That(report.Message, Does.StartWith("prod/db: gate g gave no answer within 5 s"));
    });

    [Test]
    public void An_exception_is_unknown_and_its_words_stay_out_of_the_report() => Run(async bench =>
    {
        bench.Gate.Behaviour = _ => throw new InvalidOperationException("password=hunter2");
        var report = await bench.AskAsync();
        Assert.That((report.Verdict, report.Reason), Is.EqualTo((GateVerdict.Unknown, ReasonCodes.GateFailed)));
        Assert.That(report.Message, Does.Not.Contain("hunter2").And.Contain("InvalidOperationException"));
        bench.Gate.Behaviour = _ => Task.CompletedTask;
        bench.Gate.EvaluationFailure = new ArgumentException("hunter2");
        Assert.That((await bench.AskAfterAsync(KeeperBench.Interval)).Reason, Is.SameAs(ReasonCodes.GateFailed));
    });

    [Test]
    public void A_gate_that_is_not_in_the_policy_is_misconfigured() => Run(async bench =>
    {
        var report = await bench.AskAsync(KeeperBench.Question() with { Gate = "nosuch" });
        Assert.That((report.Verdict, report.Reason), Is.EqualTo((GateVerdict.Misconfigured, ReasonCodes.GateNotFound)));
    });

    [Test]
    public void Stopping_the_operator_ends_the_asking() => Run(async bench =>
    {
        bench.Gate.Behaviour = token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        using var stop = new CancellationTokenSource();
        var asking = bench.Keeper.AskAsync(bench.Context with { Gates = [KeeperBench.Bind("g", bench.Gate)] }, [KeeperBench.Question()], stop.Token);
        stop.Cancel();
        try
        {
            await asking;
            Assert.Fail("it must be cancelled");
        }
        catch (OperationCanceledException)
        {
            Assert.That(bench.Gate.Observations, Is.EqualTo(1));
        }
    });

    [Test]
    public void What_the_gate_wants_remembered_comes_back_to_the_same_question_only() => Run(async bench =>
    {
        await bench.AskAsync();
        await bench.AskAfterAsync(KeeperBench.Interval);
        await bench.AskAsync(KeeperBench.Question(uid: "uid-2"));
        Assert.That(bench.Gate.Memos, Is.EqualTo(new[] { null, "memo 1", null }));
    });

    [Test]
    public void Questions_of_one_pass_to_one_gate_share_an_observation() => Run(async bench =>
    {
        var reports = await bench.Keeper.AskAsync(
            bench.Context with { Gates = [KeeperBench.Bind("g", bench.Gate)] },
            [KeeperBench.Question(), KeeperBench.Question(uid: "uid-2"), KeeperBench.Question(GatePhase.Roles, "uid-0")],
            CancellationToken.None);
        Assert.That(reports.Select(r => r.Key), Is.EqualTo(new[] { "g|BeforePod|uid-1|new", "g|BeforePod|uid-2|new", "g|Roles|uid-0|new" }));
        Assert.That(bench.Gate.Observations, Is.EqualTo(1));
    });

    [Test]
    public void Preparing_counts_tries_and_makes_the_next_ask_probe() => Run(async bench =>
    {
        await bench.AskAsync();
        var failed = await bench.PrepareAsync();
        Assert.That((failed.IsDone, failed.Reason), Is.EqualTo((false, ReasonCodes.EtcdMoveLeaderFailed)));
        bench.Gate.IsPrepared = true;
        Assert.That((await bench.PrepareAsync()).IsDone, Is.True);
        await bench.AskAsync();
        Assert.That(bench.Gate.Tries, Is.EqualTo(new[] { 0, 2 }));
        Assert.That((await bench.PrepareAsync("uid-9")).Reason, Is.SameAs(ReasonCodes.GatePodChanged));
    });

    [Test]
    public void A_forgotten_workload_starts_again() => Run(async bench =>
    {
        await bench.AskAsync();
        bench.Keeper.Forget("w");
        Assert.That((await bench.AskAfterAsync(Second)).Successes, Is.EqualTo(1));
        Assert.That(bench.Gate.Observations, Is.EqualTo(2));
    });

    [TestCase(1)]
    [TestCase(2)]
    public void A_thousand_gates_are_asked_at_once_on_one_thread(int seed) => VirtualWorld.Run(seed, TimeSpan.FromMinutes(1), async world =>
    {
        var bench = new KeeperBench(world);
        var gates = Enumerable.Range(0, 1000).Select(i => new FakeGate
        {
            Behaviour = i % 3 == 0 ? _ => new TaskCompletionSource().Task : token => Task.Delay(TimeSpan.FromMilliseconds(i), world.Time, token),
        }).ToArray();
        var context = bench.Context with { Gates = [.. gates.Select((g, i) => KeeperBench.Bind($"g{i}", g))] };
        ImmutableArray<GateQuestion> questions = [.. gates.Select((_, i) => KeeperBench.Question() with { Gate = $"g{i}" })];

        var reports = await bench.Keeper.AskAsync(context, questions, CancellationToken.None);

        Assert.That(reports.Select(r => r.Gate), Is.EqualTo(questions.Select(q => q.Gate)));
        Assert.That(reports.Select(r => r.Verdict), Is.EqualTo(questions.Select((_, i) => i % 3 == 0 ? GateVerdict.Unknown : GateVerdict.Allow)));
        Assert.That(world.Time.Elapsed, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(6)), "the slowest, not the sum");
    });

    private static void Run(Func<KeeperBench, Task> test) =>
        VirtualWorld.Run(7, TimeSpan.FromMinutes(10), world => test(new KeeperBench(world)));
}
