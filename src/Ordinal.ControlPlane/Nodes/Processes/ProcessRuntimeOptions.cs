using Ordinal.ControlPlane.Nodes.Network;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>How the process runtime works.</summary>
/// <param name="Root">Absolute path of the directory for pods, volumes and logs; made if missing, for this user alone.</param>
/// <param name="Net">The cluster's net, from which pods get their addresses. The runtime does not own it.</param>
public sealed record ProcessRuntimeOptions(string Root, LoopbackNet Net)
{
    /// <summary>Gets the PATH of the pods' processes.</summary>
    public string Path { get; init; } = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";

    /// <summary>Gets the address of a node, by its name; the first of the net for all when not set.</summary>
    public Func<string, string>? HostIP { get; init; }

    /// <summary>Gets the first wait of the restart back-off above zero; it doubles from there.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the longest wait of the restart back-off.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how long a pod waits before it looks again for what it lacks: a claim, a ConfigMap, its address.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets how often a pod looks whether the ConfigMaps and Secrets of its volumes have changed; a kubelet takes up to a minute.</summary>
    public TimeSpan VolumeSync { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the size of one segment of a container's log, in bytes.</summary>
    public long LogSegmentBytes { get; init; } = 5 * 1024 * 1024;

    /// <summary>Gets how many segments of a log are kept.</summary>
    public int LogSegments { get; init; } = 4;

    /// <summary>Gets how long processes have to end when the runtime itself is disposed.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets a value indicating whether <see cref="Root"/> is deleted at the end, even when this process is killed.</summary>
    public bool DeletesRoot { get; init; }
}
