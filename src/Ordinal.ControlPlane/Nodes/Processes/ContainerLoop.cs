using System.Globalization;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Keeps one container in the state that its pod asks for: runs it, and again by the restart policy and the back-off.</summary>
internal sealed class ContainerLoop : IRunWatcher
{
    private readonly PodContext _pod;
    private readonly ContainerPlan _plan;
    private readonly Action _changed;
    private readonly bool _isInit;
    private readonly Lock _lock = new();
    private ContainerObservation _observation;
    private ContainerLog? _log;
    private ContainerLog? _previousLog;
    private LaunchedProcess? _process;
    private ContainerRun? _run;
    private bool _isForcedUnready;
    private bool _probedReady;
    private int _runs;

    public ContainerLoop(PodContext pod, ContainerPlan plan, bool isInit, string firstReason, Action changed)
    {
        _pod = pod;
        _plan = plan;
        _isInit = isInit;
        _changed = changed;
        var before = EarlierRun.Of(pod.Pod, isInit ? "initContainerStatuses" : "containerStatuses", plan.Name, pod.Time.GetUtcNow());
        _observation = new ContainerObservation(plan.Name, plan.Image, new ContainerState.Waiting(firstReason), IsReady: false)
        {
            RestartCount = before?.RestartCount ?? 0,
            LastState = before?.LastState,
        };
    }

    public string Name => _plan.Name;

    public ContainerObservation Observation => Volatile.Read(ref _observation);

    /// <summary>Gets the run of now; null when the container does not run.</summary>
    public ContainerRun? Run
    {
        get
        {
            lock (_lock)
            {
                return _run;
            }
        }
    }

    /// <summary>Gets the log of the last run or of the one before; null when there was none.</summary>
    public ContainerLog? Log(bool previous)
    {
        lock (_lock)
        {
            return previous ? _previousLog : _log;
        }
    }

    /// <summary>Makes something befall the container: its process crashes (ABRT), is killed, stands still (STOP), or counts as unready.</summary>
    public void Afflict(PodAffliction affliction)
    {
        LaunchedProcess? process;
        lock (_lock)
        {
            process = _process;
            _isForcedUnready = affliction switch
            {
                PodAffliction.Unready => true,
                PodAffliction.Recover => false,
                _ => _isForcedUnready,
            };
        }

        switch (affliction)
        {
            case PodAffliction.Crash:
                process?.Signal(Signals.Abort);
                break;
            case PodAffliction.Kill:
                process?.Signal(Signals.Kill);
                break;
            case PodAffliction.Hang:
                process?.Signal(Signals.Stop);
                break;
            case PodAffliction.Recover:
                process?.Signal(Signals.Continue);
                break;
            case PodAffliction.Unready:
                break;
        }

        Show(Judged);
    }

    /// <summary>Shows why the container waits.</summary>
    public void Wait(string reason, string message) => Show(o => o with
    {
        State = new ContainerState.Waiting(reason, message),
        IsReady = false,
        IsStarted = false,
    });

    /// <summary>Runs the container until the pod stops or the restart policy ends it.</summary>
    /// <returns>True when its last run ended with exit code 0.</returns>
    public async Task<bool> RunAsync()
    {
        var backOff = new RestartBackOff(_pod.Options.FirstBackOff, _pod.Options.LongestBackOff);
        while (!_pod.Clock.Stopping.IsCancellationRequested)
        {
            if (await PrepareAsync() is not { } run)
            {
                await _pod.PauseAsync(_pod.Options.Retry);
                continue;
            }

            var ended = await RunOnceAsync(run);
            Show(o => o with { State = ended, IsReady = false, IsStarted = false });
            if (_pod.Clock.Stopping.IsCancellationRequested || !RestartsAfter(ended.ExitCode))
            {
                return ended.ExitCode == 0;
            }

            var wait = backOff.WaitAfter(ended.FinishedAt);
            var pause = ended.FinishedAt + wait - _pod.Time.GetUtcNow();
            if (pause > TimeSpan.Zero)
            {
                var text = string.Create(CultureInfo.InvariantCulture, $"back-off {wait.TotalSeconds:0.###}s restarting failed container={Name} pod={_pod.Plan.Name}_{_pod.Plan.Namespace}({_pod.Plan.Uid})");
                Show(o => o with { State = new ContainerState.Waiting("CrashLoopBackOff", text), LastState = ended });
                _pod.Warn("BackOff", $"Back-off restarting failed container {Name} in pod {_pod.Plan.Name}_{_pod.Plan.Namespace}({_pod.Plan.Uid})");
                await _pod.PauseAsync(pause);
                if (_pod.Clock.Stopping.IsCancellationRequested)
                {
                    // It stays ended: waiting would say that it is going to run.
                    Show(o => o with { State = ended, LastState = null });
                    return ended.ExitCode == 0;
                }
            }

            backOff.Restarted(ended.FinishedAt, _pod.Time.GetUtcNow());
            Show(o => o with { RestartCount = o.RestartCount + 1, LastState = ended });
        }

        return false;
    }

    void IRunWatcher.Started()
    {
        _probedReady = _plan.Readiness is null;
        Show(o => Judged(o with { IsStarted = true }));
    }

    void IRunWatcher.Ready(bool isReady)
    {
        _probedReady = isReady;
        Show(Judged);
    }

    /// <summary>Ready is what the probe found, unless a fault says otherwise.</summary>
    private ContainerObservation Judged(ContainerObservation seen)
    {
        var isReady = _probedReady && !_isForcedUnready && seen.State is ContainerState.Running;
        return seen.IsReady == isReady ? seen : seen with { IsReady = isReady };
    }

    private bool RestartsAfter(int exitCode) => _pod.Plan.RestartPolicy switch
    {
        "Never" => false,
        "OnFailure" => exitCode != 0,
        _ => !_isInit || exitCode != 0,
    };

    private async Task<ContainerRun?> PrepareAsync()
    {
        try
        {
            var mounts = PodVolumes.Map(_pod, _plan);
            var sources = _plan.EnvFrom.Select(f => f.From).Concat(_plan.Env.Where(v => v.From is not null).Select(v => v.From!.Value));
            var data = await _pod.ReadAsync(sources, _pod.Clock.Stopping);
            var variables = ContainerEnvironment.Variables(_plan, data, _pod.Field, mounts, _pod.Surroundings);
            return new ContainerRun(_pod, _plan, mounts, variables, NewLog(), this);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (PodConfigException e)
        {
            Refuse(e.Reason, e.Message);
        }
        catch (Exception e) when (e is ApiFailureException or HttpRequestException or IOException or FormatException)
        {
            Refuse(PodConfigException.ConfigError, e.Message);
        }

        return null;
    }

    private void Refuse(string reason, string message)
    {
        if (Observation.State is not ContainerState.Waiting known || known.Reason != reason || known.Message != message)
        {
            Wait(reason, message);
            _pod.Warn("Failed", $"Error: {message}");
        }
    }

    private async Task<ContainerState.Terminated> RunOnceAsync(ContainerRun run)
    {
        LaunchedProcess process;
        var startedAt = _pod.Time.GetUtcNow();
        try
        {
            process = await run.LaunchAsync();
        }
        catch (IOException e)
        {
            // The number and the reason are containerd's.
            Log(previous: false)?.Dispose();
            _pod.Warn("Failed", $"Error: {e.Message}");
            return new ContainerState.Terminated(128, "StartError", startedAt, _pod.Time.GetUtcNow(), Message: e.Message);
        }

        startedAt = _pod.Time.GetUtcNow();
        var id = string.Create(CultureInfo.InvariantCulture, $"process://{process.Pid}");
        lock (_lock)
        {
            _process = process;
            _run = run;
        }

        _pod.Normal("Created", "Container created");
        _pod.Normal("Started", "Container started");
        _probedReady = _plan.Startup is null && _plan.Readiness is null;
        Show(o => Judged(o with { State = new ContainerState.Running(startedAt), ContainerId = id, IsStarted = _plan.Startup is null }));
        var code = await run.FollowAsync(process);
        lock (_lock)
        {
            _process = null;
            _run = null;
        }

        return new ContainerState.Terminated(code, code == 0 ? "Completed" : "Error", startedAt, _pod.Time.GetUtcNow()) { ContainerId = id };
    }

    private ContainerLog NewLog()
    {
        var folder = Path.Combine(_pod.Directory, "logs", Name);
        PrivateDirectory.Make(folder);
        var log = new ContainerLog(
            Path.Combine(folder, (_runs++).ToString(CultureInfo.InvariantCulture)), _pod.Options.LogSegmentBytes, _pod.Options.LogSegments, _pod.Time);
        lock (_lock)
        {
            // Kept as the kubelet keeps them: this run and the one before.
            foreach (var old in Directory.EnumerateFiles(folder, string.Create(CultureInfo.InvariantCulture, $"{_runs - 3}.*.log")))
            {
                File.Delete(old);
            }

            _previousLog = _log;
            _log = log;
        }

        return log;
    }

    private void Show(Func<ContainerObservation, ContainerObservation> change)
    {
        lock (_lock)
        {
            var next = change(_observation);
            if (ReferenceEquals(next, _observation))
            {
                return;
            }

            Volatile.Write(ref _observation, next);
        }

        _changed();
    }
}
