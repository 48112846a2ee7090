using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class ClusterControllerTests
{
    [TestCase("Background")]
    [TestCase("Foreground")]
    public void A_deleted_set_takes_its_pods_and_revisions_with_it(string propagation)
    {
        SimulatedCluster cluster = Rolled(1, new StatefulSetDocument());
        bool podsOutlivedTheSet = false;
        cluster.Store(ResourceKind.StatefulSets).Subscribe(change => podsOutlivedTheSet |= change.After is null && !PodsLive(cluster).IsEmpty);
        cluster.Delete(ResourceKind.StatefulSets, "web", propagation);
        cluster.Settle();
        Assert.That(cluster.Pods, Is.Empty);
        Assert.That(cluster.Store(ResourceKind.StatefulSets).List(), Is.Empty);
        Assert.That(cluster.Store(ResourceKind.ControllerRevisions).List(), Is.Empty);
        Assert.That(podsOutlivedTheSet, Is.EqualTo(propagation == "Background"));
    }

    [Test]
    public void A_deleted_namespace_is_emptied_and_goes()
    {
        SimulatedCluster cluster = new(3);
        cluster.Create(ResourceKind.Namespaces, Document(ResourceKind.Namespaces, "temporary"));
        cluster.Settle();
        Assert.That(LiveIn(cluster, ResourceKind.ServiceAccounts, "temporary", "default"), Is.Not.Null);
        cluster.World.Run(() => cluster.Client.CreateAsync(ResourceKind.StatefulSets, "temporary", new StatefulSetDocument().Build(), CancellationToken.None), TimeSpan.FromMinutes(1));
        cluster.Settle();
        Assert.That(cluster.Store(ResourceKind.Pods).List("temporary"), Has.Length.EqualTo(3));
        cluster.Delete(ResourceKind.Namespaces, "temporary");
        cluster.Settle();
        cluster.Settle();
        Assert.That(cluster.Store(ResourceKind.Pods).List("temporary"), Is.Empty);
        Assert.That(Live(cluster, ResourceKind.Namespaces, "temporary"), Is.Null);
    }

    [TestCase(false, 2)]
    [TestCase(true, 3)]
    public void Endpoints_list_ready_pods_and_all_of_them_when_unready_ones_are_published(bool publishesAll, int addresses)
    {
        SimulatedCluster cluster = Rolled(4, new StatefulSetDocument());
        JsonObject service = Document(ResourceKind.Services, "web");
        service["spec"] = new JsonObject
        {
            ["clusterIP"] = "None",
            ["publishNotReadyAddresses"] = publishesAll,
            ["selector"] = new JsonObject { ["app"] = "web" },
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 80 }),
        };
        cluster.Create(ResourceKind.Services, service);
        cluster.MakeReady("web-1", false);
        cluster.Settle();
        JsonElement subset = Live(cluster, ResourceKind.Endpoints, "web")!.Root.ItemsAt("subsets").Single();
        Assert.That(subset.ItemsAt("addresses").Count(), Is.EqualTo(addresses));
        Assert.That(subset.ItemsAt("notReadyAddresses").Count(), Is.EqualTo(3 - addresses));
        Assert.That(subset.ItemsAt("addresses").First().TextAt("hostname"), Is.EqualTo("web-0"));
    }

    [Test]
    public void Pods_are_spread_over_nodes_and_zones_and_a_node_selector_is_kept_to()
    {
        SimulatedCluster cluster = Rolled(5, new StatefulSetDocument());
        Assert.That(cluster.Pods.Select(pod => pod.Root.TextAt("spec", "nodeName")), Is.Unique);
        JsonObject picky = new StatefulSetDocument { Name = "picky", Replicas = 2 }.Build();
        picky["spec"]!["template"]!["spec"]!["nodeSelector"] = new JsonObject { ["topology.kubernetes.io/zone"] = "zone-b" };
        cluster.Create(ResourceKind.StatefulSets, picky);
        cluster.WaitForRollout("picky");
        Assert.That(cluster.Pods.Where(pod => pod.Name.StartsWith("picky", StringComparison.Ordinal)).Select(pod => pod.Root.TextAt("spec", "nodeName")), Is.All.EqualTo("node-1"));
    }

    [Test]
    public void A_pod_that_no_node_takes_says_so()
    {
        SimulatedCluster cluster = new(6);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1, PodAnnotations = { ["sim.ordinal.dev/fail"] = "Unschedulable" } }.Build());
        cluster.Settle();
        JsonElement condition = cluster.Pod("web-0")!.Root.ItemsAt("status", "conditions").First(item => item.TextAt("type") == "PodScheduled");
        Assert.That(condition.TextAt("reason"), Is.EqualTo("Unschedulable"));
        Assert.That(PodFacts.Of(cluster.Pod("web-0")!).Phase, Is.EqualTo("Pending"));
    }

    [TestCase("ImagePullBackOff", "Pending")]
    [TestCase("CreateContainerConfigError", "Pending")]
    [TestCase("NeverReady", "Running")]
    [TestCase("CrashLoopBackOff", "Running")]
    public void A_simulated_pod_fails_as_its_annotation_says(string failure, string phase)
    {
        SimulatedCluster cluster = new(7);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1, PodAnnotations = { ["sim.ordinal.dev/fail"] = failure } }.Build());
        cluster.Settle();
        KubeObject pod = cluster.Pod("web-0")!;
        Assert.That(PodFacts.Of(pod).Phase, Is.EqualTo(phase));
        Assert.That(PodFacts.Of(pod).HasReadyCondition, Is.False);
        JsonElement container = pod.Root.ItemsAt("status", "containerStatuses").Single();
        if (failure != "NeverReady")
        {
            Assert.That(container.TextAt("state", "waiting", "reason"), Is.EqualTo(failure));
        }

        if (failure == "CrashLoopBackOff")
        {
            Assert.That(container.NumberAt("restartCount"), Is.GreaterThan(1));
        }
    }

    [Test]
    public void A_kubelet_keeps_the_conditions_of_others_and_ends_a_pod_within_its_grace_period()
    {
        SimulatedCluster cluster = new(8);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1, PodAnnotations = { ["sim.ordinal.dev/stop-delay"] = "10m" } }.Build());
        cluster.WaitForRollout();
        JsonObject patch = JsonNode.Parse("""{"status":{"conditions":[{"type":"example.dev/mine","status":"True"}]}}""")!.AsObject();
        cluster.World.Run(() => cluster.Client.StrategicPatchAsync(ResourceKind.Pods, new ObjectKey("default", "web-0"), patch, "status", CancellationToken.None), TimeSpan.FromMinutes(1));
        cluster.MakeReady("web-0", false);
        cluster.MakeReady("web-0", true);
        Assert.That(cluster.Pod("web-0")!.Root.ItemsAt("status", "conditions").Count(item => item.TextAt("type") == "example.dev/mine"), Is.EqualTo(1));

        string uid = cluster.Pod("web-0")!.Uid;
        DateTimeOffset asked = cluster.World.Time.GetUtcNow();
        cluster.Delete(ResourceKind.Pods, "web-0");
        cluster.WaitFor("it to go", () => cluster.Pod("web-0")?.Uid != uid);
        Assert.That((cluster.World.Time.GetUtcNow() - asked).TotalSeconds, Is.EqualTo(5).Within(1), "grace period 5 s");
    }

    [Test]
    public void A_dropped_watch_is_resumed_and_an_expired_one_starts_from_a_list_that_also_shows_what_has_gone()
    {
        SimulatedCluster cluster = new(9);
        Reflector reflector = new(cluster.Client, ResourceKind.ConfigMaps, "", cluster.World.Time, new Random(1));
        using CancellationTokenSource first = new();
        Task running = cluster.World.Start(() => reflector.RunAsync(first.Token));
        cluster.Create(ResourceKind.ConfigMaps, Document(ResourceKind.ConfigMaps, "a"));
        cluster.Create(ResourceKind.ConfigMaps, Document(ResourceKind.ConfigMaps, "b"));
        cluster.WaitFor("both", () => reflector.Store.List().Length == 2);
        first.Cancel();
        cluster.WaitFor("the watch to end", () => running.IsCompleted);
        cluster.Delete(ResourceKind.ConfigMaps, "a");
        using CancellationTokenSource second = new();
        running = cluster.World.Start(() => reflector.RunAsync(second.Token));
        cluster.WaitFor("the deletion", () => reflector.Store.List().Length == 1);
        Assert.That(reflector.Lists, Is.EqualTo(1), "resumed, not listed again");

        second.Cancel();
        cluster.WaitFor("the watch to end", () => running.IsCompleted);
        cluster.Delete(ResourceKind.ConfigMaps, "b");
        cluster.Create(ResourceKind.ConfigMaps, Document(ResourceKind.ConfigMaps, "c"));
        cluster.Cluster.Server.Store.Compact();
        List<string> gone = [];
        reflector.Store.Subscribe(change =>
        {
            if (change.After is null)
            {
                gone.Add(change.Before!.Name);
            }
        });
        cluster.World.Start(() => reflector.RunAsync(CancellationToken.None));
        cluster.WaitFor("what is there now", () => reflector.Store.List().Select(item => item.Name).SequenceEqual(["c"]));
        Assert.That(reflector.Lists, Is.EqualTo(2));
        Assert.That(gone, Is.EqualTo(new[] { "b" }));
    }

    private static System.Collections.Immutable.ImmutableArray<KubeObject> PodsLive(SimulatedCluster cluster) =>
        [.. cluster.Cluster.Door.SendAsync(new ApiCall("GET", "/api/v1/namespaces/default/pods"), CancellationToken.None).GetAwaiter().GetResult() is { } answer
            ? JsonElement.Parse(answer.Body.Span).ItemsAt("items").Select(item => new KubeObject(item)).Where(pod => pod.Owners.Length > 0)
            : []];

    private static KubeObject? Live(SimulatedCluster cluster, ResourceKind kind, string name) => LiveIn(cluster, kind, kind.IsNamespaced ? "default" : "", name);

    private static KubeObject? LiveIn(SimulatedCluster cluster, ResourceKind kind, string @namespace, string name) =>
        cluster.World.Run(() => cluster.Client.GetAsync(kind, new ObjectKey(@namespace, name), CancellationToken.None), TimeSpan.FromMinutes(1));

    private static JsonObject Document(ResourceKind kind, string name) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["metadata"] = new JsonObject { ["name"] = name },
    };
}
