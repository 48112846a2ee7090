using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class ParallelSetTests
{
    [Test]
    public void S07_a_parallel_set_scales_up_and_down_whatever_the_pods_health()
    {
        SimulatedCluster cluster = new(1);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { IsParallel = true, PodAnnotations = { ["sim.ordinal.dev/fail"] = "NeverReady" } }.Build());
        cluster.WaitFor("three pods", () => cluster.Pods.Length == 3);
        cluster.PatchSet("""{"spec":{"replicas":0}}""");
        cluster.WaitFor("no pods", () => cluster.Pods.IsEmpty);
        cluster.PatchSet("""{"spec":{"replicas":3}}""");
        cluster.WaitFor("three pods", () => cluster.Pods.Length == 3);
    }

    [Test]
    public void S07_three_hundred_pods_come_and_go_within_a_minute_of_the_clusters_time()
    {
        SimulatedCluster cluster = new(2, new EmbeddedClusterOptions { Nodes = 6 });
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { IsParallel = true, Replicas = 300 }.Build());
        cluster.WaitForRollout();
        TimeSpan up = cluster.World.Time.Elapsed;
        cluster.PatchSet("""{"spec":{"replicas":0}}""");
        cluster.WaitFor("no pods", () => cluster.Pods.IsEmpty);
        Assert.That(up, Is.LessThan(TimeSpan.FromSeconds(60)));
        Assert.That(cluster.World.Time.Elapsed - up, Is.LessThan(TimeSpan.FromSeconds(60)));
    }

    [Test]
    public void S22_under_parallel_an_unready_lower_pod_does_not_stop_the_update_so_two_are_away()
    {
        SimulatedCluster cluster = Rolled(3, new StatefulSetDocument { IsParallel = true });
        cluster.MakeReady("web-0", false);
        int mostAway = 0;
        cluster.OnPod = _ => mostAway = Math.Max(mostAway, Away(cluster, 3));
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        Assert.That(mostAway, Is.EqualTo(2));
    }

    [Test]
    public void S19_with_the_gate_no_more_than_max_unavailable_are_away_and_the_partition_holds([Range(1, 10)] int seed)
    {
        SimulatedCluster cluster = Rolled(seed, new StatefulSetDocument { IsParallel = true, Replicas = 6, Strategy = Several(2, 3) }, WithGate());
        string old = cluster.Status().TextAt("currentRevision")!;
        int mostAway = 0;
        cluster.OnPod = _ => mostAway = Math.Max(mostAway, Away(cluster, 6));
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        Assert.That(mostAway, Is.EqualTo(2));
        Assert.That(Revisions(cluster)[..3], Is.All.EqualTo(old));
        Assert.That(Revisions(cluster)[3..], Is.All.EqualTo(cluster.Status().TextAt("updateRevision")));
    }

    [Test]
    public void S19_with_the_gate_an_unavailable_pod_below_the_partition_uses_up_the_budget()
    {
        SimulatedCluster cluster = Rolled(4, new StatefulSetDocument { IsParallel = true, Replicas = 5, Strategy = Several(1, 3) }, WithGate());
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.MakeReady("web-0", false);

        // The controller's watch may show the pod later than ours.
        cluster.Settle();
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        Assert.That(Revisions(cluster), Is.All.EqualTo(old));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void S19_an_old_broken_pod_blocks_the_update_that_would_fix_it_until_137666(bool isFixed)
    {
        StatefulSetSwitches switches = new() { MaxUnavailable = true, IgnoresOldBrokenPodsInParallel = isFixed };
        SimulatedCluster cluster = Rolled(5, new StatefulSetDocument { IsParallel = true, Strategy = Several(1, 0) }, With(switches));
        cluster.Annotate("web-1", "sim.ordinal.dev/ready", "false");
        cluster.WaitFor("web-1 to be unready", () => !PodFacts.Of(cluster.Pod("web-1")!).HasReadyCondition);
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        Assert.That(Revisions(cluster), isFixed ? Has.None.EqualTo(old) : Is.All.EqualTo(old));
    }

    [Test]
    public void S20_ordered_with_the_gate_two_are_deleted_at_once_and_made_again_one_after_the_other()
    {
        SimulatedCluster cluster = Rolled(6, new StatefulSetDocument { Replicas = 4, Strategy = Several(2, 0) }, WithGate());
        List<string> log = [];
        cluster.OnPod = change =>
        {
            if (change is { Before.IsTerminating: false, After.IsTerminating: true })
            {
                log.Add($"-{change.After.Name[^1]}");
            }
            else if (change.Before is null)
            {
                log.Add($"+{change.After!.Name[^1]}");
            }
        };
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        Assert.That(log, Is.EqualTo(new[] { "-3", "-2", "+2", "+3", "-1", "-0", "+0", "+1" }));
    }

    private static int Away(SimulatedCluster cluster, int replicas) =>
        replicas - cluster.Pods.Count(pod => PodFacts.Of(pod) is { IsRunningAndReady: true, IsTerminating: false });

    private static string Several(int maxUnavailable, int partition) =>
        """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":""" + maxUnavailable + ""","partition":""" + partition + "}}";

    private static EmbeddedClusterOptions WithGate() => With(new StatefulSetSwitches { MaxUnavailable = true });

    private static EmbeddedClusterOptions With(StatefulSetSwitches switches) => new() { Controllers = new ControllerManagerOptions { StatefulSets = switches } };
}
