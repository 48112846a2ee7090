using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// What runs the containers of a pod. The kubelet owns everything that the API server sees (watch, status, conditions,
/// deletion); a runtime owns the containers and nothing else.
/// </summary>
public interface IPodRuntime
{
    /// <summary>
    /// Begins to run one pod. Returns once the pod is registered, not once it runs: slow work (start delays, processes) goes on behind
    /// <see cref="IRunningPod"/> and is told through <see cref="PodStart.Changed"/>. Called once for each pod uid.
    /// </summary>
    /// <exception cref="OperationCanceledException">The kubelet is stopping.</exception>
    ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken);
}

/// <summary>What a runtime gets to start one pod.</summary>
/// <param name="Pod">The pod as the API server has it, bound to this node.</param>
/// <param name="NodeName">The node that runs it.</param>
/// <param name="Changed">Called whenever <see cref="IRunningPod.Observation"/> has changed; cheap, from any thread, may be coalesced.</param>
/// <param name="Event">Publishes an event on the pod: type (Normal or Warning), reason, message. Cheap, from any thread.</param>
public sealed record PodStart(KubeObject Pod, string NodeName, Action Changed, Action<string, string, string> Event);

/// <summary>One pod in the hands of a runtime. Disposed when its API object is gone; that ends what still runs, without grace.</summary>
public interface IRunningPod : IAsyncDisposable
{
    /// <summary>Gets how the containers are right now. Immutable; replaced, never changed in place.</summary>
    PodObservation Observation { get; }

    /// <summary>Tells the runtime that the API object changed (labels, annotations, conditions). The uid is the same.</summary>
    void Update(KubeObject pod);

    /// <summary>Makes something befall the pod. Cheap, from any thread; a pod that does not run is left alone.</summary>
    void Afflict(PodAffliction affliction);

    /// <summary>
    /// Ends all containers: TERM, then KILL after <paramref name="gracePeriod"/>. Returns when none runs any more and
    /// <see cref="Observation"/> says so. A second call with a shorter grace period shortens the first.
    /// </summary>
    Task StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken);
}
