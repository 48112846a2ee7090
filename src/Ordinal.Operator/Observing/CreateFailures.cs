using System.Collections.Concurrent;
using System.Text.Json;
using Ordinal.Core.Model;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>
/// Finds out why a pod is not created: a quota, a webhook, a missing class. Only the built-in controller's events tell, and events are not watched, since a
/// cluster has more of them than of anything else: the newest one is read while a pod has been missing for a while, and then now and then.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="timeProvider">How long pods have been missing.</param>
[PolicyRule(Groups = [""], Resources = ["events"], Verbs = RbacVerb.List)]
public sealed class CreateFailures(IKubernetesApi api, TimeProvider timeProvider)
{
    /// <summary>How long a pod may be missing before anybody asks why: a replaced pod is missing for a moment, and that costs no request.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The built-in controller tries again after 1000 s at the latest: what is older than that is about another time.</summary>
    private static readonly TimeSpan OldestWords = TimeSpan.FromMinutes(20);

    private readonly ConcurrentDictionary<string, Missing> known = new(StringComparer.Ordinal);

    /// <summary>Adds the words about missing pods to an observation. What cannot be read leaves it as it is: nothing depends on it but the explanation.</summary>
    /// <returns>The observation, and when to look again; null when nothing is missing.</returns>
    public async Task<(Observation Observation, TimeSpan? Next)> ReadAsync(Observation observation, CancellationToken cancellationToken)
    {
        var set = observation.Snapshot.Set;
        if (FirstMissing(observation.Snapshot) is not { } pod)
        {
            known.TryRemove(set.Uid, out _);
            return (observation, null);
        }

        var now = timeProvider.GetTimestamp();
        var missing = known.AddOrUpdate(set.Uid, _ => new Missing(pod, now, null, ""), (_, before) => before.Pod == pod ? before : new Missing(pod, now, null, ""));
        var left = Patience - timeProvider.GetElapsedTime(missing.ReadAt ?? missing.Since, now);
        if (left <= TimeSpan.Zero)
        {
            known[set.Uid] = missing = missing with { ReadAt = now, Words = await WordsAsync(set, pod, cancellationToken) };
            left = Patience;
        }

        return (missing.Words.Length == 0 ? observation : observation with { Snapshot = observation.Snapshot with { CreateFailure = missing.Words } }, left);
    }

    /// <summary>Forgets a StatefulSet.</summary>
    public void Forget(string setUid) => known.TryRemove(setUid, out _);

    private static string? FirstMissing(WorkloadSnapshot snapshot)
    {
        var set = snapshot.Set;
        var there = snapshot.Pods.Count(pod => pod.Ordinal >= set.Ordinals.First && pod.Ordinal < set.Ordinals.End);
        if (there >= set.Replicas)
        {
            return null;
        }

        var ordinals = snapshot.Pods.Select(pod => pod.Ordinal).ToHashSet();
        for (var ordinal = set.Ordinals.First; ordinal < set.Ordinals.End; ordinal++)
        {
            if (!ordinals.Contains(ordinal))
            {
                return set.PodName(ordinal);
            }
        }

        return null;
    }

    private async Task<string> WordsAsync(StatefulSetSnapshot set, string pod, CancellationToken cancellationToken)
    {
        var selector = Uri.EscapeDataString($"involvedObject.uid={set.Uid},reason=FailedCreate");
        try
        {
            var response = await api.SendAsync(new ApiRequest("GET", $"/api/v1/namespaces/{set.Namespace}/events?fieldSelector={selector}&limit=50"), cancellationToken);
            using var document = JsonDocument.Parse(response.Body);
            var oldest = timeProvider.GetUtcNow() - OldestWords;
            return document.RootElement.Member("items").Items()
                .Select(item => (At: item.Time("lastTimestamp") ?? item.Time("eventTime") ?? default, Words: item.Text("message")))
                .Where(item => item.At >= oldest && item.Words.Contains($"Pod {pod} ", StringComparison.Ordinal))
                .OrderBy(item => item.At)
                .LastOrDefault().Words ?? "";
        }
        catch (ApiException)
        {
            return "";
        }
    }

    private sealed record Missing(string Pod, long Since, long? ReadAt, string Words);
}
