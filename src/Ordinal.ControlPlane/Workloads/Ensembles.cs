using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.ControlPlane.Workloads.Quorum;

namespace Ordinal.ControlPlane.Workloads;

/// <summary>The ensembles of one cluster, made when the first of their pods runs: one for each StatefulSet whose pods carry the annotation.</summary>
public sealed class Ensembles(TimeProvider time) : IAsyncDisposable
{
    /// <summary>Annotation that makes a pod a member; its value is the kind: <c>kafka</c>, <c>zookeeper</c> or <c>etcd</c>.</summary>
    public const string Annotation = SimulatedScript.Prefix + "ensemble";

    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, IEnsemble> ensembles = [];

    /// <summary>Gets a StatefulSet's ensemble; null while there is none.</summary>
    public IEnsemble? Find(ObjectKey statefulSet)
    {
        lock (gate)
        {
            return ensembles.GetValueOrDefault(statefulSet);
        }
    }

    /// <summary>Gets the ensemble that a pod belongs to; null when it is a pod like any other.</summary>
    /// <exception cref="FormatException">Its annotations describe none; the message says what to write.</exception>
    public IEnsemble? Of(KubeObject pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        SortedDictionary<string, string> annotations = pod.Annotations;
        if (!annotations.TryGetValue(Annotation, out string? kind) || pod.Controller is not { Kind: "StatefulSet" } set)
        {
            return null;
        }

        lock (gate)
        {
            ObjectKey key = new(pod.Namespace, set.Name);
            return ensembles.TryGetValue(key, out IEnsemble? known) ? known
                : ensembles[key] = kind switch
                {
                    "kafka" => new KafkaCluster(KafkaClusterOptions.Read(Said), time),
                    "zookeeper" => QuorumCluster.ZooKeeper(QuorumOptions.Read(set.Name, pod.Root.TextAt("spec", "subdomain") ?? "", Said), time),
                    "etcd" => QuorumCluster.Etcd(QuorumOptions.Read(set.Name, pod.Root.TextAt("spec", "subdomain") ?? "", Said), time),
                    _ => throw new FormatException($"annotation {Annotation} is \"{kind}\"; there are kafka, zookeeper and etcd"),
                };
        }

        string? Said(string name) => annotations.GetValueOrDefault(SimulatedScript.Prefix + name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IEnsemble[] all;
        lock (gate)
        {
            all = [.. ensembles.Values];
            ensembles.Clear();
        }

        foreach (IEnsemble ensemble in all)
        {
            await ensemble.DisposeAsync();
        }
    }
}
