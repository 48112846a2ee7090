namespace Ordinal.Core.Planning;

/// <summary>What is true of one expected ordinal in this pass.</summary>
[Flags]
internal enum PodFlags : ushort
{
    None = 0,
    Missing = 1,
    Terminating = 2,
    Ready = 4,

    /// <summary>Ready for minReadyDuration, and not terminating.</summary>
    Available = 8,
    AtTarget = 16,

    /// <summary>At the target and available, its AfterPod gates passed (or it has none).</summary>
    Passed = 32,

    /// <summary>At another revision, not ready, and its trouble cannot heal by itself.</summary>
    Stuck = 64,

    /// <summary>Its replacement is decided and not yet proven over: it counts as away whatever it looks like.</summary>
    InFlight = 128,

    /// <summary>In flight, and the incarnation that shall go still stands.</summary>
    Standing = 256,

    /// <summary>An action of this decision is about it.</summary>
    Acted = 512,

    /// <summary>It has a hold of its own already.</summary>
    Held = 1024,

    /// <summary>Its AfterPod gates are being asked.</summary>
    Gated = 2048,

    /// <summary>A gate says that it may not go together with those that are away or going: another one goes first.</summary>
    PassedOver = 4096,

    /// <summary>Serves at the revision that pods are taken back from, and its AfterPod gates never passed: as if in flight, and the first to go back.</summary>
    GivenUp = 8192,
}

/// <summary>One expected ordinal: an index and flags, so that a pass over 1,000 pods allocates nothing.</summary>
/// <param name="Pod">The index into <c>Snapshot.Pods</c>; −1 when the pod is missing.</param>
internal record struct PodFact(int Pod, PodFlags Flags)
{
    /// <summary>Tells whether any of the flags is set.</summary>
    public readonly bool Is(PodFlags any) => (Flags & any) != 0;

    /// <summary>Gets a value indicating whether nothing is left to do about this pod.</summary>
    public readonly bool IsDone => Is(PodFlags.Passed) && !Is(PodFlags.InFlight);

    /// <summary>Gets a value indicating whether the pod does not serve, whatever the reason.</summary>
    public readonly bool IsAway => !Is(PodFlags.Available);

    /// <summary>Gets a value indicating whether the pod uses a place of the budget (rule 1).</summary>
    public readonly bool UsesBudget => IsAway || Is(PodFlags.InFlight | PodFlags.GivenUp);

    /// <summary>Gets a value indicating whether the pod uses a place, and taking it uses no further one.</summary>
    public readonly bool GoesBackFirst => Is(PodFlags.GivenUp) && !Is(PodFlags.InFlight);
}
