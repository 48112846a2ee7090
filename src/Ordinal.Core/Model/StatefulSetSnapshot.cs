using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Core.Model;

/// <summary>The value of <c>spec.updateStrategy</c>.</summary>
/// <param name="Type">RollingUpdate or OnDelete.</param>
/// <param name="Partition"><c>rollingUpdate.partition</c>; null when <c>rollingUpdate</c> or the partition is absent, which means 0.</param>
/// <param name="MaxUnavailable"><c>rollingUpdate.maxUnavailable</c> as written; null when absent.</param>
public sealed record StrategyValue(UpdateStrategyType Type, long? Partition = null, string? MaxUnavailable = null)
{
    /// <summary>
    /// The partition of a held StatefulSet. Not more: the built-in controller adds the start ordinal in a Go int, some clients in 32 bits (T21).
    /// </summary>
    public const long HeldPartition = 1_000_000_000;

    /// <summary>Gets the effective partition: OnDelete releases nothing by itself, so it counts as infinite.</summary>
    public long EffectivePartition => Type is UpdateStrategyType.OnDelete ? long.MaxValue : Partition ?? 0;

    /// <summary>Gets a value indicating whether this is a hold of ours: RollingUpdate at 1,000,000,000, or one less (see <see cref="HeldFrom"/>).</summary>
    public bool IsOurHold => Type is UpdateStrategyType.RollingUpdate && Partition >= HeldPartition - 1;

    /// <summary>
    /// The hold to write over <paramref name="current"/>. Over a hold of ours it differs by one, so that the write moves the generation
    /// and a delayed write of an abandoned release can never pass its test (rule 3).
    /// </summary>
    /// <param name="current">The value in place.</param>
    /// <param name="original">The strategy kept at adoption, for its maxUnavailable; null when there is none.</param>
    public static StrategyValue HeldFrom(StrategyValue current, StrategyValue? original) => new(
        UpdateStrategyType.RollingUpdate,
        current is { Type: UpdateStrategyType.RollingUpdate, Partition: HeldPartition } ? HeldPartition - 1 : HeldPartition,
        current.MaxUnavailable ?? original?.MaxUnavailable);

    /// <summary>Tells whether both release the same pods: type and partition are equal. A server without the feature drops maxUnavailable.</summary>
    public bool HasEffectOf(StrategyValue other) => Type == other.Type && EffectivePartition == other.EffectivePartition;

    /// <summary>Tells whether no pod of a set of this size is released: partition ≥ replicas, or OnDelete.</summary>
    public bool Holds(int replicas) => EffectivePartition >= replicas;
}

/// <summary>What the planner needs to know of one StatefulSet.</summary>
public sealed record StatefulSetSnapshot
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    public required string ResourceVersion { get; init; }

    public required long Generation { get; init; }

    public required long ObservedGeneration { get; init; }

    /// <summary>Gets <c>spec.replicas</c>.</summary>
    public required int Replicas { get; init; }

    /// <summary>Gets <c>spec.ordinals.start</c>, 0 by default.</summary>
    public long StartOrdinal { get; init; }

    public required StrategyValue Strategy { get; init; }

    public PodManagementPolicy PodManagement { get; init; }

    public int MinReadySeconds { get; init; }

    /// <summary>Gets <c>status.currentRevision</c>. Under OnDelete, Kubernetes before 1.37 never moves it (#73492).</summary>
    public required string CurrentRevision { get; init; }

    public required string UpdateRevision { get; init; }

    public int StatusReplicas { get; init; }

    public int ReadyReplicas { get; init; }

    public int AvailableReplicas { get; init; }

    public int UpdatedReplicas { get; init; }

    public bool IsTerminating { get; init; }

    /// <summary>Gets the value of the claim annotation <c>ordinal.dev/held-by</c>: <c>policyUid/rolloutUid</c>; empty when unclaimed.</summary>
    public string HeldBy { get; init; } = "";

    /// <summary>Gets the strategy kept at adoption (annotation <c>ordinal.dev/original-strategy</c>); null before adoption.</summary>
    public StrategyValue? OriginalStrategy { get; init; }

    /// <summary>
    /// Gets the managers other than ours that declare <c>spec.updateStrategy.type</c> in a way that a re-apply repeats it: managed
    /// fields of either operation, last-applied, Helm, Argo CD or Flux marks. Not empty forbids the OnDelete driver (T1).
    /// </summary>
    public ImmutableArray<string> StrategyTypeDeclaredBy { get; init; } = [];

    /// <summary>Gets the managers other than ours that declare OnDelete while the set has it: then it is theirs, and no switch of ours was left behind (T24).</summary>
    public ImmutableArray<string> OnDeleteDeclaredBy { get; init; } = [];

    /// <summary>Gets the managers other than ours that own the partition field.</summary>
    public ImmutableArray<string> PartitionOwnedBy { get; init; } = [];

    /// <summary>Gets a value indicating whether the pod template declares the operator's readiness gate.</summary>
    public bool HasReadinessGate { get; init; }

    /// <summary>Gets the first and one past the last ordinal that should exist.</summary>
    public (long First, long End) Ordinals => (StartOrdinal, StartOrdinal + Replicas);

    /// <summary>Gets a value indicating whether the built-in controller has seen the last spec.</summary>
    public bool IsObserved => ObservedGeneration == Generation && ObservedGeneration > 0;

    /// <summary>
    /// Tells whether the built-in controller has seen that this ordinal is held: from then on it takes the pod no more for an earlier release. What it took
    /// before is gone or terminating by then, whether the pods' store shows it or not.
    /// </summary>
    public bool IsHeldBack(long ordinal) => Strategy.EffectivePartition > ordinal - StartOrdinal && IsObserved;

    /// <summary>Gets the name of the pod with this ordinal.</summary>
    public string PodName(long ordinal)
    {
        // An interpolated string boxes the number until the runtime has compiled that for good; the planner allocates nothing but its result.
        Span<char> digits = stackalloc char[20];
        ordinal.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture);
        return string.Concat(Name, "-", digits[..written]);
    }
}
