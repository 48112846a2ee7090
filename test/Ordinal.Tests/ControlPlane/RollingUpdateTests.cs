using System.Text.Json;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class RollingUpdateTests
{
    [Test]
    public void S08_a_rolling_update_goes_from_the_top_with_one_pod_away_at_a_time([Range(1, 20)] int seed)
    {
        SimulatedCluster cluster = Rolled(seed, new StatefulSetDocument());
        List<string> order = [];
        int mostAway = 0;
        cluster.OnPod = change =>
        {
            if (change.After is { IsTerminating: true } pod && change.Before is { IsTerminating: false })
            {
                order.Add(pod.Name);
            }

            mostAway = Math.Max(mostAway, 3 - cluster.Pods.Count(pod => PodFacts.Of(pod) is { IsRunningAndReady: true, IsTerminating: false }));
        };
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        Assert.That(order, Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
        Assert.That(mostAway, Is.EqualTo(1));
    }

    [Test]
    public void S08_the_status_passes_through_the_states_that_a_real_controller_writes()
    {
        SimulatedCluster cluster = Rolled(1, new StatefulSetDocument());
        string first = cluster.Status().TextAt("currentRevision")!;
        List<string> seen = [];
        cluster.Store(ResourceKind.StatefulSets).Subscribe(change =>
        {
            JsonElement status = change.After!.Root.At("status");
            seen.Add($"{status.NumberAt("replicas") ?? 0}{status.NumberAt("readyReplicas") ?? 0}{status.NumberAt("currentReplicas") ?? 0}{status.NumberAt("updatedReplicas") ?? 0}");
        });
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();

        // replicas, ready, current, updated: the deletion and its count come together, and at the end both revisions are one.
        Assert.That(seen[..2], Is.EqualTo(new[] { "3333", "3320" }));
        Assert.That(seen, Does.Contain("3221"));
        Assert.That(seen[^1], Is.EqualTo("3333"));
        Assert.That(cluster.Status().TextAt("currentRevision"), Is.Not.EqualTo(first));
    }

    [Test]
    public void S09_a_canary_moves_only_the_pods_from_the_partition_on()
    {
        SimulatedCluster cluster = Rolled(2, new StatefulSetDocument { Strategy = Partition(3) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, old }));
        for (int partition = 2; partition >= 0; partition--)
        {
            SetPartition(cluster, partition);
            cluster.Settle();
            string[] expected = [.. Enumerable.Range(0, 3).Select(ordinal => ordinal >= partition ? update : old)];
            Assert.That(Revisions(cluster), Is.EqualTo(expected), $"partition {partition}");
            Assert.That(cluster.Status().TextAt("currentRevision"), Is.EqualTo(partition == 0 ? update : old));
        }
    }

    [Test]
    public void S10_a_pod_that_is_lost_in_a_canary_returns_at_the_revision_of_its_side()
    {
        SimulatedCluster cluster = Rolled(3, new StatefulSetDocument { Strategy = Partition(2) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        Lose(cluster, "web-0");
        Lose(cluster, "web-2");
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, update }));
    }

    [Test]
    public void S10_raising_the_partition_reverts_nothing_but_a_pod_that_is_lost_then_returns_at_the_old_revision()
    {
        SimulatedCluster cluster = Rolled(4, new StatefulSetDocument { Strategy = Partition(2) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        SetPartition(cluster, 3);
        cluster.Settle();
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(update));
        Lose(cluster, "web-2");
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(old));
    }

    [Test]
    public void S11_a_rollback_uses_the_first_revisions_name_with_a_higher_number()
    {
        SimulatedCluster cluster = Rolled(5, new StatefulSetDocument());
        string first = cluster.Status().TextAt("updateRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v1"));
        cluster.WaitForRollout();
        Assert.That(cluster.Status().TextAt("updateRevision"), Is.EqualTo(first));
        Assert.That(cluster.Store(ResourceKind.ControllerRevisions).List().ToDictionary(revision => revision.Name, RevisionHistory.NumberOf)[first], Is.EqualTo(3));
    }

    [TestCase(2, 3)]
    [TestCase(0, 1)]
    public void S12_beyond_the_limit_the_oldest_revisions_that_nothing_names_are_deleted(int limit, int left)
    {
        SimulatedCluster cluster = Rolled(6, new StatefulSetDocument { Replicas = 1, HistoryLimit = limit });
        for (int version = 2; version <= 6; version++)
        {
            cluster.PatchSet(StatefulSetDocument.NewImage($"app:v{version}"));
            cluster.WaitForRollout();
        }

        cluster.Settle();
        long[] numbers = [.. cluster.Store(ResourceKind.ControllerRevisions).List().Select(RevisionHistory.NumberOf).Order()];
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(6 - left + 1, left)));
    }

    [Test]
    public void S12_a_revision_that_a_pod_carries_is_kept_whatever_the_limit()
    {
        SimulatedCluster cluster = Rolled(7, new StatefulSetDocument { Strategy = Partition(1), HistoryLimit = 0 });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v3"));
        cluster.Settle();
        Assert.That(cluster.Store(ResourceKind.ControllerRevisions).List().Select(revision => revision.Name), Is.EquivalentTo(new[] { old, cluster.Status().TextAt("updateRevision")! }));
    }

    [Test]
    public void S14_on_delete_moves_nothing_by_itself_and_a_lost_pod_returns_updated()
    {
        SimulatedCluster cluster = Rolled(8, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, old }));
        Lose(cluster, "web-1");
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, update, old }));
        Lose(cluster, "web-0");
        Lose(cluster, "web-2");
        cluster.Settle();
        Assert.That(cluster.Status().TextAt("currentRevision"), Is.EqualTo(old), "1.36 never completes an OnDelete update");
    }

    [Test]
    public void S21_an_ordered_rollout_of_a_bad_revision_stays_stuck_after_the_revert_until_the_pod_is_deleted()
    {
        SimulatedCluster cluster = Rolled(9, new StatefulSetDocument());
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet("""{"spec":{"template":{"metadata":{"annotations":{"sim.ordinal.dev/fail":"ImagePullBackOff"}}}}}""");
        cluster.Settle();
        string bad = cluster.Status().TextAt("updateRevision")!;
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, bad }));
        cluster.PatchSet("""{"spec":{"template":{"metadata":{"annotations":{"sim.ordinal.dev/fail":null}}}}}""");
        cluster.Settle();
        Assert.That(cluster.Status().TextAt("updateRevision"), Is.EqualTo(old));
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, bad }), "stuck");
        Lose(cluster, "web-2");
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, old }));
    }

    [Test]
    public void S21_under_parallel_the_controller_replaces_the_bad_pod_itself()
    {
        SimulatedCluster cluster = Rolled(10, new StatefulSetDocument { IsParallel = true });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet("""{"spec":{"template":{"metadata":{"annotations":{"sim.ordinal.dev/fail":"CrashLoopBackOff"}}}}}""");
        cluster.Settle();
        Assert.That(cluster.RevisionOf("web-2"), Is.Not.EqualTo(old));
        cluster.PatchSet("""{"spec":{"template":{"metadata":{"annotations":{"sim.ordinal.dev/fail":null}}}}}""");
        cluster.WaitForRollout();
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, old }));
    }

    [Test]
    public void S26_scaling_to_zero_makes_a_canary_the_stable_revision()
    {
        SimulatedCluster cluster = Rolled(11, new StatefulSetDocument { Strategy = Partition(2) });
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        cluster.PatchSet("""{"spec":{"replicas":0}}""");
        cluster.Settle();
        Assert.That(cluster.Status().TextAt("currentRevision"), Is.EqualTo(update));
        cluster.PatchSet("""{"spec":{"replicas":3}}""");
        cluster.WaitForRollout();
        Assert.That(Revisions(cluster), Is.All.EqualTo(update));
    }

    internal static SimulatedCluster Rolled(int seed, StatefulSetDocument document, Ordinal.ControlPlane.EmbeddedClusterOptions? options = null)
    {
        SimulatedCluster cluster = new(seed, options);
        cluster.Create(ResourceKind.StatefulSets, document.Build());
        cluster.WaitForRollout(document.Name);
        return cluster;
    }

    internal static string Partition(long partition) =>
        """{"type":"RollingUpdate","rollingUpdate":{"partition":""" + partition + "}}";

    internal static void SetPartition(SimulatedCluster cluster, long partition) =>
        cluster.PatchSet("""{"spec":{"updateStrategy":""" + Partition(partition) + "}}");

    internal static string[] Revisions(SimulatedCluster cluster) => [.. cluster.Pods.Select(pod => PodFacts.Of(pod).Revision)];

    /// <summary>Deletes a pod and waits until another one with its name is ready.</summary>
    internal static void Lose(SimulatedCluster cluster, string name)
    {
        string uid = cluster.Pod(name)!.Uid;
        cluster.Delete(ResourceKind.Pods, name);
        cluster.WaitFor($"a new {name}", () => cluster.Pod(name) is { } pod && pod.Uid != uid && PodFacts.Of(pod).IsRunningAndReady);
    }
}
