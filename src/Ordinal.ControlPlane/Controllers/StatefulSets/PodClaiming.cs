using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>
/// Finds what belongs to a set: adopts orphans that its selector matches, releases what it owns but no longer matches. Before the first
/// adoption of a pass the set is read live, so that a set that was deleted and created again never adopts by its old uid.
/// </summary>
public sealed class PodClaiming(ClusterClient client, ObjectStore pods, ObjectStore revisions, OwnWrites ownWrites)
{
    /// <summary>Claims the pods of a set.</summary>
    /// <returns>The pods that it owns now and whose names are its own.</returns>
    public async Task<ImmutableArray<PodFacts>> ClaimPodsAsync(StatefulSetView set, LabelSelector selector, CancellationToken cancellationToken)
    {
        ImmutableArray<PodFacts>.Builder claimed = ImmutableArray.CreateBuilder<PodFacts>();
        bool? mayAdopt = null;
        foreach (KubeObject pod in pods.List(set.Key.Namespace))
        {
            OwnerReference? controller = pod.Controller;
            if (controller is not null && controller.Uid != set.Document.Uid)
            {
                continue;
            }

            PodFacts facts = PodFacts.Of(pod);
            bool isMember = facts.Parent == set.Name;
            bool matches = isMember && selector.Matches(pod.Labels);
            if (controller is not null)
            {
                if (matches)
                {
                    claimed.Add(facts);
                }
                else if (!set.IsTerminating)
                {
                    await ReleaseAsync(set, pod, cancellationToken);
                }
            }
            else if (matches && !set.IsTerminating && !pod.IsTerminating)
            {
                mayAdopt ??= await MayAdoptAsync(set, cancellationToken);
                if (mayAdopt.Value && await AdoptAsync(ResourceKind.Pods, set, pod, cancellationToken) is { } adopted)
                {
                    ownWrites.Record(set.Key, pods, adopted);
                    claimed.Add(PodFacts.Of(adopted));
                }
            }
        }

        return claimed.ToImmutable();
    }

    /// <summary>Adopts the orphaned revisions that a set's selector matches.</summary>
    /// <returns>All revisions of the set, sorted.</returns>
    public async Task<ImmutableArray<KubeObject>> ClaimRevisionsAsync(StatefulSetView set, LabelSelector selector, CancellationToken cancellationToken)
    {
        List<KubeObject> claimed = [];
        bool? mayAdopt = null;
        foreach (KubeObject revision in revisions.List(set.Key.Namespace))
        {
            if (revision.Controller is { } controller)
            {
                if (controller.Uid == set.Document.Uid)
                {
                    claimed.Add(revision);
                }
            }
            else if (!set.IsTerminating && selector.Matches(revision.Labels))
            {
                mayAdopt ??= await MayAdoptAsync(set, cancellationToken);
                if (mayAdopt.Value && await AdoptAsync(ResourceKind.ControllerRevisions, set, revision, cancellationToken) is { } adopted)
                {
                    claimed.Add(adopted);
                }
            }
        }

        return RevisionHistory.Sort(claimed);
    }

    private async Task<bool> MayAdoptAsync(StatefulSetView set, CancellationToken cancellationToken)
    {
        KubeObject live = await client.GetAsync(ResourceKind.StatefulSets, set.Key, cancellationToken)
            ?? throw new SyncFailedException($"{set.Key} is gone");
        if (live.Uid != set.Document.Uid)
        {
            throw new SyncFailedException($"original StatefulSet {set.Key} is gone: got uid {live.Uid}, wanted {set.Document.Uid}");
        }

        return !live.IsTerminating ? true : throw new SyncFailedException($"{set.Key} has just been deleted");
    }

    private async Task<KubeObject?> AdoptAsync(ResourceKind kind, StatefulSetView set, KubeObject orphan, CancellationToken cancellationToken)
    {
        JsonArray owners = [.. orphan.Owners.Select(owner => owner.ToJson()), OwnerReference.ControllerOf(ResourceKind.StatefulSets, set.Document).ToJson()];
        return await PatchOwnersAsync(kind, orphan, owners, cancellationToken);
    }

    private async Task ReleaseAsync(StatefulSetView set, KubeObject pod, CancellationToken cancellationToken)
    {
        JsonArray owners = [.. pod.Owners.Where(owner => owner.Uid != set.Document.Uid).Select(owner => owner.ToJson())];
        await PatchOwnersAsync(ResourceKind.Pods, pod, owners, cancellationToken);
    }

    /// <summary>Writes the owners of one incarnation; null when it is gone.</summary>
    private async Task<KubeObject?> PatchOwnersAsync(ResourceKind kind, KubeObject item, JsonArray owners, CancellationToken cancellationToken)
    {
        // A merge patch replaces the whole list, so it must meet the list that it was computed from.
        JsonObject metadata = new() { ["uid"] = item.Uid, ["resourceVersion"] = item.ResourceVersion, ["ownerReferences"] = owners };
        try
        {
            return await client.MergePatchAsync(kind, item.Key, new JsonObject { ["metadata"] = metadata }, "", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }
}
