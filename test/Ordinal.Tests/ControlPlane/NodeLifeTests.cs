using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Nodes;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.SimulatedKubeletTests;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Nodes that are lost, come back, are tainted, cordoned and deleted.</summary>
[TestFixture]
public sealed class NodeLifeTests
{
    private static readonly EmbeddedClusterOptions Beating = new() { HasHeartbeats = true };

    [Test]
    public void A_node_that_falls_silent_is_unknown_tainted_and_its_pods_unready_then_deleted_and_stuck()
    {
        SimulatedCluster cluster = RollingUpdateTests.Rolled(21, new StatefulSetDocument(), Beating);
        string lost = cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName")!;
        string uid = cluster.Pod("web-1")!.Uid;
        Move(cluster, lost, up: false);
        DateTimeOffset from = cluster.World.Time.GetUtcNow();
        cluster.WaitFor("the pod to be unready", () => !PodFacts.Of(cluster.Pod("web-1")!).HasReadyCondition);
        Assert.That((cluster.World.Time.GetUtcNow() - from).TotalSeconds, Is.InRange(45, 66), "the grace period, and the controller's own period");
        cluster.World.RunFor(TimeSpan.FromSeconds(5));
        JsonElement ready = Node(cluster, lost).Root.ItemsAt("status", "conditions").First(c => c.TextAt("type") == "Ready");
        Assert.Multiple(() =>
        {
            Assert.That(ready.TextAt("status"), Is.EqualTo("Unknown"));
            Assert.That(ready.TextAt("reason"), Is.EqualTo("NodeStatusUnknown"));
            Assert.That(ready.TextAt("message"), Is.EqualTo("Kubelet stopped posting node status."));
            Assert.That(Taints(cluster, lost), Is.EquivalentTo(new[] { "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute" }));
            Assert.That(cluster.Pod("web-1")!.Root.TextAt("status", "phase"), Is.EqualTo("Running"), "nobody can know");
            Assert.That(Events(cluster, "web-1").Select(e => e.Message), Does.Contain("Node is not ready"));
        });

        cluster.WaitFor("the pod to be deleted", () => cluster.Pod("web-1")!.IsTerminating);
        Assert.That((cluster.World.Time.GetUtcNow() - from).TotalSeconds, Is.InRange(345, 375), "tolerationSeconds 300");
        Assert.That(cluster.Pod("web-1")!.Root.ItemsAt("status", "conditions").Any(c => c.TextAt("type") == "DisruptionTarget" && c.TextAt("reason") == "DeletionByTaintManager"));
        cluster.World.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(cluster.Pod("web-1")!.Uid, Is.EqualTo(uid), "stuck: a StatefulSet makes no second pod of a name");

        cluster.World.Run(() => cluster.Client.DeleteAsync(ResourceKind.Pods, new ObjectKey("default", "web-1"), null, 0, null, CancellationToken.None), TimeSpan.FromMinutes(1));
        cluster.WaitForRollout();
        Assert.That(cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName"), Is.Not.EqualTo(lost));
    }

    [Test]
    public void A_node_that_comes_back_restarts_its_pods_and_loses_its_taints()
    {
        SimulatedCluster cluster = RollingUpdateTests.Rolled(22, new StatefulSetDocument(), Beating);
        string lost = cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName")!;
        string uid = cluster.Pod("web-1")!.Uid;
        Move(cluster, lost, up: false);
        cluster.World.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(Taints(cluster, lost), Is.Not.Empty);
        Move(cluster, lost, up: true);
        WaitReady(cluster, "web-1");
        cluster.World.RunFor(TimeSpan.FromSeconds(30));
        JsonElement container = cluster.Pod("web-1")!.Root.ItemsAt("status", "containerStatuses").Single();
        Assert.Multiple(() =>
        {
            Assert.That(Taints(cluster, lost), Is.Empty);
            Assert.That(cluster.Pod("web-1")!.Uid, Is.EqualTo(uid));
            Assert.That(container.NumberAt("restartCount"), Is.EqualTo(1));
            Assert.That(container.NumberAt("lastState", "terminated", "exitCode"), Is.EqualTo(255));
            Assert.That(container.TextAt("lastState", "terminated", "reason"), Is.EqualTo("Unknown"));
        });
    }

    [Test]
    public void A_node_that_beats_stays_ready()
    {
        SimulatedCluster cluster = new(23, Beating);
        cluster.World.RunFor(TimeSpan.FromMinutes(30));
        Assert.That(cluster.Cluster.Nodes.Select(node => Node(cluster, node.Name).Root.ItemsAt("status", "conditions").First(c => c.TextAt("type") == "Ready").TextAt("status")), Is.All.EqualTo("True"));
    }

    [Test]
    public void A_cordoned_node_is_tainted_and_takes_no_pod_until_it_is_uncordoned()
    {
        SimulatedCluster cluster = new(24, new EmbeddedClusterOptions { Nodes = 1 });
        cluster.Patch(ResourceKind.Nodes, "node-0", JsonNode.Parse("""{"spec":{"unschedulable":true}}""")!.AsObject());
        Create(cluster, "p");
        cluster.World.RunFor(TimeSpan.FromSeconds(5));
        Assert.That(Taints(cluster, "node-0"), Is.EqualTo(new[] { "node.kubernetes.io/unschedulable:NoSchedule" }));
        JsonElement scheduled = cluster.Pod("p")!.Root.ItemsAt("status", "conditions").First(c => c.TextAt("type") == "PodScheduled");
        Assert.That(scheduled.TextAt("reason"), Is.EqualTo("Unschedulable"));
        Assert.That(scheduled.TextAt("message"), Is.EqualTo(
            "0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."));
        Assert.That(Events(cluster, "p").Select(e => e.Reason), Does.Contain("FailedScheduling"));
        cluster.Patch(ResourceKind.Nodes, "node-0", JsonNode.Parse("""{"spec":{"unschedulable":null}}""")!.AsObject());
        WaitReady(cluster, "p");
        Assert.That(Taints(cluster, "node-0"), Is.Empty);
    }

    [Test]
    public void A_NoExecute_taint_deletes_the_pods_that_do_not_tolerate_it()
    {
        SimulatedCluster cluster = new(25, new EmbeddedClusterOptions { Nodes = 1 });
        Create(cluster, "plain");
        Create(cluster, "tough", change: spec => spec["tolerations"] = JsonNode.Parse("""[{"key":"maintenance","operator":"Exists"}]"""));
        Create(cluster, "patient", change: spec => spec["tolerations"] = JsonNode.Parse("""[{"key":"maintenance","operator":"Exists","effect":"NoExecute","tolerationSeconds":60}]"""));
        WaitReady(cluster, "plain");
        WaitReady(cluster, "tough");
        WaitReady(cluster, "patient");
        cluster.Patch(ResourceKind.Nodes, "node-0", JsonNode.Parse("""{"spec":{"taints":[{"key":"maintenance","effect":"NoExecute"}]}}""")!.AsObject());
        cluster.WaitFor("the plain one to go", () => cluster.Pod("plain") is null);
        Assert.That(cluster.Pod("patient")?.IsTerminating, Is.False);
        cluster.World.RunFor(TimeSpan.FromSeconds(70));
        Assert.That(cluster.Pod("patient"), Is.Null);
        Assert.That(cluster.Pod("tough")?.IsTerminating, Is.False);
    }

    [Test]
    public void The_pods_of_a_deleted_node_are_removed_after_a_quarantine()
    {
        SimulatedCluster cluster = RollingUpdateTests.Rolled(26, new StatefulSetDocument(), Beating);
        string lost = cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName")!;
        string uid = cluster.Pod("web-1")!.Uid;
        Move(cluster, lost, up: false);
        cluster.Delete(ResourceKind.Nodes, lost);
        cluster.World.RunFor(TimeSpan.FromSeconds(30));
        Assert.That(cluster.Pod("web-1")!.Uid, Is.EqualTo(uid));
        cluster.WaitFor("another pod", () => cluster.Pod("web-1") is { } pod && pod.Uid != uid && PodFacts.Of(pod).IsRunningAndReady);
        Assert.That(cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName"), Is.Not.EqualTo(lost));
    }

    [Test]
    public void A_terminating_pod_of_a_node_that_is_out_of_service_is_removed()
    {
        SimulatedCluster cluster = RollingUpdateTests.Rolled(27, new StatefulSetDocument(), Beating);
        string lost = cluster.Pod("web-1")!.Root.TextAt("spec", "nodeName")!;
        string uid = cluster.Pod("web-1")!.Uid;
        Move(cluster, lost, up: false);
        cluster.Delete(ResourceKind.Pods, "web-1");
        cluster.World.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(cluster.Pod("web-1")!.Uid, Is.EqualTo(uid));
        cluster.World.Run(
            () => cluster.Client.StrategicPatchAsync(ResourceKind.Nodes, new ObjectKey("", lost), JsonNode.Parse("""{"spec":{"taints":[{"key":"node.kubernetes.io/out-of-service","value":"nodeshutdown","effect":"NoExecute"}]}}""")!.AsObject(), "", CancellationToken.None),
            TimeSpan.FromMinutes(1));
        cluster.WaitFor("another pod", () => cluster.Pod("web-1") is { } pod && pod.Uid != uid);
    }

    private static void Move(SimulatedCluster cluster, string node, bool up)
    {
        NodeAgent agent = cluster.Cluster.Agents.Single(candidate => candidate.Node.Name == node);
        cluster.World.Run(() => up ? agent.StartAsync(CancellationToken.None) : agent.StopAsync(), TimeSpan.FromMinutes(1));
    }

    private static KubeObject Node(SimulatedCluster cluster, string name) =>
        cluster.World.Run(() => cluster.Client.GetAsync(ResourceKind.Nodes, new ObjectKey("", name), CancellationToken.None), TimeSpan.FromMinutes(1))!;

    private static string[] Taints(SimulatedCluster cluster, string node) =>
        [.. Node(cluster, node).Root.ItemsAt("spec", "taints").Select(taint => $"{taint.TextAt("key")}:{taint.TextAt("effect")}")];
}
