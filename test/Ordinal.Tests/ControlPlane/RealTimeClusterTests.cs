using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

/// <summary>The same cluster on the system's clock and the thread pool, where its parts really run side by side.</summary>
[TestFixture]
public sealed class RealTimeClusterTests
{
    private static readonly ObjectKey Web = new("default", "web");

    [Test]
    public async Task Twelve_pods_are_made_rolled_and_removed_on_the_thread_pool()
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
        SimulatedScript quick = SimulatedRuntime.DefaultScript with { StartDelay = TimeSpan.FromMilliseconds(5), StopDelay = TimeSpan.FromMilliseconds(2) };
        await using EmbeddedCluster cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { Pods = quick }, TimeProvider.System, deadline.Token);
        ClusterClient client = new(cluster.Door, "test");
        Reflector sets = new(client, ResourceKind.StatefulSets, "", TimeProvider.System, new Random(1));
        TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        sets.Store.Subscribe(_ => Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult());
        using CancellationTokenSource stop = new();
        Task watching = sets.RunAsync(stop.Token);

        await client.CreateAsync(ResourceKind.StatefulSets, "default", new StatefulSetDocument { Replicas = 12, IsParallel = true }.Build(), deadline.Token);
        string first = await UntilAsync(status => status.NumberAt("readyReplicas") == 12 && status.NumberAt("updatedReplicas") == 12);
        await client.MergePatchAsync(ResourceKind.StatefulSets, Web, JsonNode.Parse(StatefulSetDocument.NewImage("app:v2"))!.AsObject(), "", deadline.Token);
        string second = await UntilAsync(status => status.TextAt("currentRevision") is { } revision && revision != first && status.NumberAt("readyReplicas") == 12);
        Assert.That(second, Is.Not.EqualTo(first));
        await client.MergePatchAsync(ResourceKind.StatefulSets, Web, JsonNode.Parse("""{"spec":{"replicas":0}}""")!.AsObject(), "", deadline.Token);
        await UntilAsync(status => status.NumberAt("replicas") == 0);
        await stop.CancelAsync();
        await watching;

        async Task<string> UntilAsync(Predicate<JsonElement> holds)
        {
            while (true)
            {
                Task next = Volatile.Read(ref changed).Task;
                JsonElement status = sets.Store.Get(Web)?.Root.At("status") ?? default;
                if (holds(status))
                {
                    return status.TextAt("currentRevision") ?? "";
                }

                await next.WaitAsync(deadline.Token);
            }
        }
    }
}
