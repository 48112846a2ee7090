using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>One simulated pod: a loop over its script that changes nothing but what is observed.</summary>
internal sealed class SimulatedPod : IRunningPod
{
    private static readonly TimeSpan CrashAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);

    private readonly PodStart start;
    private readonly SimulatedScript defaults;
    private readonly TimeProvider timeProvider;
    private readonly CancellationTokenSource ending = new();
    private readonly Signal changed = new();
    private readonly Signal shortened = new();
    private readonly Task life;
    private readonly ImmutableArray<(string Name, string Image)> containers;
    private volatile KubeObject pod;
    private volatile PodObservation observation;
    private DateTimeOffset? stopBy;
    private Task? stopped;

    public SimulatedPod(PodStart start, SimulatedScript defaults, string address, TimeProvider timeProvider)
    {
        this.start = start;
        this.defaults = defaults;
        this.timeProvider = timeProvider;
        pod = start.Pod;
        containers = [.. pod.Root.ItemsAt("spec", "containers").Select(container => (container.TextAt("name") ?? "", container.TextAt("image") ?? ""))];
        observation = new PodObservation(All(new ContainerState.Waiting("ContainerCreating")));
        Address = address;
        life = LiveAsync(ending.Token);
    }

    public PodObservation Observation => observation;

    private string Address { get; }

    private SimulatedScript Script => SimulatedScript.Of(pod, defaults);

    public void Update(KubeObject newer)
    {
        pod = newer;
        changed.Set();
    }

    public Task StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        DateTimeOffset latest = timeProvider.GetUtcNow() + gracePeriod;
        stopBy = stopBy is { } before && before < latest ? before : latest;
        shortened.Set();
        return stopped ??= EndAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // Not CancelAsync: it runs the callbacks on the thread pool and so leaves a simulated thread.
        ending.Cancel();
        await life;
        ending.Dispose();
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        ending.Cancel();
        await life;
        DateTimeOffset wanted = timeProvider.GetUtcNow() + Script.StopDelay;
        while (timeProvider.GetUtcNow() is var now && now < wanted && now < stopBy)
        {
            DateTimeOffset until = wanted < stopBy.Value ? wanted : stopBy.Value;
            await shortened.WaitAsync(until - now, timeProvider, cancellationToken);
        }

        bool wasKilled = timeProvider.GetUtcNow() < wanted;
        Observe([.. observation.Containers.Select(container => container with
        {
            IsReady = false,
            IsStarted = false,
            State = new ContainerState.Terminated(
                wasKilled ? 137 : 0,
                wasKilled ? "Error" : "Completed",
                container.State is ContainerState.Running run ? run.StartedAt : timeProvider.GetUtcNow(),
                timeProvider.GetUtcNow(),
                wasKilled ? 9 : 0),
        })]);
    }

    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BootAsync(cancellationToken);
            int restarts = 0;
            while (true)
            {
                restarts = await StepAsync(restarts, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is being stopped.
        }
    }

    private async Task BootAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Script.StartDelay, timeProvider, cancellationToken);
        if (Script.Failure is SimulatedFailure.Unknown)
        {
            start.Event("Warning", "UnknownScript", $"annotation {SimulatedScript.FailAnnotation} has an unknown value; the pod starts as if it were not there");
        }
    }

    /// <summary>Brings the pod to what the script says now and waits for a change of it; returns the number of restarts so far.</summary>
    private async Task<int> StepAsync(int restarts, CancellationToken cancellationToken)
    {
        switch (Script.Failure)
        {
            case SimulatedFailure.ImagePullBackOff:
                start.Event("Warning", "Failed", $"Failed to pull image \"{containers[0].Image}\"");
                Observe(All(new ContainerState.Waiting("ImagePullBackOff", $"Back-off pulling image \"{containers[0].Image}\"")));
                await WaitForOtherAsync(SimulatedFailure.ImagePullBackOff, cancellationToken);
                return restarts;
            case SimulatedFailure.CreateContainerConfigError:
                start.Event("Warning", "Failed", "Error: secret \"missing\" not found");
                Observe(All(new ContainerState.Waiting("CreateContainerConfigError", "secret \"missing\" not found")));
                await WaitForOtherAsync(SimulatedFailure.CreateContainerConfigError, cancellationToken);
                return restarts;
            case SimulatedFailure.CrashLoopBackOff:
                await CrashAsync(restarts, cancellationToken);
                return restarts + 1;
            default:
                Run(restarts);
                await changed.WaitAsync(cancellationToken);
                return restarts;
        }
    }

    private void Run(int restarts)
    {
        SimulatedScript script = Script;
        bool isReady = script.IsReady && script.Failure is not SimulatedFailure.NeverReady;
        bool wasRunning = observation.Containers.All(container => container.State is ContainerState.Running);
        if (!wasRunning)
        {
            foreach ((string name, _) in containers)
            {
                start.Event("Normal", "Started", $"Started container {name}");
            }
        }

        ContainerState.Running state = observation.Containers.FirstOrDefault()?.State as ContainerState.Running ?? new ContainerState.Running(timeProvider.GetUtcNow());
        if (wasRunning && observation.Containers.All(container => container.IsReady) && !isReady)
        {
            start.Event("Warning", "Unhealthy", "Readiness probe failed");
        }

        Observe([.. All(state).Select((container, index) => container with
        {
            IsReady = isReady,
            RestartCount = restarts,
            LastState = observation.Containers[index].LastState,
        })]);
    }

    private async Task CrashAsync(int restarts, CancellationToken cancellationToken)
    {
        DateTimeOffset began = timeProvider.GetUtcNow();
        ContainerState.Terminated? before = observation.Containers[0].LastState;
        Observe([.. All(new ContainerState.Running(began)).Select(container => container with { RestartCount = restarts, LastState = before })]);
        await Task.Delay(CrashAfter, timeProvider, cancellationToken);
        ContainerState.Terminated crash = new(1, "Error", began, timeProvider.GetUtcNow());
        TimeSpan backOff = FirstBackOff * Math.Pow(2, Math.Min(restarts, 10));
        backOff = backOff < LongestBackOff ? backOff : LongestBackOff;
        start.Event("Warning", "BackOff", $"Back-off restarting failed container {containers[0].Name}");
        string message = $"back-off {backOff.TotalSeconds:0}s restarting failed container";
        Observe([.. All(new ContainerState.Waiting("CrashLoopBackOff", message)).Select(container => container with { RestartCount = restarts, LastState = crash })]);
        await Task.Delay(backOff, timeProvider, cancellationToken);
    }

    private async Task WaitForOtherAsync(SimulatedFailure failure, CancellationToken cancellationToken)
    {
        while (Script.Failure == failure)
        {
            await changed.WaitAsync(cancellationToken);
        }
    }

    private ImmutableArray<ContainerObservation> All(ContainerState state) =>
        [.. containers.Select(container => new ContainerObservation(container.Name, container.Image, state, false))];

    private void Observe(ImmutableArray<ContainerObservation> now)
    {
        bool ever = observation.PodIP is not null || now.Any(container => container.State is not ContainerState.Waiting { Reason: "ContainerCreating" });
        observation = new PodObservation(now) { PodIP = ever ? Address : null };
        start.Changed();
    }
}
