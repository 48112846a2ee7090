using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class AvailabilityTests
{
    [Test]
    public void S15_the_next_pod_goes_only_when_the_one_before_has_been_ready_for_min_ready_seconds()
    {
        SimulatedCluster cluster = Rolled(1, new StatefulSetDocument { MinReadySeconds = 30 });
        cluster.World.RunFor(TimeSpan.FromMinutes(2));
        Dictionary<string, DateTimeOffset> ready = [];
        List<double> waits = [];
        cluster.OnPod = change =>
        {
            if (change.After is { IsTerminating: true } dying && change.Before is { IsTerminating: false } && dying.Name != "web-2")
            {
                string above = $"web-{dying.Name[^1] - '0' + 1}";
                waits.Add((cluster.World.Time.GetUtcNow() - ready[above]).TotalSeconds);
            }

            if (change.After is { } pod && PodFacts.Of(pod).HasReadyCondition && (change.Before is null || !PodFacts.Of(change.Before).HasReadyCondition))
            {
                ready[pod.Name] = cluster.World.Time.GetUtcNow();
            }
        };
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        Assert.That(waits, Has.Count.EqualTo(2));
        Assert.That(waits, Is.All.InRange(29, 32), "the condition's time is cut to the second");
    }

    [Test]
    public void S16_an_ordered_scale_down_waits_until_the_pods_are_available()
    {
        SimulatedCluster cluster = new(2);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { MinReadySeconds = 30, Replicas = 2 }.Build());
        cluster.WaitFor("two ready pods", () => cluster.Pods.Length == 2 && cluster.Pods.All(pod => PodFacts.Of(pod).IsRunningAndReady));
        cluster.MakeReady("web-0", false);
        cluster.MakeReady("web-0", true);
        DateTimeOffset ready = cluster.World.Time.GetUtcNow();
        cluster.PatchSet("""{"spec":{"replicas":1}}""");
        cluster.WaitFor("web-1 to go", () => cluster.Pod("web-1") is null or { IsTerminating: true });
        Assert.That((cluster.World.Time.GetUtcNow() - ready).TotalSeconds, Is.GreaterThanOrEqualTo(28));
    }

    [Test]
    public void S17_on_delete_makes_a_pod_again_without_waiting_for_availability()
    {
        SimulatedCluster cluster = new(3);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { MinReadySeconds = 600, Replicas = 2, IsParallel = true, Strategy = """{"type":"OnDelete"}""" }.Build());
        cluster.WaitFor("two ready pods", () => cluster.Pods.Length == 2 && cluster.Pods.All(pod => PodFacts.Of(pod).IsRunningAndReady));
        DateTimeOffset began = cluster.World.Time.GetUtcNow();
        Lose(cluster, "web-0");
        Lose(cluster, "web-1");
        Assert.That((cluster.World.Time.GetUtcNow() - began).TotalSeconds, Is.LessThan(60));
    }

    [Test]
    public void S18_available_replicas_follow_min_ready_seconds()
    {
        SimulatedCluster cluster = new(4);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 2, MinReadySeconds = 30, IsParallel = true }.Build());
        cluster.WaitFor("two available", () => cluster.Status().NumberAt("availableReplicas") == 2);
        cluster.PatchSet("""{"spec":{"minReadySeconds":3600}}""");
        cluster.WaitFor("none available", () => cluster.Status().NumberAt("availableReplicas") == 0);
        Assert.That(cluster.Status().NumberAt("readyReplicas"), Is.EqualTo(2));
        cluster.PatchSet("""{"spec":{"minReadySeconds":0}}""");
        cluster.WaitFor("two available", () => cluster.Status().NumberAt("availableReplicas") == 2);
    }
}
