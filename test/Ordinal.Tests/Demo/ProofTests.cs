using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

public sealed class ProofTests
{
    private const string New = "--snapshot-count=9000";

    [Test]
    public void A_good_run_passes()
    {
        var proof = Proof.Of(Good());
        Assert.That(proof.Lines.Where(l => !l.IsKept), Is.Empty);
        Assert.That(proof.IsPassed, Is.True);
    }

    [Test]
    public void The_text_of_a_good_run()
    {
        Assert.That(string.Join('\n', ProofText.Write(Proof.Of(Good()))), Is.EqualTo("""
            PROOF
              order         etcd-1 (3.0 s, etcd-2 led), then etcd-0 (3.0 s, etcd-2 led), then etcd-2 (3.0 s, etcd-1 led)
              leaders       etcd-2, then etcd-1 from 10.5 s
                            1 leader change
              writes        1,234 acknowledged, 7 failed, of these 5 without a word of what became of them
              lost          0
              write stall   0.21 s at most between two acknowledged writes
              held          2.0 s because a gate said no
                            2.0 s EtcdQuorumWouldBreak: etcd-1 does not answer
                            in the ordinary course: PodNotReady 6.0 s
              hang          etcd-1 was stopped from 7.0 s to 9.0 s, named after 0.5 s
              down          etcd-1 from 1.0 s for 3.0 s (no process)
              down          etcd-0 from 4.5 s for 3.0 s (no process)
              down          etcd-1 from 8.0 s for 1.1 s (no answer within 1 s)
              down          etcd-2 from 11.0 s for 3.0 s (no process)
              in all        15.0 s from the change to the end

              kept    all 3 members run the new template: 3 of 3 processes have --snapshot-count=9000 and pods of revision etcd-b
              kept    nothing that was acknowledged is lost: 1234 acknowledged writes read back, 0 lost
              kept    never were two members down: at most 1 down at any of 201 looks
              kept    the observer was awake all the time: longest time between two looks 0.1 s
              kept    the rollout says that it succeeded: Completed: 3 of 3 pods updated
              kept    while etcd-1 hung, the rollout waited and named it: EtcdQuorumWouldBreak: etcd-1 does not answer

            PASSED
            """));
    }

    [Test]
    public void A_lost_write_breaks_it()
    {
        Breaks(Good() with { ReadBack = new ReadBack(1234, ["/ordinal-demo/00000007"]) }, "nothing that was acknowledged is lost");
    }

    [Test]
    public void A_read_back_that_looked_for_less_than_was_acknowledged_breaks_it()
    {
        Breaks(Good() with { ReadBack = new ReadBack(1233, []) }, "nothing that was acknowledged is lost");
        Breaks(Good() with { ReadBack = null }, "nothing that was acknowledged is lost");
    }

    [Test]
    public void A_client_that_wrote_nothing_proves_nothing()
    {
        Breaks(Good() with { ReadBack = new ReadBack(0, []), Writes = new WriteSummary() }, "nothing that was acknowledged is lost");
    }

    [Test]
    public void Two_members_down_break_it_and_are_named()
    {
        var proof = Breaks(Good(GoodScene().WithoutProcess(0, 15.2, 15.4)), "never were two members down");
        Assert.That(proof.Lines[2].Evidence, Does.Contain("2 down").And.Contain("etcd-0, etcd-2"));
        Assert.That(ProofText.Write(proof)[^1], Does.StartWith("FAILED: never were two members down"));
    }

    [Test]
    public void A_process_on_the_old_template_breaks_it_whatever_its_pod_says()
    {
        var scene = GoodScene(lastWord: "--snapshot-count=10000");
        Breaks(Good(scene), "all 3 members run the new template");
    }

    [Test]
    public void A_pod_of_the_old_revision_breaks_it_whatever_its_process_says()
    {
        Breaks(Good() with { Pods = [.. Good().Pods.Select((p, i) => i == 2 ? p with { Revision = "etcd-a" } : p)] }, "all 3 members run the new template");
    }

    [Test]
    public void A_hang_that_nobody_named_breaks_it()
    {
        Breaks(Good() with { Hang = Good().Hang! with { NamedBy = null, NamedAt = null } }, "while etcd-1 hung, the rollout waited and named it");
    }

    [Test]
    public void A_hang_that_was_due_and_never_made_breaks_it()
    {
        Breaks(Good() with { Hang = null }, "a member was made to hang");
    }

    [Test]
    public void A_pod_that_was_taken_during_the_hang_breaks_it()
    {
        Breaks(Good() with { Hang = Good().Hang! with { Continued = Scene.At(15.5) } }, "while etcd-1 hung, the rollout waited and named it");
    }

    [Test]
    public void One_election_is_told_apart_and_two_are_too_many()
    {
        // The leader stops answering at 14.8, and the others have another one at 16.2.
        var scene = GoodScene(nextLed: 16.2).WithoutAnswer(0, 14.8, 16.2).WithoutAnswer(1, 14.8, 16.2);
        var allowed = Good(scene) with { Elections = new ElectionAllowance(1, TimeSpan.FromSeconds(10)) };
        var proof = Proof.Of(allowed);
        Assert.That(proof.Lines.Where(l => !l.IsKept), Is.Empty);
        Assert.That(ProofText.Write(proof), Has.Some.EqualTo("  election      etcd-2, which led, was gone at 11.0 s; etcd-1 led next; nobody answered for 1.5 s"));
        Assert.That(proof.Lines.Select(l => l.Evidence), Has.Some.EndsWith(", beside 1 election of 1.5 s at most (an outage from 10.0 s on)").And.Some.EqualTo("1 new term since the change"));

        Breaks(Good(scene) with { Elections = null }, "never were two members down");
        Breaks(Good(scene.Led(1, 18, 6)) with { Elections = allowed.Elections }, "the rollout cost at most 1 election");
    }

    [Test]
    public void A_rollout_that_did_not_succeed_breaks_it()
    {
        Breaks(Good() with { HasSucceeded = false, Outcome = "DeadlineExceeded" }, "the rollout says that it succeeded");
    }

    [Test]
    public void An_observer_that_slept_through_a_restart_breaks_it()
    {
        var seen = Good().Seen;
        Breaks(
            Good() with { Seen = seen with { Looks = [.. seen.Looks.Where(l => l.At < Scene.At(1) || l.At > Scene.At(3.5))] } },
            "the observer was awake all the time");
    }

    private static Proof Breaks(Evidence evidence, string promise)
    {
        var proof = Proof.Of(evidence);
        Assert.That(proof.IsPassed, Is.False);
        Assert.That(proof.Lines.Where(l => !l.IsKept).Select(l => l.Promise), Is.EqualTo(new[] { promise }));
        return proof;
    }

    /// <summary>Template changed at 4; etcd-1 from 5 to 8, etcd-0 from 8.5 to 11.5, etcd-1 hangs from 12 to 14 (answers from 14), etcd-2 from 15 to 18.</summary>
    private static Scene GoodScene(string lastWord = New, double nextLed = 14.5) => new Scene { Length = TimeSpan.FromSeconds(21) }
        .WithoutProcess(1, 5, 8).WithoutProcess(0, 8.5, 11.5).WithoutAnswer(1, 12, 14).WithoutProcess(2, 15, 18)
        .Ran(0, 0, 8.5, "etcd").Ran(1, 0, 5, "etcd").Ran(2, 0, 15, "etcd")
        .Ran(1, 8, null, "etcd", New).Ran(0, 11.5, null, "etcd", New).Ran(2, 18, null, "etcd", lastWord)
        .Led(2, 0, 4).Led(1, nextLed, 5);

    private static Evidence Good(Scene? scene = null) => new()
    {
        Seen = (scene ?? GoodScene()).Build(),
        End = Scene.At(21),
        Changed = Scene.At(4),
        Finished = Scene.At(19),
        Outcome = "Completed: 3 of 3 pods updated",
        HasSucceeded = true,
        NewWord = New,
        UpdateRevision = "etcd-b",
        Pods = [new("etcd-0", "etcd-b", true), new("etcd-1", "etcd-b", true), new("etcd-2", "etcd-b", true)],
        Writes = new WriteSummary { Acknowledged = 1234, Refused = 2, Unknown = 5, LongestStall = Scene.At(0.21) },
        ReadBack = new ReadBack(1234, []),
        Holds =
        [
            new Hold("EtcdQuorumWouldBreak", "etcd-1 does not answer", Scene.At(12), Scene.At(14)) { IsByGate = true },
            new Hold("PodNotReady", "etcd-1 is not ready", Scene.At(5), Scene.At(8)),
            new Hold("PodNotReady", "etcd-0 is not ready", Scene.At(8.5), Scene.At(11.5)),
            new Hold("GateCounting", "1 of 3 checks", Scene.At(8), Scene.At(8.5)),
        ],
        IsHangDue = true,
        Hang = new HangRecord(1, Scene.At(11), Scene.At(13), "EtcdQuorumWouldBreak: etcd-1 does not answer", Scene.At(11.5)),
    };
}
