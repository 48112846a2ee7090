using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Network;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// One pod as processes of this machine: takes its address, makes its volumes, waits its start delay, runs the init containers one
/// after the other and then the containers side by side.
/// </summary>
internal sealed class ProcessPod : IRunningPod
{
    private readonly PodContext _pod;
    private readonly Action _changed;
    private readonly Action<ProcessPod> _gone;
    private readonly ImmutableArray<ContainerLoop> _inits;
    private readonly ImmutableArray<ContainerLoop> _containers;
    private readonly Signal _updated = new();
    private readonly Task _run;
    private int _disposed;

    public ProcessPod(PodContext pod, Action changed, Action<ProcessPod> gone)
    {
        _pod = pod;
        _changed = changed;
        _gone = gone;
        var inits = pod.Plan.InitContainers;
        _inits = [.. inits.Select(c => new ContainerLoop(pod, c, isInit: true, "PodInitializing", changed))];
        _containers = [.. pod.Plan.Containers.Select(c => new ContainerLoop(pod, c, isInit: false, inits.IsEmpty ? "ContainerCreating" : "PodInitializing", changed))];
        _run = RunAsync();
    }

    public ObjectKey Key => new(_pod.Plan.Namespace, _pod.Plan.Name);

    /// <inheritdoc/>
    public PodObservation Observation => new([.. _containers.Select(c => c.Observation)])
    {
        InitContainers = [.. _inits.Select(c => c.Observation)],
        PodIP = _pod.PodIP,
    };

    /// <inheritdoc/>
    public void Update(KubeObject pod)
    {
        _pod.Pod = pod;
        _updated.Set();
    }

    /// <inheritdoc/>
    public void Afflict(PodAffliction affliction)
    {
        foreach (var container in _containers)
        {
            container.Afflict(affliction);
        }
    }

    /// <summary>Gets the log of a container; null when it has not run (or not run before).</summary>
    public ContainerLog? Log(string container, bool previous) =>
        _inits.Concat(_containers).FirstOrDefault(c => c.Name == container)?.Log(previous);

    /// <summary>Gets the run of a container; null when it does not run.</summary>
    public ContainerRun? Run(string container) => _inits.Concat(_containers).FirstOrDefault(c => c.Name == container)?.Run;

    /// <summary>Says whether the pod has a container of this name.</summary>
    public bool Has(string container) => _inits.Concat(_containers).Any(c => c.Name == container);

    /// <inheritdoc/>
    public async Task StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        _pod.Clock.Stop(gracePeriod);
        await _run.WaitAsync(cancellationToken);

        // Only now: the next pod at this address must not meet the last one's sockets.
        _pod.Options.Net.ReleaseAddress(_pod.Plan.Uid);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await StopAsync(TimeSpan.Zero, CancellationToken.None);
        _gone(this);
        try
        {
            Directory.Delete(_pod.Directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It never came so far.
        }
        catch (IOException e)
        {
            _pod.Warn("FailedCleanup", $"{_pod.Directory} is left: {e.Message}");
        }

        _pod.Dispose();
    }

    private async Task RunAsync()
    {
        // The caller registers this pod first; it then learns of every change.
        await Task.Yield();
        try
        {
            var boundAt = _pod.Time.GetTimestamp();
            while (!_pod.Clock.Stopping.IsCancellationRequested && !await PrepareAsync())
            {
                await _pod.PauseAsync(_pod.Options.Retry);
            }

            await _pod.PauseAsync(_pod.Plan.StartDelay - _pod.Time.GetElapsedTime(boundAt));
            using var over = CancellationTokenSource.CreateLinkedTokenSource(_pod.Clock.Stopping);
            var volumes = FollowVolumesAsync(over.Token);
            await RunContainersAsync();
            await over.CancelAsync();
            await volumes;
        }
#pragma warning disable CA1031 // A defect of ours must be seen on the pod; left unobserved, it would only make the pod hang.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Refuse("RunContainerError", $"the process runtime failed: {e.GetType().Name}: {e.Message}");
        }
    }

    private async Task RunContainersAsync()
    {
        foreach (var init in _inits)
        {
            if (_pod.Clock.Stopping.IsCancellationRequested || !await init.RunAsync())
            {
                return;
            }
        }

        await Task.WhenAll(_containers.Select(c => c.RunAsync()));
    }

    /// <summary>Keeps the volumes' files like their sources: every so often, and whenever the pod itself has changed (the downward API).</summary>
    private async Task FollowVolumesAsync(CancellationToken cancellationToken)
    {
        while (_pod.Plan.Volumes.Any(v => !v.Files.IsEmpty))
        {
            try
            {
                await _updated.WaitAsync(_pod.Options.VolumeSync, _pod.Time, cancellationToken);
                await PodVolumes.RefreshAsync(_pod, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (PodConfigException e)
            {
                _pod.Warn("FailedMount", $"MountVolume.SetUp failed: {e.Message}");
            }
            catch (Exception e) when (e is ApiFailureException or HttpRequestException or IOException or UnauthorizedAccessException or FormatException)
            {
                // The files stay as they were, and the next look comes.
            }
        }
    }

    /// <summary>Takes the address and makes the volumes.</summary>
    /// <returns>False when something is not there yet.</returns>
    private async Task<bool> PrepareAsync()
    {
        try
        {
            if (_pod.Plan.Refusal is { } refusal)
            {
                throw new PodConfigException(PodConfigException.ConfigError, refusal);
            }

            if (_pod.PodIP is null)
            {
                _pod.PodIP = _pod.Options.Net.TakeAddress(_pod.Plan.Uid, _pod.Plan.HostPart)
                    ?? throw new PodConfigException("ContainerCreating", _pod.Plan.HostPart is { } host
                        ? $"address {_pod.Options.Net.Address(host)} belongs to another pod; change annotation {HostParts.HostAnnotation} or {HostParts.HostBaseAnnotation}, or wait until that pod is gone"
                        : $"no address is free in {_pod.Options.Net.Prefix}.0/24");
                _changed();
            }

            PrivateDirectory.Make(_pod.Directory);
            _pod.Volumes = await PodVolumes.MakeAsync(_pod, _pod.Clock.Stopping);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (PodConfigException e)
        {
            Refuse(e.Reason, e.Message);
        }
        catch (Exception e) when (e is ApiFailureException or HttpRequestException or IOException or UnauthorizedAccessException or FormatException)
        {
            Refuse(PodConfigException.ConfigError, e.Message);
        }

        return false;
    }

    private void Refuse(string reason, string message)
    {
        if (_containers.FirstOrDefault() is not { Observation.State: ContainerState.Waiting known } || known.Reason != reason || known.Message != message)
        {
            _pod.Warn("FailedCreatePodContainer", message);
            foreach (var loop in _inits.Concat(_containers))
            {
                loop.Wait(reason, message);
            }
        }
    }
}
