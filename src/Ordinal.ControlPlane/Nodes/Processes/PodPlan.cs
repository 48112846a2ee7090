using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>What the process runtime reads of a pod's spec. Read once; the spec of a pod does not change in what matters here.</summary>
public sealed record PodPlan(string Namespace, string Name, string Uid)
{
    public string NodeName { get; init; } = "";

    public string ServiceAccountName { get; init; } = "default";

    /// <summary>Gets Always, OnFailure or Never.</summary>
    public string RestartPolicy { get; init; } = "Always";

    /// <summary>Gets the time between TERM and KILL when the kubelet itself restarts a container.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how long after binding the first process starts; it stands for the pull of an image.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Gets the asked host part of the address; null for a free one.</summary>
    public int? HostPart { get; init; }

    public ImmutableArray<VolumePlan> Volumes { get; init; } = [];

    public ImmutableArray<ContainerPlan> InitContainers { get; init; } = [];

    public ImmutableArray<ContainerPlan> Containers { get; init; } = [];

    /// <summary>Gets why this pod cannot run here, with the remedy; null when it can.</summary>
    public string? Refusal { get; init; }
}

/// <summary>One container.</summary>
public sealed record ContainerPlan(string Name, string Image)
{
    public ImmutableArray<string> Command { get; init; } = [];

    public ImmutableArray<string> Args { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    public ImmutableArray<VariablesFrom> EnvFrom { get; init; } = [];

    public ImmutableArray<Variable> Env { get; init; } = [];

    public ImmutableArray<MountPlan> Mounts { get; init; } = [];

    /// <summary>Gets the named ports, for probes.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    public ProbePlan? Startup { get; init; }

    public ProbePlan? Readiness { get; init; }

    public ProbePlan? Liveness { get; init; }

    /// <summary>Gets the words of the preStop exec hook; empty for none.</summary>
    public ImmutableArray<string> PreStop { get; init; } = [];

    /// <summary>Gets how long the preStop sleep hook waits; null for none.</summary>
    public TimeSpan? PreStopSleep { get; init; }
}

/// <summary>A mount of a volume in a container.</summary>
public sealed record MountPlan(string Volume, string MountPath, string SubPath);

/// <summary>A volume: a directory.</summary>
/// <param name="Name">Its name in the pod.</param>
/// <param name="Claim">The claim whose directory it is; null for a directory that lives as long as the pod.</param>
/// <param name="Files">What is written into it before the first container starts.</param>
public sealed record VolumePlan(string Name, string? Claim, ImmutableArray<VolumeFiles> Files);

/// <summary>Files of a volume: the keys of a ConfigMap or a Secret, or the downward API.</summary>
/// <param name="From">The object; null for the downward API.</param>
/// <param name="Items">Key (or field path), file name and its own mode; empty for every key under its own name.</param>
/// <param name="Mode">Mode of the files that have none of their own.</param>
public sealed record VolumeFiles(DataSource? From, ImmutableArray<(string Key, string Path, UnixFileMode? Mode)> Items, UnixFileMode Mode);

/// <summary>A ConfigMap or a Secret of the pod's namespace.</summary>
public readonly record struct DataSource(bool IsSecret, string Name, bool IsOptional);

/// <summary>All keys of an object as variables.</summary>
public sealed record VariablesFrom(DataSource From, string Prefix);

/// <summary>One environment variable: a value, a field of the pod, or a key of an object.</summary>
public sealed record Variable(string Name)
{
    public string? Value { get; init; }

    public string? FieldPath { get; init; }

    public DataSource? From { get; init; }

    public string Key { get; init; } = "";
}

/// <summary>A probe. Times are those of Kubernetes, defaults included.</summary>
public sealed record ProbePlan(ProbeAction Action)
{
    public TimeSpan InitialDelay { get; init; }

    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    public int SuccessThreshold { get; init; } = 1;

    public int FailureThreshold { get; init; } = 3;

    /// <summary>Gets the grace period of a container that this probe ends; null for the pod's.</summary>
    public TimeSpan? GracePeriod { get; init; }
}

/// <summary>What a probe does.</summary>
public abstract record ProbeAction
{
    private protected ProbeAction()
    {
    }

    /// <summary>GET; passes with 200 to 399. Certificates are not checked, as in Kubernetes.</summary>
    public sealed record HttpGet(string Scheme, string? Host, string Port, string Path, ImmutableArray<(string Name, string Value)> Headers) : ProbeAction;

    /// <summary>Opens a TCP connection.</summary>
    public sealed record TcpSocket(string? Host, string Port) : ProbeAction;

    /// <summary>Runs a process in the container's environment; passes with exit code 0.</summary>
    public sealed record Exec(ImmutableArray<string> Words) : ProbeAction;
}
