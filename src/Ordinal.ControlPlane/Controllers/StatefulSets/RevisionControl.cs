using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>The two revisions that a set stands between.</summary>
/// <param name="Current">Where the rollout comes from.</param>
/// <param name="Update">The revision of the set's template.</param>
/// <param name="CollisionCount">How often a name was taken so far.</param>
public sealed record SetRevisions(KubeObject Current, KubeObject Update, long CollisionCount);

/// <summary>Writes the revisions of a set.</summary>
public sealed class RevisionControl(ClusterClient client)
{
    private const int MostAttempts = 5;

    /// <summary>Finds the current revision and finds, renumbers or creates the update revision.</summary>
    /// <param name="sorted">All revisions of the set, sorted.</param>
    public async Task<SetRevisions> SettleAsync(StatefulSetView set, ImmutableArray<KubeObject> sorted, CancellationToken cancellationToken)
    {
        string data = RevisionHistory.DataOf(set);
        long collisions = set.Status.CollisionCount ?? 0;
        KubeObject update;
        switch (RevisionHistory.Decide(sorted, data))
        {
            case RevisionDecision.Reuse reuse:
                update = reuse.Revision;
                break;
            case RevisionDecision.Renumber renumber:
                update = await RenumberAsync(renumber.Revision, renumber.Number, cancellationToken);
                break;
            case RevisionDecision.Create create:
                (update, collisions) = await CreateAsync(set, data, create.Number, collisions, cancellationToken);
                break;
            default:
                throw new InvalidOperationException("unknown revision decision");
        }

        KubeObject current = sorted.FirstOrDefault(revision => revision.Name == set.Status.CurrentRevision) ?? update;
        return new SetRevisions(current, update, collisions);
    }

    /// <summary>Deletes the oldest revisions that nothing names beyond the set's limit.</summary>
    public async Task TruncateAsync(StatefulSetView set, ImmutableArray<KubeObject> sorted, SetRevisions revisions, ImmutableArray<PodFacts> pods, CancellationToken cancellationToken)
    {
        HashSet<string> live = [revisions.Current.Name, revisions.Update.Name, .. pods.Select(pod => pod.Revision)];
        foreach (KubeObject surplus in RevisionHistory.Surplus(sorted, live, set.RevisionHistoryLimit))
        {
            try
            {
                await client.DeleteAsync(ResourceKind.ControllerRevisions, surplus.Key, null, null, null, cancellationToken);
            }
            catch (ApiFailureException failure) when (failure.IsNotFound)
            {
                // Somebody else was quicker.
            }
        }
    }

    private async Task<KubeObject> RenumberAsync(KubeObject revision, long number, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                JsonObject document = revision.ToMutable();
                document["revision"] = number;
                return await client.ReplaceAsync(ResourceKind.ControllerRevisions, revision.Key, document, "", cancellationToken);
            }
            catch (ApiFailureException failure) when (failure.IsConflict && attempt < MostAttempts)
            {
                revision = await client.GetAsync(ResourceKind.ControllerRevisions, revision.Key, cancellationToken) ?? throw new SyncFailedException($"{revision.Key} is gone", failure);
            }
        }
    }

    private async Task<(KubeObject Revision, long Collisions)> CreateAsync(StatefulSetView set, string data, long number, long collisions, CancellationToken cancellationToken)
    {
        while (true)
        {
            JsonObject document = RevisionHistory.Build(set, data, number, collisions);
            try
            {
                return (await client.CreateAsync(ResourceKind.ControllerRevisions, set.Key.Namespace, document, cancellationToken), collisions);
            }
            catch (ApiFailureException failure) when (failure.IsAlreadyExists)
            {
                ObjectKey key = new(set.Key.Namespace, (string)document["metadata"]!["name"]!);
                KubeObject? taken = await client.GetAsync(ResourceKind.ControllerRevisions, key, cancellationToken);
                if (taken is not null && RevisionHistory.HasData(taken, data))
                {
                    return (taken, collisions);
                }

                collisions++;
            }
        }
    }
}
