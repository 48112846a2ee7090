using System.Globalization;
using System.Text.Json;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>What is kept of a pod: what the planner needs, and whose it is. Pods that no StatefulSet controls keep little more than their name.</summary>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="OwnerUid">UID of the StatefulSet that controls it; empty for any other pod.</param>
/// <param name="OwnerName">Name of that StatefulSet.</param>
/// <param name="Snapshot">The planner's view.</param>
public sealed record PodItem(string Namespace, string OwnerUid, string OwnerName, PodSnapshot Snapshot) : IStoreItem
{
    /// <summary>Index by the UID of the controlling StatefulSet.</summary>
    public const string ByOwner = "owner";

    /// <inheritdoc/>
    public NamespacedName Key => new(Namespace, Snapshot.Name);

    /// <inheritdoc/>
    public string Uid => Snapshot.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Snapshot.ResourceVersion;

    /// <inheritdoc/>
    public bool IsTerminating => Snapshot.IsTerminating;

    /// <summary>Gets the index by owner.</summary>
    public static StoreIndex<PodItem> OwnerIndex { get; } = new(ByOwner, static pod => pod.OwnerUid.Length == 0 ? [] : [pod.OwnerUid]);

    /// <summary>Reads a pod as the server sends it. Absent members are empty; nothing throws.</summary>
    public static PodItem Read(JsonElement pod, StringPool strings)
    {
        var metadata = pod.Member("metadata");
        var name = metadata.Text("name");
        var ns = strings.Intern(metadata.Text("namespace"));
        var owner = OwnerReferences.Controller(metadata, "StatefulSet");
        var status = pod.Member("status");
        if (owner is null || OrdinalOf(name, owner.Value.Name) is not { } ordinal)
        {
            return new PodItem(ns, "", "", new PodSnapshot
            {
                Name = name,
                Ordinal = -1,
                Uid = metadata.Text("uid"),
                ResourceVersion = metadata.Text("resourceVersion"),
                Revision = "",
            });
        }

        var phase = PhaseOf(status.Text("phase"));
        var (readySince, unreadySince) = Readiness(status);
        var (trouble, words) = readySince is null ? PodTroubles.Of(status) : (PodTrouble.None, "");
        return new PodItem(ns, strings.Intern(owner.Value.Uid), strings.Intern(owner.Value.Name), new PodSnapshot
        {
            Name = name,
            Ordinal = ordinal,
            Uid = metadata.Text("uid"),
            ResourceVersion = metadata.Text("resourceVersion"),
            Revision = strings.Intern(metadata.Member("labels").Text("controller-revision-hash")),
            Phase = phase,
            IsTerminating = metadata.Member("deletionTimestamp").ValueKind is JsonValueKind.String,
            ReadySince = readySince,
            UnreadySince = unreadySince,
            ContainersReadySince = Condition(status, "ContainersReady") is { ValueKind: JsonValueKind.Object } containers && containers.Text("status") == "True" ? containers.Time("lastTransitionTime") ?? DateTimeOffset.MaxValue : null,
            Gate = GateOf(pod.Member("spec"), status),
            CreatedAt = metadata.Time("creationTimestamp") ?? default,
            Trouble = trouble,
            TroubleMessage = words,
            HasRunningContainer = trouble is not PodTrouble.None && PodTroubles.HasRunningContainer(status),
            TakesDataAlong = trouble is not PodTrouble.None && PodTroubles.TakesDataAlong(pod.Member("spec"), status),
            Restarts = PodTroubles.Restarts(status),
            Address = status.Text("podIP"),
            Node = strings.Intern(pod.Member("spec").Text("nodeName")),
        });
    }

    /// <summary>
    /// Returns the ordinal that a pod of this name has in a set of that name; null when it has none. A pod that carries the owner
    /// reference but not the name is not one of the set's identities.
    /// </summary>
    internal static long? OrdinalOf(string pod, string set) =>
        pod.Length > set.Length + 1 && pod[set.Length] == '-' && pod.StartsWith(set, StringComparison.Ordinal)
        && long.TryParse(pod.AsSpan(set.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? ordinal
            : null;

    private static PodGate GateOf(JsonElement spec, JsonElement status) =>
        !HasGate(spec) ? PodGate.None
        : Condition(status, OrdinalNames.ReadinessGate).Text("status") == "True" ? PodGate.Open
        : PodGate.Closed;

    /// <summary>Tells whether a pod's spec, or a template's, declares the operator's readiness gate.</summary>
    internal static bool HasGate(JsonElement spec)
    {
        foreach (var gate in spec.Member("readinessGates").Items())
        {
            if (gate.Text("conditionType") == OrdinalNames.ReadinessGate)
            {
                return true;
            }
        }

        return false;
    }

    private static JsonElement Condition(JsonElement status, string type)
    {
        foreach (var condition in status.Member("conditions").Items())
        {
            if (condition.Text("type") == type)
            {
                return condition;
            }
        }

        return default;
    }

    private static PodPhase PhaseOf(string phase) => phase switch
    {
        "Pending" => PodPhase.Pending,
        "Running" => PodPhase.Running,
        "Succeeded" => PodPhase.Succeeded,
        "Failed" => PodPhase.Failed,
        _ => PodPhase.Unknown,
    };

    private static (DateTimeOffset? ReadySince, DateTimeOffset? UnreadySince) Readiness(JsonElement status)
    {
        foreach (var condition in status.Member("conditions").Items())
        {
            if (condition.Text("type") == "Ready")
            {
                // A Ready condition without its time counts as new: minReadyDuration then starts at the epoch's other end.
                var changed = condition.Time("lastTransitionTime");
                return condition.Text("status") == "True" ? (changed ?? DateTimeOffset.MaxValue, null) : (null, changed);
            }
        }

        return (null, null);
    }
}
