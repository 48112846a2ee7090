using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>The status of a StatefulSet. The counters are over all pods of the set, condemned ones included.</summary>
public sealed record StatefulSetStatus
{
    public long ObservedGeneration { get; init; }

    /// <summary>Gets how many pods exist, terminating ones included.</summary>
    public long Replicas { get; init; }

    /// <summary>Gets how many run and are ready, terminating ones included.</summary>
    public long ReadyReplicas { get; init; }

    /// <summary>Gets how many have been ready for minReadySeconds.</summary>
    public long AvailableReplicas { get; init; }

    /// <summary>Gets how many carry the current revision and are not terminating.</summary>
    public long CurrentReplicas { get; init; }

    /// <summary>Gets how many carry the update revision and are not terminating.</summary>
    public long UpdatedReplicas { get; init; }

    public string CurrentRevision { get; init; } = "";

    public string UpdateRevision { get; init; } = "";

    /// <summary>Gets how often a revision's name was taken by other content; null before the first sync.</summary>
    public long? CollisionCount { get; init; }

    /// <summary>Reads <c>status</c>.</summary>
    public static StatefulSetStatus Read(JsonElement status) => new()
    {
        ObservedGeneration = status.NumberAt("observedGeneration") ?? 0,
        Replicas = status.NumberAt("replicas") ?? 0,
        ReadyReplicas = status.NumberAt("readyReplicas") ?? 0,
        AvailableReplicas = status.NumberAt("availableReplicas") ?? 0,
        CurrentReplicas = status.NumberAt("currentReplicas") ?? 0,
        UpdatedReplicas = status.NumberAt("updatedReplicas") ?? 0,
        CurrentRevision = status.TextAt("currentRevision") ?? "",
        UpdateRevision = status.TextAt("updateRevision") ?? "",
        CollisionCount = status.NumberAt("collisionCount"),
    };

    /// <summary>
    /// Tells whether this status is worth a write over <paramref name="old"/> (inconsistentStatus). The collision count alone is not:
    /// it goes along with the next change.
    /// </summary>
    public bool DiffersFrom(StatefulSetStatus old) => this with { CollisionCount = old.CollisionCount } != old;

    /// <summary>Puts the values into a status document and leaves what else is in it, such as conditions, alone. Zero counters are left out as the server does.</summary>
    public void WriteTo(JsonObject status)
    {
        status["observedGeneration"] = ObservedGeneration;
        status["replicas"] = Replicas;
        Put("readyReplicas", ReadyReplicas);
        Put("currentReplicas", CurrentReplicas);
        Put("updatedReplicas", UpdatedReplicas);
        status["currentRevision"] = CurrentRevision;
        status["updateRevision"] = UpdateRevision;
        status["collisionCount"] = CollisionCount ?? 0;
        status["availableReplicas"] = AvailableReplicas;

        void Put(string name, long value)
        {
            status.Remove(name);
            if (value != 0)
            {
                status[name] = value;
            }
        }
    }
}
