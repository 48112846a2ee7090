using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Benchmarks;

/// <summary>What the embedded cluster makes of one StatefulSet with one pod, managed fields and status included, to be copied many times.</summary>
internal sealed class WorkloadPattern
{
    private const string Namespace = "default";
    private readonly KubeObject set;
    private readonly KubeObject revision;
    private readonly KubeObject pod;

    private WorkloadPattern(KubeObject set, KubeObject revision, KubeObject pod) => (this.set, this.revision, this.pod) = (set, revision, pod);

    /// <summary>Lets a cluster of its own make the pattern.</summary>
    public static async Task<WorkloadPattern> TakeAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartAsync(TimeSpan.FromMilliseconds(20), null, cancellationToken);
        await cluster.CreateSetAsync("web", 1, "Parallel", cancellationToken);
        var set = await cluster.Client.GetAsync(ResourceKind.StatefulSets, new ObjectKey(Namespace, "web"), cancellationToken);
        var pod = await cluster.Client.GetAsync(ResourceKind.Pods, new ObjectKey(Namespace, "web-0"), cancellationToken);
        var revision = await cluster.Client.GetAsync(ResourceKind.ControllerRevisions, new ObjectKey(Namespace, set!.Root.TextAt("status", "currentRevision")!), cancellationToken);
        return new WorkloadPattern(set, revision!, pod!);
    }

    /// <summary>Adds a StatefulSet and its ControllerRevision, as they are when all pods are available.</summary>
    public async Task<KubeObject> AddSetAsync(ClusterClient client, string name, int replicas, CancellationToken cancellationToken)
    {
        var document = Copy(set, name);
        var status = document["status"]!.AsObject();
        foreach (var count in (string[])["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"])
        {
            status[count] = replicas;
        }

        foreach (var which in (string[])["currentRevision", "updateRevision"])
        {
            status[which] = $"{name}-{status[which]!.GetValue<string>().Split('-')[^1]}";
        }

        document["spec"]!["replicas"] = replicas;
        var created = await AddAsync(client, ResourceKind.StatefulSets, document, cancellationToken);
        await AddAsync(client, ResourceKind.ControllerRevisions, OwnedBy(created, Copy(revision, $"{name}-{revision.Name.Split('-')[^1]}")), cancellationToken);
        return created;
    }

    /// <summary>Returns a pod of a StatefulSet as it is when it is available.</summary>
    public JsonObject PodOf(KubeObject owner, string name)
    {
        var copy = OwnedBy(owner, Copy(pod, name));
        var labels = copy["metadata"]!["labels"]!.AsObject();
        labels["statefulset.kubernetes.io/pod-name"] = name;
        if (labels["controller-revision-hash"] is { } hash)
        {
            labels["controller-revision-hash"] = $"{owner.Name}-{hash.GetValue<string>().Split('-')[^1]}";
        }

        return copy;
    }

    /// <summary>Writes an object with its status.</summary>
    public static async Task<KubeObject> AddAsync(ClusterClient client, ResourceKind kind, JsonObject document, CancellationToken cancellationToken)
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

    private static JsonObject OwnedBy(KubeObject owner, JsonObject copy)
    {
        var reference = copy["metadata"]!["ownerReferences"]![0]!;
        (reference["name"], reference["uid"]) = (owner.Name, owner.Uid);
        return copy;
    }

    private static JsonObject Copy(KubeObject pattern, string name)
    {
        var copy = pattern.ToMutable();
        var metadata = copy["metadata"]!.AsObject();
        metadata["name"] = name;
        foreach (var given in (string[])["uid", "resourceVersion", "creationTimestamp", "generation"])
        {
            metadata.Remove(given);
        }

        return copy;
    }
}
