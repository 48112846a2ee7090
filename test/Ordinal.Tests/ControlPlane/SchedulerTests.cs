using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.SimulatedKubeletTests;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Where pods go, and what those say that go nowhere. Three nodes, one in each of three zones.</summary>
[TestFixture]
public sealed class SchedulerTests
{
    [Test]
    public void Pods_that_avoid_each_other_go_to_different_nodes_and_the_fourth_waits_until_one_goes()
    {
        SimulatedCluster cluster = new(31);
        for (int i = 0; i < 4; i++)
        {
            Create(cluster, $"p{i}", change: spec => spec["affinity"] = JsonNode.Parse("""
                {"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}]}}
                """));
        }

        cluster.Settle();
        string[] placed = [.. cluster.Pods.Select(pod => pod.Root.TextAt("spec", "nodeName")).OfType<string>()];
        Assert.That(placed, Is.EquivalentTo(new[] { "node-0", "node-1", "node-2" }));
        KubeObject waiting = cluster.Pods.Single(pod => pod.Root.TextAt("spec", "nodeName") is null);
        Assert.That(Message(waiting), Does.StartWith("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. "));
        cluster.Delete(ResourceKind.Pods, cluster.Pods.First(pod => pod.Name != waiting.Name).Name);
        WaitReady(cluster, waiting.Name);
    }

    [Test]
    public void A_pod_is_kept_away_from_one_that_avoids_it()
    {
        SimulatedCluster cluster = new(32);
        Create(cluster, "shy", change: spec => spec["affinity"] = JsonNode.Parse("""
            {"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/os","labelSelector":{"matchLabels":{"app":"loud"}}}]}}
            """));
        WaitReady(cluster, "shy");
        Create(cluster, "loud");
        cluster.Settle();
        Assert.That(Message(cluster.Pod("loud")!), Does.Contain("3 node(s) didn't satisfy existing pods anti-affinity rules"));
    }

    [Test]
    public void A_pod_that_seeks_another_goes_to_its_zone()
    {
        SimulatedCluster cluster = new(33);
        Create(cluster, "a", change: spec => spec["nodeSelector"] = JsonNode.Parse("""{"topology.kubernetes.io/zone":"zone-c"}"""));
        WaitReady(cluster, "a");
        Create(cluster, "b", change: spec => spec["affinity"] = JsonNode.Parse("""
            {"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"topology.kubernetes.io/zone","labelSelector":{"matchLabels":{"app":"a"}}}]}}
            """));
        WaitReady(cluster, "b");
        Assert.That(cluster.Pod("b")!.Root.TextAt("spec", "nodeName"), Is.EqualTo("node-2"));
    }

    [TestCase("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"topology.kubernetes.io/zone","operator":"In","values":["zone-b","zone-x"]}]}]}}}""", "node-1")]
    [TestCase("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"topology.kubernetes.io/zone","operator":"NotIn","values":["zone-a","zone-b"]}]}]}}}""", "node-2")]
    [TestCase("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["node-1"]}]}]}}}""", "node-1")]
    [TestCase("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"gpu","operator":"Exists"}]}]}}}""", null)]
    public void Node_affinity_is_kept_to(string affinity, string? node)
    {
        SimulatedCluster cluster = new(34);
        Create(cluster, "p", change: spec => spec["affinity"] = JsonNode.Parse(affinity));
        cluster.Settle();
        Assert.That(cluster.Pod("p")!.Root.TextAt("spec", "nodeName"), Is.EqualTo(node));
        if (node is null)
        {
            Assert.That(Message(cluster.Pod("p")!), Does.Contain("3 node(s) didn't match Pod's node affinity/selector"));
        }
    }

    [Test]
    public void A_taint_keeps_pods_away_that_do_not_tolerate_it_and_each_reason_is_counted()
    {
        SimulatedCluster cluster = new(35);
        cluster.Patch(ResourceKind.Nodes, "node-0", JsonNode.Parse("""{"spec":{"taints":[{"key":"k","value":"v","effect":"NoSchedule"}]}}""")!.AsObject());
        cluster.Patch(ResourceKind.Nodes, "node-1", JsonNode.Parse("""{"spec":{"unschedulable":true}}""")!.AsObject());
        cluster.World.RunFor(TimeSpan.FromSeconds(2));
        Create(cluster, "plain", change: spec => spec["nodeSelector"] = JsonNode.Parse("""{"topology.kubernetes.io/zone":"zone-a"}"""));
        Create(cluster, "tough", change: spec =>
        {
            spec["nodeSelector"] = JsonNode.Parse("""{"topology.kubernetes.io/zone":"zone-a"}""");
            spec["tolerations"] = JsonNode.Parse("""[{"key":"k","operator":"Equal","value":"v","effect":"NoSchedule"}]""");
        });
        WaitReady(cluster, "tough");
        cluster.Settle();
        Assert.That(Message(cluster.Pod("plain")!), Is.EqualTo(
            "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. "
            + "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."));
    }

    [TestCase("cpu", "65", "Insufficient cpu")]
    [TestCase("memory", "300Gi", "Insufficient memory")]
    [TestCase("cpu", "63500m", null)]
    public void What_a_pod_requests_must_be_there(string resource, string amount, string? refusal)
    {
        SimulatedCluster cluster = new(36);
        Create(cluster, "p", change: spec => spec["containers"]![0]!["resources"] = new JsonObject { ["requests"] = new JsonObject { [resource] = amount } });
        cluster.Settle();
        if (refusal is null)
        {
            Assert.That(cluster.Pod("p")!.Root.TextAt("spec", "nodeName"), Is.Not.Null);
        }
        else
        {
            Assert.That(Message(cluster.Pod("p")!), Does.StartWith($"0/3 nodes are available: 3 {refusal}. ").And.EndWith("3 No preemption victims found for incoming pod."));
        }
    }

    [Test]
    public void Topology_spread_keeps_the_zones_even()
    {
        SimulatedCluster cluster = new(37);
        cluster.Patch(ResourceKind.Nodes, "node-2", JsonNode.Parse("""{"spec":{"unschedulable":true}}""")!.AsObject());
        cluster.World.RunFor(TimeSpan.FromSeconds(2));
        for (int i = 0; i < 3; i++)
        {
            Create(cluster, $"p{i}", change: spec => spec["topologySpreadConstraints"] = JsonNode.Parse("""
                [{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}]
                """));
        }

        cluster.Settle();
        Assert.That(cluster.Pods.Count(pod => pod.Root.TextAt("spec", "nodeName") is not null), Is.EqualTo(2), "the third would make 2, 1, 0");
        KubeObject waiting = cluster.Pods.Single(pod => pod.Root.TextAt("spec", "nodeName") is null);
        Assert.That(Message(waiting), Does.Contain("2 node(s) didn't match pod topology spread constraints").And.Contain("1 node(s) were unschedulable"));
    }

    [Test]
    public void A_scripted_pod_is_scheduled_once_its_script_lets_it()
    {
        SimulatedCluster cluster = new(38);
        Create(cluster, "p", annotations: [("fail", "Unschedulable")]);
        cluster.Settle();
        Assert.That(Message(cluster.Pod("p")!), Does.StartWith("0/3 nodes are available: 3 Insufficient cpu. "));
        cluster.Annotate("p", "sim.ordinal.dev/fail", null);
        WaitReady(cluster, "p");
    }

    private static string Message(KubeObject pod)
    {
        JsonElement condition = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(c => c.TextAt("type") == "PodScheduled");
        Assert.That(condition.TextAt("status"), Is.EqualTo("False"), pod.Name);
        Assert.That(PodFacts.Of(pod).Phase, Is.EqualTo("Pending"));
        return condition.TextAt("message") ?? "";
    }
}
