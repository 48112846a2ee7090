namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>Ways in which a simulated pod fails.</summary>
public enum SimulatedFailure
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Its image is not there; it stays Pending, and the pull is tried again with a growing pause.</summary>
    ImagePullBackOff,

    /// <summary>Its container starts, exits and is started again with a growing pause.</summary>
    CrashLoopBackOff,

    /// <summary>The same, ended by the kernel for its memory.</summary>
    OOMKilled,

    /// <summary>The same in its first init container; the pod stays Pending.</summary>
    InitCrashLoopBackOff,

    /// <summary>It runs and its readiness probe never passes.</summary>
    NeverReady,

    /// <summary>It is bound to no node. The scheduler sees to that.</summary>
    Unschedulable,

    /// <summary>A ConfigMap or Secret of its container is missing; it stays Pending.</summary>
    CreateContainerConfigError,

    /// <summary>It works, but once deleted it never ends, not even by KILL: only a forced deletion takes its object away.</summary>
    NeverStops,

    /// <summary>The word in the script is none of these; the pod behaves as with <see cref="None"/> and an event says so.</summary>
    Unknown,
}
