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
/// A claim that another controller owns is left alone.
/// </summary>
public static class ClaimRetention
{
    /// <summary>Tells whether all claims of a pod that exist have the right owners.</summary>
    public static bool IsSettled(StatefulSetInput input, PodFacts pod) => Claims(input, pod).All(claim =>
        HasForeignController(input.Set, pod, claim) || OwnersAreRight(input.Set, pod, claim));

    /// <summary>Tells whether a claim of a pod to create still belongs to that pod's predecessor: it is about to be collected.</summary>
    public static bool HasStaleClaim(StatefulSetInput input, PodFacts slot) =>
        input.Set.DeletesClaimsWhenScaled
        && Claims(input, slot).Any(claim => claim.Owners.Any(owner => owner.Kind == "Pod" && owner.Name == slot.Name && owner.Uid != (slot.Document?.Uid ?? "")));

    /// <summary>Tells whether a controller other than the set or the pod owns a claim.</summary>
    public static bool HasForeignController(StatefulSetView set, PodFacts pod, KubeObject claim) =>
        claim.Controller is { } controller && controller.Uid != set.Document.Uid && controller.Uid != pod.Document?.Uid;

    /// <summary>Tells whether a claim has the owners that the policy wants.</summary>
    public static bool OwnersAreRight(StatefulSetView set, PodFacts pod, KubeObject claim)
    {
        (bool bySet, bool byPod) = Wanted(set, pod);
        return Owns(claim, set.Document.Uid) == bySet
            && Owns(claim, pod.Document?.Uid) == byPod
            && claim.Owners.All(owner => owner.IsController || (owner.Uid != set.Document.Uid && owner.Uid != pod.Document?.Uid));
    }

    /// <summary>Puts the right owners into a claim's document; other owners stay.</summary>
    public static void PutOwners(StatefulSetView set, PodFacts pod, KubeObject claim, JsonObject document)
    {
        (bool bySet, bool byPod) = Wanted(set, pod);
        IEnumerable<OwnerReference> others = claim.Owners.Where(owner => owner.Uid != set.Document.Uid && owner.Uid != pod.Document?.Uid);
        JsonArray owners = [.. others.Select(owner => owner.ToJson())];
        if (bySet)
        {
            owners.Add(OwnerReference.ControllerOf(ResourceKind.StatefulSets, set.Document).ToJson());
        }

        if (byPod && pod.Document is { } document0)
        {
            owners.Add(OwnerReference.ControllerOf(ResourceKind.Pods, document0).ToJson());
        }

        document["metadata"]!["ownerReferences"] = owners;
    }

    private static (bool BySet, bool ByPod) Wanted(StatefulSetView set, PodFacts pod)
    {
        bool byPod = set.DeletesClaimsWhenScaled && !set.Wants(pod.Ordinal);
        return (set.DeletesClaimsWithSet && !byPod, byPod);
    }

    private static bool Owns(KubeObject claim, string? uid) => claim.Owners.Any(owner => owner.Uid == uid);

    private static ImmutableArray<KubeObject> Claims(StatefulSetInput input, PodFacts pod) =>
        [.. input.Set.ClaimTemplates.Select(template => input.Claims.GetValueOrDefault(input.Set.ClaimName(template, pod.Ordinal))).OfType<KubeObject>()];
}
