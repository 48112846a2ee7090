using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>One simulated pod: its init containers one after the other, then its containers side by side, all of them status alone.</summary>
internal sealed class SimulatedPod : IRunningPod
{
    /// <summary>How often a pod looks for an address that the pod before it has not given back yet.</summary>
    private static readonly TimeSpan AddressRetry = TimeSpan.FromMilliseconds(100);

    private readonly SimulatedSurroundings surroundings;
    private readonly ImmutableArray<SimulatedContainer> inits;
    private readonly ImmutableArray<SimulatedContainer> containers;
    private Func<string?>? takeAddress;
    private volatile string? address;
    private readonly Action released;
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationTokenSource disposing = new();
    private readonly Signal shortened = new();
    private readonly Task life;
    private DateTimeOffset? stopBy;
    private Task? stopped;
    private int disposals;

    /// <summary>Makes a pod and begins its life.</summary>
    /// <param name="surroundings">What its containers share.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="takeAddress">Gives it its address when it starts; null as long as there is none.</param>
    /// <param name="released">Called when the address is free again.</param>
    public SimulatedPod(SimulatedSurroundings surroundings, KubeObject pod, Func<string?> takeAddress, Action released)
    {
        this.surroundings = surroundings;
        this.takeAddress = takeAddress;
        this.released = released;
        inits = Read("initContainers", "initContainerStatuses", isInit: true, "PodInitializing");
        containers = Read("containers", "containerStatuses", isInit: false, inits.IsEmpty ? "ContainerCreating" : "PodInitializing");
        life = LiveAsync(ending.Token);

        ImmutableArray<SimulatedContainer> Read(string list, string statuses, bool isInit, string waitingReason) =>
        [
            .. pod.Root.ItemsAt("spec", list).Select(spec => new SimulatedContainer(
                surroundings, spec, EarlierRun.Of(pod, statuses, spec.TextAt("name") ?? "", surroundings.Time.GetUtcNow()), isInit, waitingReason)),
        ];
    }

    public PodObservation Observation => new([.. containers.Select(container => container.Observation)])
    {
        InitContainers = [.. inits.Select(container => container.Observation)],
        PodIP = address,
    };

    /// <summary>Gets the log of a container; null when it has not run (or not run before).</summary>
    public SimulatedLog? Log(string container, bool previous) => inits.Concat(containers).FirstOrDefault(candidate => candidate.Name == container)?.Log(previous);

    public void Update(KubeObject newer)
    {
        surroundings.Pod = newer;
        Wake();
    }

    public void Afflict(PodAffliction affliction)
    {
        switch (affliction)
        {
            case PodAffliction.Crash or PodAffliction.Kill:
                foreach (SimulatedContainer container in containers)
                {
                    container.Strike(affliction);
                }

                break;
            case PodAffliction.Hang:
                surroundings.IsHung = true;
                break;
            case PodAffliction.Unready:
                surroundings.IsUnready = true;
                break;
            case PodAffliction.Recover:
                (surroundings.IsHung, surroundings.IsUnready) = (false, false);
                break;
        }

        Wake();
    }

    public Task StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        DateTimeOffset latest = surroundings.Time.GetUtcNow() + gracePeriod;
        stopBy = stopBy is { } before && before < latest ? before : latest;
        shortened.Set();
        return stopped ??= EndAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposals, 1) != 0)
        {
            return;
        }

        // Not CancelAsync: it runs the callbacks on the thread pool and so leaves a simulated thread.
        ending.Cancel();
        disposing.Cancel();
        await life;
        ending.Dispose();
        released();
    }

    private void Wake()
    {
        foreach (SimulatedContainer container in inits.Concat(containers))
        {
            container.Wake();
        }

        shortened.Set();
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        ending.Cancel();
        await life;
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, disposing.Token);
        DateTimeOffset asked = surroundings.Time.GetUtcNow();
        bool wasKilled = false;
        try
        {
            while (true)
            {
                DateTimeOffset now = surroundings.Time.GetUtcNow();
                SimulatedScript script = surroundings.Script;
                if (script.Failure is SimulatedFailure.NeverStops)
                {
                    await shortened.WaitAsync(over.Token);
                    continue;
                }

                DateTimeOffset wanted = surroundings.IsHung ? DateTimeOffset.MaxValue : asked + script.StopDelay;
                wasKilled = now < wanted;
                DateTimeOffset until = stopBy is { } latest && latest < wanted ? latest : wanted;
                if (now >= until)
                {
                    break;
                }

                await shortened.WaitAsync(until - now, surroundings.Time, over.Token);
            }
        }
        catch (OperationCanceledException) when (disposing.IsCancellationRequested)
        {
            // Its object is gone: nobody asks how it ended.
        }

        foreach (SimulatedContainer container in inits.Concat(containers))
        {
            container.End(wasKilled);
        }

        surroundings.Changed();
    }

    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        // Most pods have no sidecar, and there are many pods.
        List<Task<int>>? sidecars = null;
        using CancellationTokenSource? aside = inits.Any(init => init.IsSidecar) ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken) : null;
        try
        {
            if (surroundings.Script.StartDelay is var delay && delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, surroundings.Time, cancellationToken);
            }

            if (surroundings.Script.Failure is SimulatedFailure.Unknown)
            {
                surroundings.Warn("UnknownScript", $"annotation {SimulatedScript.Prefix}fail has an unknown value; the pod starts as if it were not there");
            }

            while ((address = takeAddress!()) is null)
            {
                await Task.Delay(AddressRetry, surroundings.Time, cancellationToken);
            }

            // There are many pods: what is of no use any more is not kept.
            takeAddress = null;

            surroundings.Changed();
            foreach (SimulatedContainer init in inits)
            {
                if (init.IsSidecar)
                {
                    (sidecars ??= []).Add(init.RunAsync(aside!.Token));
                    await StartedAsync(init, cancellationToken);
                }
                else if (await init.RunAsync(cancellationToken) != 0)
                {
                    return;
                }
            }

            await Task.WhenAll(containers.Select(container => container.RunAsync(cancellationToken)));
        }
        catch (OperationCanceledException)
        {
            // It is being stopped.
        }

        // Sidecars end with the last container.
        aside?.Cancel();
        foreach (Task<int> sidecar in sidecars ?? [])
        {
            try
            {
                await sidecar;
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
        }

        if (!cancellationToken.IsCancellationRequested)
        {
            foreach (SimulatedContainer init in inits.Where(init => init.IsSidecar))
            {
                init.End(wasKilled: false);
            }

            surroundings.Changed();
        }
    }

    /// <summary>Waits for a sidecar. Not WaitAsync: it would finish on the thread pool and leave a simulated thread.</summary>
    private static async Task StartedAsync(SimulatedContainer sidecar, CancellationToken cancellationToken)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => over.TrySetCanceled(cancellationToken));
        await await Task.WhenAny(sidecar.Started, over.Task);
    }
}
