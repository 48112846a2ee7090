using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>What the containers of one pod share.</summary>
internal sealed class PodContext(PodStart start, PodPlan plan, ProcessRuntimeOptions options, ProcessLauncher launcher, IPodObjects objects, TimeProvider time)
    : IDisposable
{
    private KubeObject _pod = start.Pod;

    public PodPlan Plan => plan;

    public ProcessRuntimeOptions Options => options;

    public ProcessLauncher Launcher => launcher;

    public TimeProvider Time => time;

    public StopClock Clock { get; } = new(time);

    /// <summary>Gets or sets the pod's address; null until it has one.</summary>
    public string? PodIP { get; set; }

    /// <summary>Gets or sets the directories of the volumes, by name.</summary>
    public ImmutableSortedDictionary<string, string> Volumes { get; set; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Gets the pod's own directory.</summary>
    public string Directory { get; } = Path.Combine(options.Root, "pods", plan.Uid);

    public ContainerSurroundings Surroundings => new(
        options.Path, Directory, options.Net.Prefix, PodIP ?? "", options.HostIP?.Invoke(plan.NodeName) ?? options.Net.Address(1));

    /// <summary>Gets or sets the pod as the API server has it now.</summary>
    public KubeObject Pod
    {
        get => Volatile.Read(ref _pod);
        set => Volatile.Write(ref _pod, value);
    }

    public string? Field(string path) => DownwardApi.Field(path, Pod, plan, Surroundings);

    public Task<PodData> ReadAsync(IEnumerable<DataSource> sources, CancellationToken cancellationToken) =>
        PodData.ReadAsync(sources, plan.Namespace, objects, cancellationToken);

    public Task<KubeObject?> GetClaimAsync(string name, CancellationToken cancellationToken) =>
        objects.GetAsync(ResourceKind.Claims, new ObjectKey(plan.Namespace, name), cancellationToken);

    public void Normal(string reason, string message) => start.Event("Normal", reason, message);

    public void Warn(string reason, string message) => start.Event("Warning", reason, message);

    /// <summary>Waits, or returns early when the pod stops.</summary>
    public async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time, Clock.Stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // The caller looks at the clock.
        }
    }

    public void Dispose() => Clock.Dispose();
}
