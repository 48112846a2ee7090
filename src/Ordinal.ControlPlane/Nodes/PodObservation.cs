using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>How the containers of one pod are, as its runtime sees them.</summary>
/// <param name="Containers">One entry for each container of the spec, in its order.</param>
public sealed record PodObservation(ImmutableArray<ContainerObservation> Containers)
{
    /// <summary>Gets the init containers, in the order of the spec.</summary>
    public ImmutableArray<ContainerObservation> InitContainers { get; init; } = [];

    /// <summary>Gets the pod's address; null until it has one.</summary>
    public string? PodIP { get; init; }

    /// <summary>
    /// Gets a value indicating whether every init container has ended well and every sidecar has started (true when there are none). Once
    /// an ordinary container has run, that stays so.
    /// </summary>
    public bool IsInitialized =>
        InitContainers.All(container => container.IsSidecar ? container.IsStarted : container.State is ContainerState.Terminated { ExitCode: 0 })
        || Containers.Any(container => container.State is not ContainerState.Waiting || container.LastState is not null);
}

/// <summary>How one container is.</summary>
/// <param name="Name">Its name in the spec.</param>
/// <param name="Image">Its image in the spec.</param>
/// <param name="State">What it does now.</param>
/// <param name="IsReady">Its readiness probe passes, or it runs and has none.</param>
public sealed record ContainerObservation(string Name, string Image, ContainerState State, bool IsReady)
{
    /// <summary>Gets a value indicating whether its startup probe has passed, or it runs and has none.</summary>
    public bool IsStarted { get; init; } = State is ContainerState.Running;

    /// <summary>Gets how often it was started again.</summary>
    public int RestartCount { get; init; }

    /// <summary>Gets how the run before this one ended.</summary>
    public ContainerState.Terminated? LastState { get; init; }

    /// <summary>Gets the runtime's name for the running instance, <c>process://1234</c>.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>Gets the digest of the image; empty until it runs.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Gets a value indicating whether it is an init container that goes on beside the others.</summary>
    public bool IsSidecar { get; init; }
}

/// <summary>The three states that Kubernetes knows of a container.</summary>
public abstract record ContainerState
{
    private protected ContainerState()
    {
    }

    /// <summary>Not running yet, or between two runs.</summary>
    /// <param name="Reason"><c>ContainerCreating</c>, <c>CrashLoopBackOff</c>, <c>ImagePullBackOff</c>…</param>
    /// <param name="Message">For people; may be empty.</param>
    public sealed record Waiting(string Reason, string Message = "") : ContainerState;

    /// <summary>Running since <paramref name="StartedAt"/>.</summary>
    public sealed record Running(DateTimeOffset StartedAt) : ContainerState;

    /// <summary>Ended.</summary>
    /// <param name="Signal">The signal that ended it; 0 when it exited by itself.</param>
    public sealed record Terminated(int ExitCode, string Reason, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, int Signal = 0, string Message = "") : ContainerState
    {
        /// <summary>Gets the runtime's name for the instance that ended; empty for none.</summary>
        public string ContainerId { get; init; } = "";
    }
}
