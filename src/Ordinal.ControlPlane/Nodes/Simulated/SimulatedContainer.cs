using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>One simulated container: pulls, runs, crashes and comes back as the script says, with the kubelet's words and pauses.</summary>
internal sealed class SimulatedContainer
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause between two runs, or two pulls.</summary>
    internal static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);

    /// <summary>How long ErrImagePull is shown before it becomes ImagePullBackOff.</summary>
    private static readonly TimeSpan PullErrorShown = TimeSpan.FromSeconds(1);

    private readonly SimulatedSurroundings pod;
    private readonly string image;
    private readonly bool isAlwaysPulled;
    private readonly bool isInit;
    private readonly Signal changed = new();
    private readonly TaskCompletionSource? started;
    private volatile ContainerObservation observation;
    private volatile SimulatedLog? log;
    private volatile SimulatedLog? previousLog;
    private PodAffliction? blow;
    private int failedPulls;
    private int runs;

    public SimulatedContainer(SimulatedSurroundings pod, JsonElement spec, ContainerObservation? before, bool isInit, string waitingReason)
    {
        this.pod = pod;
        this.isInit = isInit;
        Name = TextPool.Share(spec.TextAt("name") ?? "");
        image = TextPool.Share(spec.TextAt("image") ?? "");
        isAlwaysPulled = spec.TextAt("imagePullPolicy") == "Always";
        IsSidecar = isInit && spec.TextAt("restartPolicy") == "Always";
        started = IsSidecar ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        observation = new ContainerObservation(Name, image, new ContainerState.Waiting(waitingReason), false)
        {
            IsSidecar = IsSidecar,
            RestartCount = before?.RestartCount ?? 0,
            LastState = before?.LastState,
        };
    }

    public string Name { get; }

    public bool IsSidecar { get; }

    public ContainerObservation Observation => observation;

    /// <summary>Gets a task that ends when a sidecar has started for the first time; nobody waits for other containers.</summary>
    public Task Started => started?.Task ?? Task.CompletedTask;

    /// <summary>Gets the log of the last run, or of the one before; null when there was none.</summary>
    public SimulatedLog? Log(bool previous) => previous ? previousLog : log;

    /// <summary>Makes the container look at its script again.</summary>
    public void Wake() => changed.Set();

    /// <summary>Ends the present run, as by a crash or a kill.</summary>
    public void Strike(PodAffliction how)
    {
        if (observation.State is ContainerState.Running)
        {
            blow = how;
            changed.Set();
        }
    }

    /// <summary>Shows that the pod is over: what ran ended, what never ran will not.</summary>
    public void End(bool wasKilled)
    {
        DateTimeOffset now = pod.Time.GetUtcNow();
        ContainerObservation last = observation;
        ContainerState state = last.State switch
        {
            ContainerState.Terminated ended => ended,
            ContainerState.Running run => new ContainerState.Terminated(wasKilled ? 137 : 0, wasKilled ? "Error" : "Completed", run.StartedAt, now, wasKilled ? 9 : 0) { ContainerId = last.ContainerId },
            _ when last.LastState is { } before => before,
            _ => new ContainerState.Terminated(137, "ContainerStatusUnknown", now, now, 0, "The container could not be located when the pod was terminated"),
        };
        observation = last with { State = state, IsReady = false, IsStarted = false };
        log?.Close();
    }

    /// <summary>Lives until the restart policy ends it or the token is cancelled.</summary>
    /// <returns>The last exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        RestartBackOff? backOff = null;
        while (true)
        {
            await ConfigureAsync(cancellationToken);
            await PullAsync(cancellationToken);
            ContainerState.Terminated ended = await RunOnceAsync(cancellationToken);
            Show(observation with { State = ended, IsReady = false, IsStarted = false });
            if (!RestartsAfter(ended.ExitCode))
            {
                return ended.ExitCode;
            }

            backOff ??= new RestartBackOff(pod.Script.BackOff, LongestBackOff);
            TimeSpan wait = backOff.WaitAfter(ended.FinishedAt);
            if (wait > TimeSpan.Zero)
            {
                pod.Warn("BackOff", $"Back-off restarting failed container {Name} in pod {pod.Title}");
                string message = string.Create(CultureInfo.InvariantCulture, $"back-off {Go(wait)} restarting failed container={Name} pod={pod.Title}");
                Show(observation with { State = new ContainerState.Waiting("CrashLoopBackOff", message), LastState = ended });
                await Task.Delay(wait, pod.Time, cancellationToken);
            }

            backOff.Restarted(ended.FinishedAt, pod.Time.GetUtcNow());
            observation = observation with { RestartCount = observation.RestartCount + 1, LastState = ended };
        }
    }

    private static string Go(TimeSpan wait) => wait.TotalSeconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{wait.TotalSeconds:0}s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)wait.TotalMinutes}m{wait.Seconds}s");

    private bool RestartsAfter(int exitCode) => IsSidecar || pod.RestartPolicy switch
    {
        "Never" => false,
        "OnFailure" => exitCode != 0,
        _ => !isInit || exitCode != 0,
    };

    private async Task ConfigureAsync(CancellationToken cancellationToken)
    {
        bool isTold = false;
        while (!isInit && pod.Script is { Failure: SimulatedFailure.CreateContainerConfigError } script && script.Concerns(Name))
        {
            if (!isTold)
            {
                isTold = true;
                pod.Warn("Failed", "Error: secret \"missing\" not found");
                Show(observation with { State = new ContainerState.Waiting("CreateContainerConfigError", "secret \"missing\" not found") });
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task PullAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = FirstBackOff;
        while (true)
        {
            SimulatedScript script = pod.Script;
            bool fails = script.Concerns(Name) && (script.Failure is SimulatedFailure.ImagePullBackOff || failedPulls < script.PullFailures);
            if (!fails)
            {
                await FetchAsync(script, cancellationToken);
                return;
            }

            pod.Normal("Pulling", $"Pulling image \"{image}\"");
            await DelayAsync(script.PullDelay ?? TimeSpan.Zero, cancellationToken);
            failedPulls++;
            string full = FullName(image);
            string error = $"failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found";
            pod.Warn("Failed", $"Failed to pull image \"{image}\": rpc error: code = NotFound desc = {error}");
            pod.Warn("Failed", "Error: ErrImagePull");
            Show(observation with { State = new ContainerState.Waiting("ErrImagePull", $"rpc error: code = NotFound desc = {error}") });
            await Task.Delay(PullErrorShown, pod.Time, cancellationToken);
            pod.Normal("BackOff", $"Back-off pulling image \"{image}\"");
            pod.Warn("Failed", "Error: ImagePullBackOff");
            Show(observation with { State = new ContainerState.Waiting("ImagePullBackOff", $"Back-off pulling image \"{image}\": ErrImagePull: rpc error: code = NotFound desc = {error}") });
            await WaitForBetterAsync(wait - PullErrorShown, cancellationToken);
            wait = wait * 2 < LongestBackOff ? wait * 2 : LongestBackOff;
        }
    }

    /// <summary>Waits for the next pull. A script that no longer says that pulls fail is followed at once: it stands for a registry that a person has mended.</summary>
    private async Task WaitForBetterAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        DateTimeOffset until = pod.Time.GetUtcNow() + wait;
        bool wasScripted = pod.Script.Failure is SimulatedFailure.ImagePullBackOff;
        while (pod.Time.GetUtcNow() is var now && now < until && (!wasScripted || pod.Script.Failure is SimulatedFailure.ImagePullBackOff))
        {
            await changed.WaitAsync(until - now, pod.Time, cancellationToken);
        }
    }

    private async Task FetchAsync(SimulatedScript script, CancellationToken cancellationToken)
    {
        bool isHere = (script.PullDelay is null && failedPulls == 0) || (!isAlwaysPulled && pod.Images.Has(image));
        if (isHere)
        {
            pod.Normal("Pulled", $"Container image \"{image}\" already present on machine and can be accessed by the pod");
            return;
        }

        TimeSpan took = script.PullDelay ?? TimeSpan.Zero;
        pod.Normal("Pulling", $"Pulling image \"{image}\"");
        await DelayAsync(took, cancellationToken);
        pod.Images.Add(image);
        string time = took.TotalSeconds >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.###}s")
            : string.Create(CultureInfo.InvariantCulture, $"{took.TotalMilliseconds:0}ms");
        pod.Normal("Pulled", $"Successfully pulled image \"{image}\" in {time} ({time} including waiting). Image size: 10485760 bytes.");
    }

    private async Task<ContainerState.Terminated> RunOnceAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = pod.Time.GetUtcNow();
        int run = runs++;
        string id = Hash($"{pod.Uid}/{Name}/{observation.RestartCount}");
        bool toldUnready = false;
        blow = null;
        SimulatedLog lines = new();
        (previousLog, log) = (log, lines);
        lines.Add(startedAt, $"container {Name} runs {image} (simulated)");
        pod.Normal("Created", "Container created");
        pod.Normal("Started", "Container started");
        while (true)
        {
            SimulatedScript script = pod.Script;
            TimeSpan age = pod.Time.GetUtcNow() - startedAt;
            if (blow is { } how)
            {
                return how is PodAffliction.Kill ? Ended(137, "Error", 9) : Ended(1, "Error", 0);
            }

            (TimeSpan? life, int code, string reason) = Life(script, run);
            if (life <= age && !pod.IsHung)
            {
                return Ended(code, reason, reason == "OOMKilled" ? 9 : 0);
            }

            (bool isReady, TimeSpan? change) = Readiness(script, age, run);
            bool isFailing = !isReady && (script.Failure is SimulatedFailure.NeverReady || !script.IsReady || script.Flip is not null || pod.IsHung || pod.IsUnready);
            if (isFailing && !isInit && (observation.IsReady || !toldUnready))
            {
                pod.Warn("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
                toldUnready = true;
            }

            if (observation.IsReady != isReady)
            {
                lines.Add(pod.Time.GetUtcNow(), isReady ? "ready" : "not ready");
            }

            Show(observation with { State = new ContainerState.Running(startedAt), ContainerId = $"simulated://{id}", ImageId = TextPool.Share($"sha256:{Hash(image)}"), IsStarted = true, IsReady = isReady });
            started?.TrySetResult();
            TimeSpan? next = Sooner(life - age, change);
            await (next is { } pause && pause > TimeSpan.Zero ? changed.WaitAsync(pause, pod.Time, cancellationToken) : changed.WaitAsync(cancellationToken));
        }

        ContainerState.Terminated Ended(int code, string reason, int signal)
        {
            lines.Add(pod.Time.GetUtcNow(), string.Create(CultureInfo.InvariantCulture, $"exit code {code}"));
            lines.Close();
            return new ContainerState.Terminated(code, reason, startedAt, pod.Time.GetUtcNow(), signal) { ContainerId = $"simulated://{id}" };
        }
    }

    private (TimeSpan? Life, int Code, string Reason) Life(SimulatedScript script, int run)
    {
        if (isInit && !IsSidecar)
        {
            return script.Failure is SimulatedFailure.InitCrashLoopBackOff && script.Concerns(Name)
                ? (script.CrashAfter, script.ExitCode ?? 1, "Error")
                : (script.InitDelay, 0, "Completed");
        }

        if (isInit || !script.Concerns(Name))
        {
            return (null, 0, "");
        }

        if (script.Failure is SimulatedFailure.OOMKilled)
        {
            return (script.CrashAfter, 137, "OOMKilled");
        }

        if (script.Failure is SimulatedFailure.CrashLoopBackOff || run < script.Crashes)
        {
            return (script.CrashAfter, script.ExitCode ?? 1, "Error");
        }

        int code = script.ExitCode ?? 0;
        return (script.RunFor, code, code == 0 ? "Completed" : "Error");
    }

    private (bool IsReady, TimeSpan? NextChange) Readiness(SimulatedScript script, TimeSpan age, int run)
    {
        if (isInit && !IsSidecar)
        {
            return (false, null);
        }

        if (script.Failure is SimulatedFailure.NeverReady || !script.IsReady || pod.IsHung || pod.IsUnready
            || (script.Concerns(Name) && (script.Failure is SimulatedFailure.CrashLoopBackOff or SimulatedFailure.OOMKilled || run < script.Crashes)))
        {
            return (false, null);
        }

        TimeSpan since = age - script.ReadyDelay;
        if (since < TimeSpan.Zero)
        {
            return (false, -since);
        }

        if (script.Flip is not { } flip)
        {
            return (true, null);
        }

        TimeSpan at = TimeSpan.FromTicks(since.Ticks % (flip.Up + flip.Down).Ticks);
        return at < flip.Up ? (true, flip.Up - at) : (false, flip.Up + flip.Down - at);
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null ? other : other is null || one < other ? one : other;

    private async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, pod.Time, cancellationToken);
        }
    }

    private void Show(ContainerObservation now)
    {
        if (now != observation)
        {
            observation = now;
            pod.Changed();
        }
    }

    private static string FullName(string image)
    {
        string full = image.Contains('/', StringComparison.Ordinal) ? image : $"docker.io/library/{image}";
        return full[(full.LastIndexOf('/') + 1)..].Contains(':', StringComparison.Ordinal) ? full : $"{full}:latest";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
