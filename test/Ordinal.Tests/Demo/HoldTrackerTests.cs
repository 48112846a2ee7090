using NUnit.Framework;
using Ordinal.Operator.Demo;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HoldTrackerTests
{
    private readonly HoldTracker _holds = new();

    [Test]
    public void One_reason_for_one_pod_is_one_hold_with_its_longest_message()
    {
        See("A", "etcd-0", "short", 1);
        See("A", "etcd-0", "a longer message", 2);
        See("A", "etcd-0", "short", 3);
        See("", "", "", 4);
        See("", "", "", 5);
        Assert.That(_holds.Holds, Is.EqualTo(new[] { new Hold("A", "a longer message", Scene.At(1), Scene.At(4)) }));
    }

    [Test]
    public void Another_pod_or_another_reason_is_another_hold()
    {
        See("A", "etcd-0", "x", 1);
        See("A", "etcd-1", "y", 2);
        See("B", "etcd-1", "z", 4);
        See("", "", "", 5);
        Assert.That(_holds.Holds.Select(h => (h.Reason, h.Message, h.Length.TotalSeconds)), Is.EqualTo(new[] { ("A", "x", 1d), ("A", "y", 2d), ("B", "z", 1d) }));
    }

    [Test]
    public void The_same_reason_after_a_pause_is_a_new_hold()
    {
        See("A", "etcd-0", "x", 1);
        See("", "", "", 2);
        See("A", "etcd-0", "x", 8);
        See("", "", "", 9);
        Assert.That(_holds.Holds.Sum(h => h.Length.TotalSeconds), Is.EqualTo(2));
    }

    [Test]
    public void What_a_gate_says_is_told_apart_from_the_ordinary_course()
    {
        See("EtcdQuorumWouldBreak", "etcd-2", "x", 1);
        See("PodNotReady", "etcd-2", "y", 2);
        See("GateCounting", "etcd-2", "z", 3);
        Assert.That(_holds.Holds.Select(h => h.IsByGate), Is.EqualTo(new[] { true, false, false }));
    }

    private void See(string reason, string pod, string message, double at) => _holds.See(reason, pod, message, Scene.At(at));
}
