using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Benchmarks;

/// <summary>
/// What 10,000 pods cost the operator in memory: the resident size of <c>ordinal run</c> as a process of its own, against an API server without any pod
/// and one with 10,000 in 100 StatefulSets, each with its policy. A fresh process each, looked at once it has read and adopted all. The objects are
/// copies of what the embedded cluster made of one StatefulSet, managed fields and status included.
/// </summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    private const string Namespace = "default";
    private const int Sets = 100;
    private const int PodsPerSet = 100;
    private const double Target = 40;

    public string Name => "memory";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartBareAsync(cancellationToken);
        var empty = await SizeAsync(cluster, 0, cancellationToken);
        await FillAsync(cluster, cancellationToken);
        var full = await SizeAsync(cluster, Sets, cancellationToken);
        var cost = full.Settled - empty.Settled;
        return
        [
            new Figure(
                string.Create(CultureInfo.InvariantCulture, $"memory of {Sets * PodsPerSet:N0} pods"),
                string.Create(CultureInfo.InvariantCulture, $"{cost:0.0} MiB: {empty.Settled:0.0} empty, {full.Settled:0.0} full, {full.Highest:0.0} at its highest"),
                string.Create(CultureInfo.InvariantCulture, $"<= {Target:0} MiB over empty"),
                cost <= Target),
        ];
    }

    private static string SetName(int index) => string.Create(CultureInfo.InvariantCulture, $"web-{index}");

    private static async Task<(double Settled, double Highest)> SizeAsync(BenchCluster cluster, int sets, CancellationToken cancellationToken)
    {
        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig);
        await ordinal.UntilReadyAsync(cancellationToken);
        for (var i = 0; i < sets; i++)
        {
            // Every set is adopted. There is no controller that would follow, so each policy then waits for it.
            var name = SetName(i);
            await BenchCluster.UntilAsync($"{name} is adopted", async () => await cluster.PartitionAsync(name, cancellationToken) >= 999_999_999, cancellationToken);
        }

        // The highest of some looks: a small one just after a collection proves nothing.
        var settled = 0.0;
        for (var look = 0; look < 10; look++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
            settled = Math.Max(settled, ordinal.Resident());
        }

        return (settled, ordinal.Resident("VmHWM"));
    }

    private static async Task FillAsync(BenchCluster cluster, CancellationToken cancellationToken)
    {
        var (set, revision, pod) = await PatternAsync(cancellationToken);
        for (var i = 0; i < Sets; i++)
        {
            var name = SetName(i);
            var created = await AddAsync(cluster.Client, ResourceKind.StatefulSets, Copy(set, name, null), cancellationToken);
            var revisionName = $"{name}-{revision.Name.Split('-')[^1]}";
            await AddAsync(cluster.Client, ResourceKind.ControllerRevisions, Copy(revision, revisionName, created), cancellationToken);
            for (var ordinal = 0; ordinal < PodsPerSet; ordinal++)
            {
                await AddAsync(cluster.Client, ResourceKind.Pods, Copy(pod, string.Create(CultureInfo.InvariantCulture, $"{name}-{ordinal}"), created), cancellationToken);
            }

            await cluster.CreatePolicyAsync(name, "Auto", 1, null, cancellationToken);
        }
    }

    /// <summary>Lets a real cluster make one StatefulSet with one pod.</summary>
    private static async Task<(KubeObject Set, KubeObject Revision, KubeObject Pod)> PatternAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartAsync(TimeSpan.FromMilliseconds(20), null, cancellationToken);
        await cluster.CreateSetAsync("web", 1, "Parallel", cancellationToken);
        var set = await cluster.Client.GetAsync(ResourceKind.StatefulSets, new ObjectKey(Namespace, "web"), cancellationToken);
        var pod = await cluster.Client.GetAsync(ResourceKind.Pods, new ObjectKey(Namespace, "web-0"), cancellationToken);
        var revision = await cluster.Client.GetAsync(ResourceKind.ControllerRevisions, new ObjectKey(Namespace, set!.Root.TextAt("status", "currentRevision")!), cancellationToken);
        return (set, revision!, pod!);
    }

    /// <summary>Returns a copy under another name and another owner, with labels, revisions and counts to match.</summary>
    private static JsonObject Copy(KubeObject pattern, string name, KubeObject? owner)
    {
        var copy = pattern.ToMutable();
        var metadata = copy["metadata"]!.AsObject();
        metadata["name"] = name;
        foreach (var given in (string[])["uid", "resourceVersion", "creationTimestamp", "generation"])
        {
            metadata.Remove(given);
        }

        if (owner is null)
        {
            var status = copy["status"]!.AsObject();
            foreach (var count in (string[])["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"])
            {
                status[count] = PodsPerSet;
            }

            foreach (var revision in (string[])["currentRevision", "updateRevision"])
            {
                status[revision] = $"{name}-{status[revision]!.GetValue<string>().Split('-')[^1]}";
            }

            copy["spec"]!["replicas"] = PodsPerSet;
            return copy;
        }

        var reference = metadata["ownerReferences"]![0]!;
        (reference["name"], reference["uid"]) = (owner.Name, owner.Uid);
        if (metadata["labels"] is JsonObject labels)
        {
            labels["statefulset.kubernetes.io/pod-name"] = name;
            if (labels["controller-revision-hash"] is { } hash)
            {
                labels["controller-revision-hash"] = $"{owner.Name}-{hash.GetValue<string>().Split('-')[^1]}";
            }
        }

        return copy;
    }

    private static async Task<KubeObject> AddAsync(ClusterClient client, ResourceKind kind, JsonObject document, CancellationToken cancellationToken)
    {
        var status = document["status"]?.DeepClone();
        var created = await client.CreateAsync(kind, Namespace, document, cancellationToken);
        if (status is null)
        {
            return created;
        }

        var withStatus = created.ToMutable();
        withStatus["status"] = status;
        return await client.ReplaceAsync(kind, created.Key, withStatus, "status", cancellationToken);
    }
}
