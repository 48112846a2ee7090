using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// One node of an embedded cluster, that can be lost and come back. Down is as if its power went: nothing is told any more, neither
/// heartbeats nor the status of pods nor their end, and what ran is gone. Up again, it starts the pods that are still bound to it.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="client">The way to the API server.</param>
/// <param name="runtime">Runs the containers.</param>
/// <param name="beats">Whether it sends heartbeats. A simulation that has no use for them leaves them out.</param>
/// <param name="timeProvider">Clock of everything in it.</param>
/// <param name="random">Seeded source of the watches' lengths.</param>
/// <param name="logger">Where failures are told.</param>
public sealed class NodeAgent(NodeIdentity node, ClusterClient client, IPodRuntime runtime, bool beats, TimeProvider timeProvider, Random random, ILogger logger)
{
    private readonly Lock gate = new();
    private Task transition = Task.CompletedTask;
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;
    private Kubelet? kubelet;

    /// <summary>Gets who it is.</summary>
    public NodeIdentity Node => node;

    /// <summary>Gets a value indicating whether it is up.</summary>
    public bool IsUp
    {
        get
        {
            lock (gate)
            {
                return kubelet is not null;
            }
        }
    }

    /// <summary>Registers the node and begins to work; does nothing when it is up.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => NextAsync(() => StartOnceAsync(cancellationToken));

    /// <summary>Stops all at once without a word to anybody; does nothing when it is down. Returns when nothing runs any more.</summary>
    public Task StopAsync() => NextAsync(StopOnceAsync);

    /// <summary>Makes something befall a pod of this node.</summary>
    /// <returns>False when the node is down or runs no such pod.</returns>
    public bool Afflict(ObjectKey pod, PodAffliction affliction)
    {
        Kubelet? current;
        lock (gate)
        {
            current = kubelet;
        }

        return current?.Afflict(pod, affliction) ?? false;
    }

    /// <summary>Does one transition after the other.</summary>
    private Task NextAsync(Func<Task> step)
    {
        lock (gate)
        {
            return transition = AfterAsync(transition);
        }

        async Task AfterAsync(Task before)
        {
            try
            {
                await before;
            }
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException or OperationCanceledException)
            {
                // Its own caller has heard of it.
            }

            await step();
        }
    }

    private async Task StartOnceAsync(CancellationToken cancellationToken)
    {
        if (IsUp)
        {
            return;
        }

        await NodeRegistrar.RegisterAsync(client, node, timeProvider, cancellationToken);
        CancellationTokenSource ends = new();
        Kubelet started = new(node, client, runtime, timeProvider, new Random(random.Next()), logger);
        Task pods = started.RunAsync(ends.Token);
        lock (gate)
        {
            stopping = ends;
            kubelet = started;
            running = beats ? Task.WhenAll(pods, new NodeHeartbeat(node, client, timeProvider, logger).RunAsync(ends.Token)) : pods;
        }
    }

    private async Task StopOnceAsync()
    {
        if (!IsUp)
        {
            return;
        }

        // Not CancelAsync: it runs the callbacks on the thread pool and so leaves a simulated thread.
        stopping!.Cancel();
        await running;
        stopping.Dispose();
        lock (gate)
        {
            kubelet = null;
        }
    }
}
