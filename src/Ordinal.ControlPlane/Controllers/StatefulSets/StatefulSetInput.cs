using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>Everything that a sync of one set decides from.</summary>
/// <param name="Set">The set.</param>
/// <param name="Pods">The pods that it owns, in any order.</param>
/// <param name="Claims">The claims of its namespace by name.</param>
/// <param name="CurrentRevision">Name of the revision that the rollout comes from.</param>
/// <param name="UpdateRevision">Name of the revision of the set's template.</param>
/// <param name="CollisionCount">As it is after the revisions were settled.</param>
/// <param name="Now">The controller's clock.</param>
/// <param name="Switches">Version of the behaviour.</param>
public sealed record StatefulSetInput(
    StatefulSetView Set,
    ImmutableArray<PodFacts> Pods,
    IReadOnlyDictionary<string, KubeObject> Claims,
    string CurrentRevision,
    string UpdateRevision,
    long CollisionCount,
    DateTimeOffset Now,
    StatefulSetSwitches Switches);
