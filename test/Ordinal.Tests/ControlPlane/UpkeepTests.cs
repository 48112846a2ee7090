using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.SimulatedKubeletTests;

namespace Ordinal.Tests.ControlPlane;

/// <summary>What a cluster that runs for long lets go: events, pages of lists, and everything about pods that are gone.</summary>
[TestFixture]
public sealed class UpkeepTests
{
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(30);

    [Test]
    public void An_event_goes_an_hour_after_it_was_last_written_and_watchers_see_it_go()
    {
        SimulatedCluster cluster = new(71);
        Create(cluster, "p");
        WaitReady(cluster, "p");
        cluster.Settle();
        KubeObject[] all = [.. cluster.Store(ResourceKind.Events).List("default")];
        Assert.That(all, Has.Length.GreaterThan(2));
        cluster.World.RunFor(TimeSpan.FromMinutes(30));
        cluster.Patch(ResourceKind.Events, all[0].Name, new JsonObject { ["count"] = 2 });
        cluster.World.RunFor(TimeSpan.FromMinutes(27));
        Assert.That(cluster.Store(ResourceKind.Events).List("default"), Has.Length.EqualTo(all.Length), "58 minutes");
        cluster.World.RunFor(TimeSpan.FromMinutes(4));
        Assert.That(cluster.Store(ResourceKind.Events).List("default").Select(item => item.Name), Is.EqualTo(new[] { all[0].Name }), "62 minutes: the one that was written again is left");
        Assert.That(cluster.Trace.Count(line => line.Contains(" DELETED Event ", StringComparison.Ordinal)), Is.EqualTo(all.Length - 1));
        cluster.World.RunFor(TimeSpan.FromMinutes(30));
        Assert.That(cluster.Store(ResourceKind.Events).List("default"), Is.Empty, "92 minutes");
    }

    [Test]
    public void The_next_page_of_a_list_is_there_for_some_minutes_and_compacted_then()
    {
        SimulatedWorld world = new(72);
        EmbeddedCluster cluster = Start(world, 72, logged: 4);
        ClusterClient client = new(cluster.Door, "test");
        for (int i = 0; i < 3; i++)
        {
            world.Run(() => client.CreateAsync(ResourceKind.ConfigMaps, "default", Named($"c{i}"), CancellationToken.None), Horizon);
        }

        JsonNode page = Read(world, cluster, "limit=1");
        string next = "limit=1&continue=" + Uri.EscapeDataString(page["metadata"]!["continue"]!.GetValue<string>());
        for (int i = 3; i < 10; i++)
        {
            world.Run(() => client.CreateAsync(ResourceKind.ConfigMaps, "default", Named($"c{i}"), CancellationToken.None), Horizon);
        }

        world.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(Read(world, cluster, next)["items"]![0]!["metadata"]!["name"]!.GetValue<string>(), Is.EqualTo("c1"), "the log is shorter than that: the page was kept");
        world.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(Read(world, cluster, next)["reason"]!.GetValue<string>(), Is.EqualTo("Expired"));
    }

    [TestCase(1, ExpectedResult = false)]
    [TestCase(24, ExpectedResult = true, Description = "The measure sees what is held: events that live for a day are.")]
    public bool Nothing_holds_a_pod_that_is_gone_nor_its_events(int eventHours)
    {
        SimulatedWorld world = new(73);
        const int Logged = 50;
        EmbeddedCluster cluster = Start(world, 73, Logged, eventHours);
        List<WeakReference> old = Churn(world, cluster, 60, watches: true);
        Assert.That(old, Has.Count.GreaterThan(60 * 8), "versions of pods and events");

        // An hour for the events, then as much as the log holds, so that it has forgotten all of it.
        world.RunFor(TimeSpan.FromMinutes(62));
        Churn(world, cluster, Logged, watches: false);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        int held = old.Count(item => item.IsAlive);
        TestContext.Out.WriteLine($"{held} of {old.Count} texts of pods and events are held");
        GC.KeepAlive(cluster);
        GC.KeepAlive(world);
        return held > 0;
    }

    private static EmbeddedCluster Start(SimulatedWorld world, int seed, int logged, int eventHours = 1) => world.Run(
        () => EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions
            {
                Seed = seed,
                ApiServer = new ApiServerOptions { Store = new StoreOptions { EventLogCapacity = logged }, EventLife = TimeSpan.FromHours(eventHours) },
            },
            world.Time, CancellationToken.None),
        Horizon);

    /// <summary>Makes pods, waits until they are ready, and deletes them.</summary>
    /// <returns>The texts of all their versions and of the events about them, as the store had them.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Churn(SimulatedWorld world, EmbeddedCluster cluster, int pods, bool watches)
    {
        ClusterClient client = new(cluster.Door, "test");
        List<WatchSubscription> watched = watches ? [.. ((string[])["pods", "events"]).Select(kind => cluster.Server.Store.Watch(kind, "", null).Queue!)] : [];
        for (int i = 0; i < pods; i++)
        {
            JsonObject pod = Named($"p{i}");
            pod["spec"] = JsonNode.Parse("""{"terminationGracePeriodSeconds":2,"containers":[{"name":"c","image":"app:v1"}]}""");
            world.Run(() => client.CreateAsync(ResourceKind.Pods, "default", pod, CancellationToken.None), Horizon);
        }

        world.RunUntil(() => Objects(cluster, "pods").Count(text => text.Contains("\"type\":\"Ready\",\"status\":\"True\"", StringComparison.Ordinal)) == pods, Horizon, "all pods to be ready");
        for (int i = 0; i < pods; i++)
        {
            ObjectKey key = new("default", $"p{i}");
            world.Run(() => client.DeleteAsync(ResourceKind.Pods, key, null, null, null, CancellationToken.None), Horizon);
        }

        world.RunUntil(() => !Objects(cluster, "pods").Any(), Horizon, "all pods to be gone");
        world.RunFor(TimeSpan.FromMinutes(1));
        List<WeakReference> seen = [];
        foreach (WatchSubscription queue in watched)
        {
            while (queue.TryTake(out StoredEvent? change))
            {
                Assert.That(MemoryMarshal.TryGetArray(change.State.Frame, out ArraySegment<byte> text), Is.True);
                seen.Add(new WeakReference(text.Array));
            }

            queue.Dispose();
        }

        return seen;
    }

    private static IEnumerable<string> Objects(EmbeddedCluster cluster, string kind) =>
        cluster.Server.Store.Snapshot(kind, "").Objects().Select(item => Encoding.UTF8.GetString(item.Bytes.Span));

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonNode Read(SimulatedWorld world, EmbeddedCluster cluster, string query)
    {
        ApiAnswer answer = world.Run(() => cluster.Door.SendAsync(new ApiCall("GET", "/api/v1/namespaces/default/configmaps", query), CancellationToken.None), Horizon);
        return JsonNode.Parse(answer.Body.Span)!;
    }
}
