using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>
/// Who owns a pod's claims, and so when the garbage collector takes them (persistentVolumeClaimRetentionPolicy):
/// <code>
/// whenDeleted  whenScaled   claim of a wanted pod   claim of a condemned pod
/// Retain       Retain       nobody                  nobody
/// Delete       Retain       the set                 the set
/// Retain       Delete       nobody                  the pod
/// Delete       Delete       the set                 the pod
/// </code>
/// A claim of an earlier incarnation of the set or the pod is left alone. On one that another controller owns, the set and the pod
/// give up what they have.
/// </summary>
public static class ClaimRetention
{
    /// <summary>Tells whether all claims of a pod that exist have the right owners.</summary>
    public static bool IsSettled(StatefulSetInput input, PodFacts pod) => Claims(input, pod).All(claim => OwnersAreRight(input.Set, pod, claim));

    /// <summary>Tells whether a claim of a pod to create still belongs to that pod's predecessor: it is about to be collected.</summary>
    public static bool HasStaleClaim(StatefulSetInput input, PodFacts slot) =>
        input.Set.DeletesClaimsWhenScaled && Claims(input, slot).Any(claim => claim.Owners.Any(owner => IsFormer(owner, ResourceKind.Pods, slot.Name, slot.Document?.Uid)));

    /// <summary>Tells whether a controller other than the set or the pod owns a claim (hasUnexpectedController). Without a policy nobody minds.</summary>
    public static bool HasForeignController(StatefulSetView set, PodFacts pod, KubeObject claim) =>
        (set.DeletesClaimsWithSet || set.DeletesClaimsWhenScaled)
        && claim.Owners.Any(owner => IsOf(owner, ResourceKind.StatefulSets, set.Name) ? owner.Uid != set.Document.Uid
            : IsOf(owner, ResourceKind.Pods, pod.Name) ? owner.Uid != pod.Document?.Uid
            : owner.IsController);

    /// <summary>Tells whether a claim has the owners that the policy wants, or is to be left alone (isClaimOwnerUpToDate).</summary>
    public static bool OwnersAreRight(StatefulSetView set, PodFacts pod, KubeObject claim)
    {
        (string ofSet, string? ofPod) = (set.Document.Uid, pod.Document?.Uid);
        if (claim.Owners.Any(owner => IsFormer(owner, ResourceKind.StatefulSets, set.Name, ofSet) || IsFormer(owner, ResourceKind.Pods, pod.Name, ofPod)))
        {
            return true;
        }

        if (HasForeignController(set, pod, claim))
        {
            return !Owns(claim, ofSet) && !Owns(claim, ofPod);
        }

        (bool bySet, bool byPod) = Wanted(set, pod);
        return Owns(claim, ofSet) == bySet
            && Owns(claim, ofPod) == byPod
            && claim.Owners.All(owner => owner.IsController || (owner.Uid != ofSet && owner.Uid != ofPod));
    }

    /// <summary>Puts the right owners into a claim's document; other owners stay.</summary>
    public static void PutOwners(StatefulSetView set, PodFacts pod, KubeObject claim, JsonObject document)
    {
        JsonArray owners = [.. claim.Owners.Where(owner => !IsOf(owner, ResourceKind.StatefulSets, set.Name) && !IsOf(owner, ResourceKind.Pods, pod.Name)).Select(owner => owner.ToJson())];
        if (!HasForeignController(set, pod, claim))
        {
            (bool bySet, bool byPod) = Wanted(set, pod);
            if (bySet)
            {
                owners.Add(OwnerReference.ControllerOf(ResourceKind.StatefulSets, set.Document).ToJson());
            }

            if (byPod && pod.Document is { } existing)
            {
                owners.Add(OwnerReference.ControllerOf(ResourceKind.Pods, existing).ToJson());
            }
        }

        document["metadata"]!["ownerReferences"] = owners;
    }

    private static (bool BySet, bool ByPod) Wanted(StatefulSetView set, PodFacts pod)
    {
        bool byPod = set.DeletesClaimsWhenScaled && !set.Wants(pod.Ordinal);
        return (set.DeletesClaimsWithSet && !byPod, byPod);
    }

    private static bool Owns(KubeObject claim, string? uid) => claim.Owners.Any(owner => owner.Uid == uid);

    private static bool IsOf(OwnerReference owner, ResourceKind kind, string name) =>
        owner.ApiVersion == kind.ApiVersion && owner.Kind == kind.Kind && owner.Name == name;

    /// <summary>Tells whether an owner is an earlier incarnation of this name.</summary>
    private static bool IsFormer(OwnerReference owner, ResourceKind kind, string name, string? uid) => IsOf(owner, kind, name) && owner.Uid != (uid ?? "");

    private static ImmutableArray<KubeObject> Claims(StatefulSetInput input, PodFacts pod) =>
        [.. input.Set.ClaimTemplates.Select(template => input.Claims.GetValueOrDefault(input.Set.ClaimName(template, pod.Ordinal))).OfType<KubeObject>()];
}
