using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Benchmarks;

/// <summary>One pod's step, as the operator's transport saw it.</summary>
/// <param name="Reaction">From the last fact that the step waited for to the intent; null for the first step, which waits for other things.</param>
/// <param name="Action">From the answer to the intent to the action, without the live GET between them.</param>
/// <param name="Collecting">How long collections stopped the operator between these two, the live GET included.</param>
internal sealed record ReactionStep(TimeSpan? Reaction, TimeSpan Action, TimeSpan Collecting);

/// <summary>Finds the steps of a rollout of one pod at a time in what a transport recorded.</summary>
internal static class ReactionSteps
{
    private const string Rollouts = "/statefulsetrollouts/";

    /// <summary>Reads the steps in their order.</summary>
    /// <param name="recorded">All that the operator sent and read.</param>
    /// <param name="set">The StatefulSet.</param>
    /// <param name="replicas">How many pods it has.</param>
    public static IReadOnlyList<ReactionStep> Read(IReadOnlyList<Recorded> recorded, string set, int replicas)
    {
        var steps = new List<ReactionStep>();
        var seenIntents = new HashSet<string>(StringComparer.Ordinal);
        string? previousPod = null;
        var previousUid = "";
        var previousAction = 0L;
        foreach (var intent in recorded.Where(IsStatusWrite).OrderBy(each => each.Began))
        {
            if (Pods(intent).FirstOrDefault(pod => seenIntents.Add(pod.Uid)) is not { Name.Length: > 0 } pod)
            {
                continue;
            }

            var action = recorded.Where(each => each.Began > intent.Ended && IsAction(each, set)).MinBy(each => each.Began);
            if (action is null)
            {
                continue;
            }

            var gets = recorded
                .Where(each => each.Method == "GET" && each.Began >= intent.Ended && each.Ended <= action.Began)
                .Aggregate(TimeSpan.Zero, (sum, get) => sum + Between(get.Began, get.Ended));
            TimeSpan? reaction = previousPod is not null && LastFact(recorded, set, replicas, previousPod, previousUid, previousAction, intent.Began) is { } fact
                ? Between(fact, intent.Began)
                : null;
            steps.Add(new ReactionStep(reaction, Between(intent.Ended, action.Began) - gets, action.CollectingBefore - intent.CollectingAfter));
            (previousPod, previousUid, previousAction) = (pod.Name, pod.Uid, action.Began);
        }

        return steps;
    }

    /// <summary>
    /// When the operator had read both facts that the next step waits for: the pod that was replaced is ready again as another one, and the
    /// StatefulSet's status counts all pods as available. Null when they were not seen, or only after the intent: then it went out for another reason.
    /// </summary>
    private static long? LastFact(IReadOnlyList<Recorded> recorded, string set, int replicas, string pod, string uid, long after, long before)
    {
        var lines = recorded.Where(each => each.Method == "WATCH" && each.Began > after && each.Began < before).ToList();
        long? ready = null;
        long? counted = null;
        var wasShort = false;
        foreach (var line in lines)
        {
            var isPods = line.Path.EndsWith("/pods", StringComparison.Ordinal);
            if (!isPods && !line.Path.EndsWith("/statefulsets", StringComparison.Ordinal))
            {
                continue;
            }

            using var document = JsonDocument.Parse(line.Body);
            var item = document.RootElement.GetProperty("object");
            var name = item.TextAt("metadata", "name");
            if (isPods && ready is null && name == pod && item.TextAt("metadata", "uid") != uid
                && item.ItemsAt("status", "conditions").Any(condition => condition.TextAt("type") == "Ready" && condition.TextAt("status") == "True"))
            {
                ready = line.Began;
            }
            else if (!isPods && name == set)
            {
                // An old count of all, from before the pod went, is no fact about its successor.
                var available = item.NumberAt("status", "availableReplicas");
                wasShort |= available < replicas;
                counted = available == replicas && wasShort ? counted ?? line.Began : available == replicas ? counted : null;
            }
        }

        return ready is null ? null : counted is null ? ready : Math.Max(ready.Value, counted.Value);
    }

    private static bool IsStatusWrite(Recorded each) =>
        each.Method == "PATCH" && each.Path.Contains(Rollouts, StringComparison.Ordinal) && each.Path.EndsWith("/status", StringComparison.Ordinal);

    private static bool IsAction(Recorded each, string set) =>
        (each.Method is "POST" && each.Path.EndsWith("/eviction", StringComparison.Ordinal))
        || (each.Method is "DELETE" && each.Path.Contains("/pods/", StringComparison.Ordinal))
        || (each.Method is "PATCH" && each.Path.EndsWith($"/statefulsets/{set}", StringComparison.Ordinal));

    /// <summary>The pods in flight that a status write remembers.</summary>
    private static List<(string Name, string Uid)> Pods(Recorded write)
    {
        using var document = JsonDocument.Parse(write.Body);
        return
        [
            .. document.RootElement.EnumerateArray()
                .Where(operation => operation.TextAt("path") == "/status")
                .SelectMany(operation => operation.ItemsAt("value", "inFlight"))
                .Select(pod => (pod.TextAt("pod") ?? "", pod.TextAt("uid") ?? "")),
        ];
    }

    private static TimeSpan Between(long from, long to) => TimeProvider.System.GetElapsedTime(from, to);
}
