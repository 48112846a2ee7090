using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Ordinal.Core.Model;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Read-your-writes for what the built-in controller does on our behalf (rule 4). A release that was undone is forgotten when its pod still stands; but the
/// StatefulSets' store may show the hold before the pods' store shows that the pod was taken in time, and the next pod would go beside it. So one live look
/// at the pod comes first, once the built-in controller has seen the hold: it takes nothing for the release after that. A pod that was taken must show in the store before
/// anything is decided.
/// </summary>
/// <param name="api">For the live look.</param>
/// <param name="stores">The pods' store must show what the look showed.</param>
/// <param name="expectations">Keyed by StatefulSet: whoever acts on it waits for the store.</param>
[EntityRbac(typeof(V1Pod), Verbs = RbacVerb.Get)]
public sealed class UndoneReleases(IKubernetesApi api, OperatorStores stores, WriteExpectations expectations)
{
    private static readonly ResourceKind PodKind = ResourceKind.Of<V1Pod>();

    /// <summary>By UID of the StatefulSet: the pods that a look showed standing, at the generation of that look.</summary>
    private readonly ConcurrentDictionary<string, (long Generation, ImmutableHashSet<string> Pods)> standing = new(StringComparer.Ordinal);

    /// <summary>Looks at the pods of releases that were undone. Sends a request only for one that was not looked at since.</summary>
    /// <returns>False when a pod was taken: nothing may be decided before the stores show it.</returns>
    /// <exception cref="ApiException">The look failed: nothing may be decided.</exception>
    public async Task<bool> AreShownAsync(Observation observation, RolloutMemory memory, CancellationToken cancellationToken)
    {
        var set = observation.Snapshot.Set;
        foreach (var entry in memory.InFlight)
        {
            if (entry.Action is not InFlightAction.Release || !set.IsHeldBack(entry.Ordinal) || HasSeen(set, entry.Uid)
                || !observation.Snapshot.Pods.Any(pod => pod.Uid == entry.Uid && !pod.IsTerminating))
            {
                continue;
            }

            var key = new NamespacedName(set.Namespace, entry.Pod);
            if (!await StandsAsync(key, entry.Uid, cancellationToken))
            {
                expectations.ExpectGoneOrTerminating(observation.Item.Key, stores.Pods.Informer, key, entry.Uid);
                return false;
            }

            standing.AddOrUpdate(
                set.Uid,
                _ => (set.Generation, [entry.Uid]),
                (_, seen) => seen.Generation == set.Generation ? (seen.Generation, seen.Pods.Add(entry.Uid)) : (set.Generation, [entry.Uid]));
        }

        return true;
    }

    /// <summary>Forgets a StatefulSet.</summary>
    public void Forget(string setUid) => standing.TryRemove(setUid, out _);

    private bool HasSeen(StatefulSetSnapshot set, string uid) =>
        standing.TryGetValue(set.Uid, out var seen) && seen.Generation == set.Generation && seen.Pods.Contains(uid);

    private async Task<bool> StandsAsync(NamespacedName key, string uid, CancellationToken cancellationToken)
    {
        try
        {
            using var live = EntityJson.Parse(await api.GetRawAsync(PodKind, key, null, cancellationToken));
            var metadata = live.RootElement.Member("metadata");
            return metadata.Text("uid") == uid && metadata.Text("deletionTimestamp").Length == 0;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return false;
        }
    }
}
