using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.View;

/// <summary>The objects that the tree shows, as the API server gave them, at one moment. Nothing in it is changed by the view.</summary>
public sealed record ClusterPicture
{
    /// <summary>Gets the policy; null while there is none.</summary>
    public JsonObject? Policy { get; init; }

    /// <summary>Gets the rollout to show, the running or the newest one; null when there is none.</summary>
    public JsonObject? Rollout { get; init; }

    public ImmutableArray<JsonObject> StatefulSets { get; init; } = [];

    public ImmutableArray<JsonObject> Pods { get; init; } = [];

    /// <summary>Gets core/v1 events of any of the objects.</summary>
    public ImmutableArray<JsonObject> Events { get; init; } = [];

    /// <summary>Gets the pod that leads, when somebody knows it better than the rollout's status; null otherwise.</summary>
    public string? Leader { get; init; }
}
