using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// Looks after one pod on a node, from the first sight to the end of its API object: starts it, writes its status whenever that
/// changed, stops it within its grace period when it is to be deleted, then removes the object.
/// </summary>
internal sealed partial class PodWorker(
    KubeObject first,
    NodeIdentity node,
    ClusterClient client,
    IPodRuntime runtime,
    EventRecorder events,
    TimeProvider timeProvider,
    ILogger logger)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetryPause = TimeSpan.FromSeconds(10);
    private readonly Signal wake = new();
    private readonly Lock gate = new();
    private KubeObject latest = first;
    private bool isGone;
    private IRunningPod? pod;
    private Task? stopping;
    private TimeSpan stoppingGrace;
    private bool isRemoved;

    /// <summary>Gets the pod's key.</summary>
    public ObjectKey Key { get; } = first.Key;

    /// <summary>Tells of a newer version of the pod's object.</summary>
    public void Update(KubeObject newer)
    {
        IRunningPod? started;
        lock (gate)
        {
            latest = newer;
            started = pod;
        }

        started?.Update(newer);
        wake.Set();
    }

    /// <summary>Makes something befall the pod.</summary>
    /// <returns>False when it has not been started.</returns>
    public bool Afflict(PodAffliction affliction)
    {
        IRunningPod? started;
        lock (gate)
        {
            started = pod;
        }

        started?.Afflict(affliction);
        return started is not null;
    }

    /// <summary>Tells that the pod's object is gone.</summary>
    public void Gone()
    {
        lock (gate)
        {
            isGone = true;
        }

        wake.Set();
    }

    /// <summary>Works until the pod's object is gone or the token is cancelled; both are normal returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = RetryPause;
        try
        {
            while (true)
            {
                (KubeObject seen, bool gone) = See();
                if (gone)
                {
                    return;
                }

                try
                {
                    await SyncAsync(seen, cancellationToken);
                    pause = RetryPause;
                    await wake.WaitAsync(cancellationToken);
                }
                catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException)
                {
                    Retrying(logger, node.Name, seen.Key, failure.Message);
                    await wake.WaitAsync(pause, timeProvider, cancellationToken);
                    pause = pause * 2 < LongestRetryPause ? pause * 2 : LongestRetryPause;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            if (pod is not null)
            {
                await pod.DisposeAsync();
            }
        }
    }

    private async Task SyncAsync(KubeObject seen, CancellationToken cancellationToken)
    {
        bool hasEnded = seen.Root.TextAt("status", "phase") is "Failed" or "Succeeded";
        if (pod is null && !hasEnded && !seen.IsTerminating)
        {
            PodStart start = new(seen, node.Name, wake.Set, Publish);
            IRunningPod started = await runtime.StartAsync(start, cancellationToken);
            lock (gate)
            {
                pod = started;
            }

            (KubeObject newer, _) = See();
            if (!ReferenceEquals(newer, seen))
            {
                started.Update(newer);
                seen = newer;
            }
        }

        if (seen.IsTerminating && pod is not null)
        {
            BeginToStop(seen, pod, cancellationToken);
        }

        bool mayRemove = seen.IsTerminating && !isRemoved && (pod is null || stopping is { IsCompleted: true });
        if (pod is not null)
        {
            await WriteStatusAsync(seen, pod.Observation, cancellationToken);
        }

        if (mayRemove)
        {
            await RemoveAsync(seen, cancellationToken);
        }
    }

    private void BeginToStop(KubeObject seen, IRunningPod running, CancellationToken cancellationToken)
    {
        long seconds = seen.Root.NumberAt("metadata", "deletionGracePeriodSeconds") ?? seen.Root.NumberAt("spec", "terminationGracePeriodSeconds") ?? 30;
        TimeSpan grace = TimeSpan.FromSeconds(Math.Max(0, seconds));
        if (stopping is null)
        {
            foreach (ContainerObservation container in running.Observation.InitContainers.Concat(running.Observation.Containers).Where(container => container.State is ContainerState.Running))
            {
                events.Publish(ResourceKind.Pods, seen, "Normal", "Killing", $"Stopping container {container.Name}");
            }
        }
        else if (grace >= stoppingGrace || stopping.IsCompleted)
        {
            return;
        }

        stoppingGrace = grace;
        stopping = StopAsync(stopping, running, grace, cancellationToken);
    }

    private async Task StopAsync(Task? before, IRunningPod running, TimeSpan grace, CancellationToken cancellationToken)
    {
        await running.StopAsync(grace, cancellationToken);
        if (before is not null)
        {
            await before;
        }

        wake.Set();
    }

    private async Task WriteStatusAsync(KubeObject seen, PodObservation observation, CancellationToken cancellationToken)
    {
        JsonObject status = PodStatusBuilder.Build(seen, observation, node.Address, timeProvider.GetUtcNow());
        if (!PodStatusBuilder.IsNews(seen, status))
        {
            return;
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["uid"] = seen.Uid }, ["status"] = status };
        try
        {
            KubeObject written = await client.StrategicPatchAsync(ResourceKind.Pods, seen.Key, patch, "status", cancellationToken);
            lock (gate)
            {
                if (KubeObject.VersionNumber(written.ResourceVersion) > KubeObject.VersionNumber(latest.ResourceVersion))
                {
                    latest = written;
                }
            }
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
        {
            // Gone, or another pod has the name by now: the watch will tell.
        }
    }

    private async Task RemoveAsync(KubeObject seen, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(ResourceKind.Pods, seen.Key, seen.Uid, 0, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
        {
            // Gone, or another pod has the name by now.
        }

        isRemoved = true;
    }

    /// <summary>Tells of the pod as it is known by now: the pod as it was at its start is not kept for this.</summary>
    private void Publish(string type, string reason, string message) => events.Publish(ResourceKind.Pods, See().Seen, type, reason, message);

    private (KubeObject Seen, bool Gone) See()
    {
        lock (gate)
        {
            return (latest, isGone);
        }
    }

    [LoggerMessage(4101, LogLevel.Debug, "{Node}: {Pod} again: {Failure}")]
    private static partial void Retrying(ILogger logger, string node, ObjectKey pod, string failure);
}
