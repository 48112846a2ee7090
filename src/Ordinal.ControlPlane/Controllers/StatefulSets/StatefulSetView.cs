using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>What the StatefulSet controller reads of a StatefulSet. Ordinals and the partition are 64-bit: their sum overflows 32.</summary>
public sealed record StatefulSetView
{
    public required KubeObject Document { get; init; }

    public ObjectKey Key => Document.Key;

    public string Name => Document.Name;

    public required long Generation { get; init; }

    public required long Replicas { get; init; }

    /// <summary>Gets the ordinal of the first pod (<c>spec.ordinals.start</c>).</summary>
    public required long Start { get; init; }

    /// <summary>Gets a value indicating whether pods come and go one after the other (anything but Parallel).</summary>
    public required bool IsMonotonic { get; init; }

    /// <summary>Gets <c>RollingUpdate</c> or <c>OnDelete</c>.</summary>
    public required string StrategyType { get; init; }

    /// <summary>Gets <c>rollingUpdate.partition</c>, relative to <see cref="Start"/>; null when the whole rollingUpdate block is missing.</summary>
    public required long? Partition { get; init; }

    /// <summary>Gets <c>rollingUpdate.maxUnavailable</c> as written, <c>2</c> or <c>30%</c>; null when it is not given.</summary>
    public string? MaxUnavailable { get; init; }

    public required long MinReadySeconds { get; init; }

    /// <summary>Gets how many old revisions are kept; negative keeps all.</summary>
    public required long RevisionHistoryLimit { get; init; }

    /// <summary>Gets a value indicating whether claims are deleted with the set.</summary>
    public required bool DeletesClaimsWithSet { get; init; }

    /// <summary>Gets a value indicating whether the claims of pods beyond the range are deleted with those pods.</summary>
    public required bool DeletesClaimsWhenScaled { get; init; }

    /// <summary>Gets the names of the volume claim templates, in their order.</summary>
    public required ImmutableArray<string> ClaimTemplates { get; init; }

    /// <summary>Gets the status as last seen.</summary>
    public required StatefulSetStatus Status { get; init; }

    public bool IsTerminating => Document.IsTerminating;

    /// <summary>Reads a StatefulSet.</summary>
    public static StatefulSetView Of(KubeObject set) => set.Project(Read);

    /// <summary>Tells whether an ordinal lies in the range that the set wants.</summary>
    public bool Wants(long ordinal) => ordinal >= Start && ordinal < Start + Replicas;

    /// <summary>Gets how many pods may be away at once with MaxUnavailableStatefulSet: percentages round down, and it is at least 1.</summary>
    public long EffectiveMaxUnavailable()
    {
        if (MaxUnavailable is null)
        {
            return 1;
        }

        bool isPercent = MaxUnavailable.EndsWith('%');
        return long.TryParse(MaxUnavailable.AsSpan(0, MaxUnavailable.Length - (isPercent ? 1 : 0)), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? Math.Max(1, isPercent ? value * Replicas / 100 : value)
            : 1;
    }

    /// <summary>Gets the name of a pod's claim.</summary>
    public string ClaimName(string template, long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{template}-{Name}-{ordinal}");

    /// <summary>Gets the name of a pod.</summary>
    public string PodName(long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{Name}-{ordinal}");

    private static StatefulSetView Read(KubeObject set)
    {
        JsonElement spec = set.Root.At("spec");
        JsonElement rolling = spec.At("updateStrategy", "rollingUpdate");
        JsonElement maxUnavailable = rolling.At("maxUnavailable");
        return new StatefulSetView
        {
            Document = set,
            Generation = set.Generation,
            Replicas = spec.NumberAt("replicas") ?? 1,
            Start = spec.NumberAt("ordinals", "start") ?? 0,
            IsMonotonic = spec.TextAt("podManagementPolicy") != "Parallel",
            StrategyType = spec.TextAt("updateStrategy", "type") ?? "RollingUpdate",
            Partition = rolling.ValueKind is JsonValueKind.Object ? rolling.NumberAt("partition") ?? 0 : null,
            MaxUnavailable = maxUnavailable.ValueKind switch
            {
                JsonValueKind.String => maxUnavailable.GetString(),
                JsonValueKind.Number => maxUnavailable.GetRawText(),
                _ => null,
            },
            MinReadySeconds = spec.NumberAt("minReadySeconds") ?? 0,
            RevisionHistoryLimit = spec.NumberAt("revisionHistoryLimit") ?? 10,
            DeletesClaimsWithSet = spec.TextAt("persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete",
            DeletesClaimsWhenScaled = spec.TextAt("persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete",
            ClaimTemplates = [.. spec.ItemsAt("volumeClaimTemplates").Select(claim => claim.TextAt("metadata", "name") ?? "")],
            Status = StatefulSetStatus.Read(set.Root.At("status")),
        };
    }
}
