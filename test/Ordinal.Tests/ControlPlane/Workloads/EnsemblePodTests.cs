using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane.Workloads;

/// <summary>Which simulated pods get an address that leads somewhere, and what happens to annotations that nobody understands.</summary>
public sealed class EnsemblePodTests
{
    [Test]
    public void A_pod_that_asks_for_a_host_part_has_it_and_its_successor_too_and_others_lead_nowhere()
    {
        using var net = LoopbackNet.Claim();
        SimulatedCluster cluster = new(1, new EmbeddedClusterOptions { Net = net });
        SimulatedKubeletTests.Create(cluster, "plain");
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 2, PodAnnotations = new() { [HostParts.HostBaseAnnotation] = "20" } }.Build());
        SimulatedKubeletTests.WaitReady(cluster, "plain");
        foreach (var _ in (int[])[1, 2])
        {
            cluster.WaitFor("both to be ready", () => cluster.Pods.Count(p => p.Name.StartsWith("web", StringComparison.Ordinal) && PodFacts.Of(p).IsRunningAndReady) == 2);
            Assert.That((Address("web-0"), Address("web-1")), Is.EqualTo((net.Address(20), net.Address(21))));
            cluster.Delete(ResourceKind.Pods, "web-1");
        }

        Assert.That(Address("plain"), Does.StartWith("10.244."));

        string? Address(string pod) => cluster.Pod(pod)!.Root.TextAt("status", "podIP");
    }

    [TestCase("mongodb", "", "there are kafka, zookeeper and etcd")]
    [TestCase("kafka", "many", "sim.ordinal.dev/ensemble-size is \"many\"")]
    public void An_ensemble_that_nobody_knows_is_told_and_the_pod_runs_without_it(string kind, string size, string complaint)
    {
        using var net = LoopbackNet.Claim();
        SimulatedCluster cluster = new(2, new EmbeddedClusterOptions { Net = net });
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument
        {
            Replicas = 1, PodAnnotations = new() { [SimulatedScript.Prefix + "ensemble"] = kind, [SimulatedScript.Prefix + "ensemble-size"] = size },
        }.Build());
        SimulatedKubeletTests.WaitReady(cluster, "web-0");
        cluster.Settle();
        Assert.That(SimulatedKubeletTests.Events(cluster, "web-0").Where(e => e.Type == "Warning").Select(e => e.Reason + " " + e.Message), Has.One.StartsWith("UnknownEnsemble ").And.One.Contains(complaint));
    }
}
