using System.Text;
using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>What the probes of a run report.</summary>
internal interface IRunWatcher
{
    /// <summary>The startup probe has passed.</summary>
    void Started();

    /// <summary>The readiness probe has changed its mind.</summary>
    void Ready(bool isReady);
}

/// <summary>
/// One run of a container, from its start to the end of its last process: probes, the stop on request or on a failed
/// liveness probe (preStop, TERM to the group, KILL when the grace period is over), and the log.
/// </summary>
internal sealed class ContainerRun(PodContext pod, ContainerPlan plan, MountMap mounts, ContainerVariables variables, ContainerLog log, IRunWatcher watcher)
{
    private const int LongestProbeOutput = 4096;
    private static readonly TimeSpan PipeLimit = TimeSpan.FromSeconds(2);
    private readonly TaskCompletionSource<(string Probe, TimeSpan Grace)> _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _directory = plan.WorkingDirectory is { Length: > 0 } given ? mounts.Substitute(given) : pod.Directory;

    /// <summary>Starts the process.</summary>
    /// <exception cref="IOException">There is no such program, or it cannot be run.</exception>
    public Task<LaunchedProcess> LaunchAsync()
    {
        if (!Directory.Exists(_directory))
        {
            throw new DirectoryNotFoundException($"working directory {_directory} is not there; name one that exists, or a mountPath");
        }

        return pod.Launcher.StartAsync(new LaunchRequest(
            ContainerEnvironment.Expand([.. plan.Command, .. plan.Args], variables, mounts), variables.Environment, _directory));
    }

    /// <summary>Stays with the process until nothing of it is left.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FollowAsync(LaunchedProcess process)
    {
        var startedAt = pod.Time.GetTimestamp();
        var pumps = Task.WhenAll(log.PumpAsync(process.Output, "stdout"), log.PumpAsync(process.Errors, "stderr"));
        using var over = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, pod.Clock.Stopping);
        var probes = Task.WhenAll(
            ProbeAsync("Startup", plan.Startup, startedAt, over.Token),
            ProbeAsync("Readiness", plan.Readiness, startedAt, over.Token),
            ProbeAsync("Liveness", plan.Liveness, startedAt, stop.Token));

        await Task.WhenAny(process.Exited, _unhealthy.Task, Task.Delay(Timeout.InfiniteTimeSpan, pod.Time, stop.Token));
        if (!process.Exited.IsCompleted)
        {
            await EndAsync(process);
        }

        var code = await process.Exited;
        _ended.TrySetResult();
        await over.CancelAsync();
        await probes;

        // A container ends with its first process; what that left behind has no business here any more.
        var left = await process.KillAllAsync();
        if (left.Count > 0)
        {
            pod.Warn("FailedKillPod", $"container {plan.Name}: processes {string.Join(", ", left.Select(p => p.Pid))} cannot be killed; they wait in the kernel");
        }

        await Task.WhenAny(pumps, Task.Delay(PipeLimit, pod.Time, CancellationToken.None));
        log.Dispose();
        process.Dispose();
        return code;
    }

    /// <summary>Starts a command beside the container's own process, in its environment. It ends with the container at the latest.</summary>
    /// <exception cref="IOException">There is no such program, or it cannot be run.</exception>
    public async Task<IExecution> ExecuteAsync(IReadOnlyList<string> words, bool hasInput)
    {
        if (words.Count == 0)
        {
            throw new IOException("no command is given");
        }

        return new ProcessExecution(
            await pod.Launcher.StartAsync(new LaunchRequest(ContainerEnvironment.Map(words, mounts), variables.Environment, _directory) { KeepsInput = hasInput }), _ended.Task);
    }

    private async Task EndAsync(LaunchedProcess process)
    {
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, pod.Time);
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, pod.Clock.Kill);
        if (!pod.Clock.Stopping.IsCancellationRequested)
        {
            var (probe, grace) = await _unhealthy.Task;
            patience.CancelAfter(grace);
            pod.Normal("Killing", $"Container {plan.Name} failed {probe} probe, will be restarted");
        }

        if (!plan.PreStop.IsEmpty)
        {
            await PreStopAsync(kill.Token);
        }
        else if (plan.PreStopSleep is { } sleep)
        {
            // Whatever comes first: the end of the sleep, of the process or of patience.
            await Task.WhenAny(process.Exited, Task.Delay(sleep, pod.Time, kill.Token));
        }

        process.Signal(Signals.Terminate);
        await Task.WhenAny(process.Exited, Task.Delay(Timeout.InfiniteTimeSpan, pod.Time, kill.Token));
        if (!process.Exited.IsCompleted)
        {
            // To the whole session at once: KILL ends a stopped process too.
            process.Signal(Signals.Kill);
        }
    }

    private async Task PreStopAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (code, output) = await ExecAsync(plan.PreStop, cancellationToken);
            if (code != 0)
            {
                pod.Warn("FailedPreStopHook", $"PreStop hook of container {plan.Name} ended with exit code {code}: {output}");
            }
        }
        catch (OperationCanceledException)
        {
            pod.Warn("FailedPreStopHook", $"PreStop hook of container {plan.Name} took longer than the grace period");
        }
        catch (IOException e)
        {
            pod.Warn("FailedPreStopHook", $"PreStop hook of container {plan.Name}: {e.Message}");
        }
    }

    /// <summary>Runs words in the container's environment. Cancelled, it kills them first.</summary>
    private async Task<(int ExitCode, string Output)> ExecAsync(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        using var process = await pod.Launcher.StartAsync(new LaunchRequest(ContainerEnvironment.Map(words, mounts), variables.Environment, _directory));
        var output = new MemoryStream();
        var gate = new Lock();
        var pumps = Task.WhenAll(CollectAsync(process.Output), CollectAsync(process.Errors));
        try
        {
            await process.Exited.WaitAsync(cancellationToken);
            await pumps.WaitAsync(cancellationToken);
        }
        finally
        {
            process.Signal(Signals.Kill);
            await process.KillAllAsync();
        }

        return (await process.Exited, Encoding.UTF8.GetString(output.ToArray()).Trim());

        async Task CollectAsync(Stream stream)
        {
            var buffer = new byte[1024];
            try
            {
                while (await stream.ReadAsync(buffer, CancellationToken.None) is var read and > 0)
                {
                    lock (gate)
                    {
                        output.Write(buffer, 0, (int)Math.Min(read, LongestProbeOutput - output.Length));
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The probe is over.
            }
        }
    }

    private async Task ProbeAsync(string kind, ProbePlan? probe, long startedAt, CancellationToken cancellationToken)
    {
        if (probe is null)
        {
            if (kind == "Startup")
            {
                _started.TrySetResult();
            }

            return;
        }

        var runner = new ProbeRunner(pod.PodIP ?? "", plan.Ports, ExecAsync, pod.Time);
        var passed = 0;
        var failed = 0;
        try
        {
            if (kind != "Startup")
            {
                await _started.Task.WaitAsync(cancellationToken);
            }

            await DelayAsync(probe.InitialDelay - pod.Time.GetElapsedTime(startedAt), cancellationToken);
            while (!cancellationToken.IsCancellationRequested)
            {
                var begun = pod.Time.GetTimestamp();
                var outcome = await runner.RunAsync(probe, cancellationToken);
                (passed, failed) = outcome.Passed ? (passed + 1, 0) : (0, failed + 1);
                if (!outcome.Passed)
                {
                    pod.Warn("Unhealthy", $"{kind} probe failed: {outcome.Message}");
                }

                if (Judge(kind, probe, passed, failed))
                {
                    return;
                }

                await DelayAsync(probe.Period - pod.Time.GetElapsedTime(begun), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The container is over.
        }
    }

    /// <summary>Draws the consequence of a probe's count.</summary>
    /// <returns>True when this probe has done its work for this run.</returns>
    private bool Judge(string kind, ProbePlan probe, int passed, int failed)
    {
        switch (kind)
        {
            case "Readiness":
                if (passed >= probe.SuccessThreshold)
                {
                    watcher.Ready(true);
                }
                else if (failed >= probe.FailureThreshold)
                {
                    watcher.Ready(false);
                }

                return false;
            case "Startup" when passed >= probe.SuccessThreshold:
                _started.TrySetResult();
                watcher.Started();
                return true;
            default:
                if (failed < probe.FailureThreshold)
                {
                    return false;
                }

                _unhealthy.TrySetResult((kind.ToLowerInvariant(), probe.GracePeriod ?? pod.Plan.GracePeriod));
                return true;
        }
    }

    private Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, pod.Time, cancellationToken) : Task.CompletedTask;
}
