using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>A node as its kubelet knows it.</summary>
/// <param name="Name">Name of the Node object.</param>
/// <param name="Address">Its address, written as hostIP.</param>
public sealed record NodeIdentity(string Name, string Address)
{
    /// <summary>Gets its zone; empty for none.</summary>
    public string Zone { get; init; } = "";
}

/// <summary>
/// The kubelet of one node: runs the pods that are bound to it, one worker each, and tells their status. It is an ordinary client of
/// the API server; what a container is, is up to the runtime.
/// </summary>
/// <param name="node">The node that it is for.</param>
/// <param name="client">The way to the API server.</param>
/// <param name="runtime">Runs the containers.</param>
/// <param name="timeProvider">Clock of status and retries.</param>
/// <param name="random">Seeded source of the watch's lengths.</param>
/// <param name="logger">Where failures are told.</param>
public sealed class Kubelet(NodeIdentity node, ClusterClient client, IPodRuntime runtime, TimeProvider timeProvider, Random random, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, PodWorker> workers = new(StringComparer.Ordinal);
    private readonly EventRecorder events = new(client, "kubelet", node.Name, timeProvider, logger);
    private readonly List<Task> running = [];

    /// <summary>Makes something befall a pod of this node.</summary>
    /// <returns>False when the node runs no such pod.</returns>
    public bool Afflict(ObjectKey pod, PodAffliction affliction)
    {
        PodWorker? worker;
        lock (gate)
        {
            worker = workers.Values.FirstOrDefault(candidate => candidate.Key == pod);
        }

        return worker?.Afflict(affliction) ?? false;
    }

    /// <summary>
    /// Runs until the token is cancelled; that is a normal return, with every pod of the node stopped hard. The pods' objects stay: a
    /// kubelet that stops is not a pod that is deleted.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Reflector pods = new(client, ResourceKind.Pods, $"fieldSelector={Uri.EscapeDataString($"spec.nodeName={node.Name}")}", timeProvider, random);
        pods.Store.Subscribe(change => Take(change, cancellationToken));
        await pods.RunAsync(cancellationToken);
        Task[] last;
        lock (gate)
        {
            last = [.. running];
        }

        await Task.WhenAll(last);
        await events.FlushAsync();
    }

    private void Take(StoreChange change, CancellationToken cancellationToken)
    {
        KubeObject pod = change.Latest;
        if (pod.Root.TextAt("spec", "nodeName") != node.Name)
        {
            return;
        }

        PodWorker? worker;
        lock (gate)
        {
            if (!workers.TryGetValue(pod.Uid, out worker))
            {
                if (change.After is null)
                {
                    return;
                }

                worker = new PodWorker(pod, node, client, runtime, events, timeProvider, logger);
                workers.Add(pod.Uid, worker);
                running.RemoveAll(task => task.IsCompleted);
                running.Add(RunAsync(worker, pod.Uid, cancellationToken));
                return;
            }
        }

        if (change.After is null)
        {
            worker.Gone();
        }
        else
        {
            worker.Update(pod);
        }
    }

    private async Task RunAsync(PodWorker worker, string uid, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await worker.RunAsync(cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                workers.Remove(uid);
            }
        }
    }
}
