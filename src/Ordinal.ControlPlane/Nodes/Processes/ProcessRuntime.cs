using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// Runs pods as processes of this machine: a container's command and args are a program with its arguments, its volumes are
/// directories (<see cref="MountMap"/> says how a process finds them), and each pod has an address of its own in the cluster's
/// loopback net. Images are not looked at. Nothing that it starts outlives it (<see cref="ProcessLauncher"/>), and everything that it
/// writes lies in one directory that only this user can enter. One runtime can serve several nodes. Linux only.
/// </summary>
public sealed class ProcessRuntime : IPodRuntime, ILogSource, IExecSource, IAsyncDisposable
{
    private readonly ProcessRuntimeOptions _options;
    private readonly IPodObjects _objects;
    private readonly ProcessLauncher _launcher;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<ProcessPod> _pods = [];
    private bool _isStopping;

    private ProcessRuntime(ProcessRuntimeOptions options, IPodObjects objects, ProcessLauncher launcher, TimeProvider time)
    {
        _options = options;
        _objects = objects;
        _launcher = launcher;
        _time = time;
    }

    /// <summary>Creates a runtime.</summary>
    /// <param name="options">Directory, net and limits.</param>
    /// <param name="objects">Reads what pods refer to.</param>
    /// <param name="time">Clock of delays, back-off and log lines. Processes themselves live on the real one.</param>
    /// <exception cref="PlatformNotSupportedException">This is not Linux, or setsid or setpriv is missing.</exception>
    public static async Task<ProcessRuntime> CreateAsync(ProcessRuntimeOptions options, IPodObjects objects, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("The process runtime needs Linux; use the runtime \"simulated\".");
        }

        PrivateDirectory.MakePrivate(options.Root);
        var launcher = await ProcessLauncher.CreateAsync(time, options.DeletesRoot ? options.Root : null);
        return new ProcessRuntime(options, objects, launcher, time);
    }

    /// <inheritdoc/>
    public ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        cancellationToken.ThrowIfCancellationRequested();
        var plan = PodPlanReader.Read(start.Pod, start.NodeName);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
            var pod = new ProcessPod(new PodContext(start, plan, _options, _launcher, _objects, _time), start.Changed, Forget);
            _pods.Add(pod);
            return ValueTask.FromResult<IRunningPod>(pod);
        }
    }

    /// <inheritdoc/>
    public Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        TryFindLog(new ObjectKey(request.Namespace, request.Pod), request.Container, request.Previous, out var log);
        return Task.FromResult<IApiFeed?>(log is null
            ? null
            : new ContainerLogFeed(new ContainerLogReader(log, new ContainerLogOptions(
                request.Follow, request.Timestamps, request.TailLines, request.Since, request.LimitBytes))));
    }

    /// <inheritdoc/>
    public ExecState Look(ExecRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Find(request) is not { } pod ? ExecState.Unknown : pod.Run(request.Container) is null ? ExecState.NotRunning : ExecState.Running;
    }

    /// <inheritdoc/>
    public async Task<IExecution> StartAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        var run = Find(request)?.Run(request.Container) ?? throw new IOException($"container not found (\"{request.Container}\")");
        return await run.ExecuteAsync(request.Command, request.Stdin);
    }

    /// <summary>Finds a container's log.</summary>
    /// <param name="pod">Namespace and name.</param>
    /// <param name="container">Name of the container.</param>
    /// <param name="previous">The run before this one.</param>
    /// <param name="log">The log; null when there was no such run.</param>
    /// <returns>False when this runtime has no such pod or the pod no such container.</returns>
    public bool TryFindLog(ObjectKey pod, string container, bool previous, out ContainerLog? log)
    {
        var found = Find(pod);
        log = found?.Log(container, previous);
        return found?.Has(container) ?? false;
    }

    /// <summary>Stops every pod, all at once, and deletes their directories.</summary>
    public async ValueTask DisposeAsync()
    {
        ProcessPod[] pods;
        lock (_lock)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            pods = [.. _pods];
        }

        await Task.WhenAll(pods.Select(p => p.StopAsync(_options.ShutdownGrace, CancellationToken.None)));
        foreach (var pod in pods)
        {
            await pod.DisposeAsync();
        }

        await _launcher.DisposeAsync();
    }

    private ProcessPod? Find(ExecRequest request) => Find(new ObjectKey(request.Namespace, request.Pod));

    private ProcessPod? Find(ObjectKey pod)
    {
        lock (_lock)
        {
            // A new pod of the same name comes after the old one.
            return _pods.FindLast(p => p.Key == pod);
        }
    }

    private void Forget(ProcessPod pod)
    {
        lock (_lock)
        {
            _pods.Remove(pod);
        }
    }

    private sealed class ContainerLogFeed(ContainerLogReader reader) : IApiFeed
    {
        public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken) => reader.ReadAsync(cancellationToken);

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
