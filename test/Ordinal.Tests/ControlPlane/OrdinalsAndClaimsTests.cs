using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class OrdinalsAndClaimsTests
{
    [Test]
    public void S23_pods_follow_the_start_ordinal_up_down_and_away()
    {
        SimulatedCluster cluster = Rolled(1, new StatefulSetDocument { Start = 2 });
        Assert.That(Names(cluster), Is.EqualTo(new[] { "web-2", "web-3", "web-4" }));
        cluster.PatchSet("""{"spec":{"ordinals":{"start":4}}}""");
        cluster.WaitFor("4 to 6", () => Names(cluster).SequenceEqual(["web-4", "web-5", "web-6"]));
        cluster.PatchSet("""{"spec":{"ordinals":{"start":3}}}""");
        cluster.WaitFor("3 to 5", () => Names(cluster).SequenceEqual(["web-3", "web-4", "web-5"]));
        cluster.PatchSet("""{"spec":{"ordinals":null}}""");
        cluster.WaitFor("0 to 2", () => Names(cluster).SequenceEqual(["web-0", "web-1", "web-2"]));
        cluster.WaitForRollout();
    }

    [Test]
    public void S23_the_partition_counts_from_the_start_ordinal()
    {
        SimulatedCluster cluster = Rolled(2, new StatefulSetDocument { Replicas = 4, Start = 5, Strategy = Partition(2) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        string update = cluster.Status().TextAt("updateRevision")!;
        Assert.That(Revisions(cluster), Is.EqualTo(new[] { old, old, update, update }));
    }

    [TestCase(1_000_000_000)]
    [TestCase(int.MaxValue)]
    public void T21_a_hold_far_beyond_the_range_holds_with_a_start_ordinal_too(long partition)
    {
        SimulatedCluster cluster = Rolled(3, new StatefulSetDocument { Start = 7, Strategy = Partition(partition) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        Lose(cluster, "web-8");
        cluster.PatchSet("""{"spec":{"replicas":4}}""");
        cluster.WaitFor("web-10", () => cluster.Pod("web-10") is { } pod && PodFacts.Of(pod).IsRunningAndReady);
        Assert.That(Revisions(cluster), Is.All.EqualTo(old));
    }

    [TestCase("Retain", "Retain", "", "")]
    [TestCase("Delete", "Retain", "StatefulSet", "StatefulSet")]
    [TestCase("Retain", "Delete", "", "gone")]
    [TestCase("Delete", "Delete", "StatefulSet", "gone")]
    public void S24_claims_are_owned_and_go_as_the_retention_policy_says(string whenDeleted, string whenScaled, string ownerInRange, string afterScaleDown)
    {
        SimulatedCluster cluster = Rolled(4, new StatefulSetDocument { Replicas = 2, HasClaims = true, Retention = (whenDeleted, whenScaled) });
        cluster.Settle();
        Assert.That(OwnerOf(cluster, "data-web-0"), Is.EqualTo(ownerInRange));
        cluster.PatchSet("""{"spec":{"replicas":1}}""");
        cluster.WaitForRollout();
        cluster.Settle();
        Assert.That(OwnerOf(cluster, "data-web-1"), Is.EqualTo(afterScaleDown));
        cluster.Delete(ResourceKind.StatefulSets, "web", "Background");
        cluster.Settle();
        Assert.That(cluster.Pods, Is.Empty);
        Assert.That(OwnerOf(cluster, "data-web-0"), Is.EqualTo(whenDeleted == "Delete" ? "gone" : ""));
    }

    [Test]
    public void S25_a_pod_waits_until_the_claim_of_its_predecessor_is_gone()
    {
        SimulatedCluster cluster = Rolled(5, new StatefulSetDocument { HasClaims = true, Retention = ("Retain", "Delete") });
        cluster.Settle();
        string claim = cluster.Store(ResourceKind.Claims).Get(new ObjectKey("default", "data-web-2"))!.Uid;
        cluster.Patch(ResourceKind.Claims, "data-web-2", System.Text.Json.Nodes.JsonNode.Parse("""{"metadata":{"finalizers":["test.example/hold"]}}""")!.AsObject());
        cluster.PatchSet("""{"spec":{"replicas":2}}""");
        cluster.WaitFor("web-2 to go", () => cluster.Pod("web-2") is null);
        cluster.PatchSet("""{"spec":{"replicas":3}}""");
        cluster.Settle();
        Assert.That(cluster.Pod("web-2"), Is.Null, "its claim still belongs to the pod before");
        cluster.Patch(ResourceKind.Claims, "data-web-2", System.Text.Json.Nodes.JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!.AsObject());
        cluster.Settle();

        // As with a real controller nothing wakes the set when a claim goes: any event of the set does.
        cluster.PatchSet("""{"metadata":{"annotations":{"touched":"yes"}}}""");
        cluster.WaitForRollout();
        Assert.That(cluster.Store(ResourceKind.Claims).Get(new ObjectKey("default", "data-web-2"))!.Uid, Is.Not.EqualTo(claim));
    }

    private static string[] Names(SimulatedCluster cluster) => [.. cluster.Pods.Select(pod => pod.Name)];

    private static string OwnerOf(SimulatedCluster cluster, string claim) =>
        cluster.Store(ResourceKind.Claims).Get(new ObjectKey("default", claim)) is { } found ? found.Controller?.Kind ?? "" : "gone";
}
