using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.View;

/// <summary>Turns the cluster's objects into what the screen shows. Pure: the same picture and time give the same model.</summary>
public static class TreeBuilder
{
    private const int EventsShown = 3;

    /// <summary>Builds the model.</summary>
    /// <param name="footer">The last line, such as what the viewer is doing.</param>
    /// <param name="hasPlaces">Whether each pod's node and address are told.</param>
    public static TreeModel Build(ClusterPicture picture, DateTimeOffset now, string footer = "", bool hasPlaces = false)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var leader = picture.Leader
            ?? picture.Rollout.Items("status", "pods").FirstOrDefault(p => p.Text("role") is "Leader" or "ActiveController").Text("name");
        ImmutableArray<TreeNode> sets = [.. picture.StatefulSets.OrderBy(s => s.Name(), StringComparer.Ordinal).Select(s => StatefulSet(s, picture, leader, now, hasPlaces))];
        ImmutableArray<TreeNode> gates = [.. Gates(picture, now)];
        if (!gates.IsEmpty)
        {
            sets = sets.Add(new TreeNode(Mark.Good, "gates", "", "") { Children = gates });
        }

        return new TreeModel
        {
            Header = [.. Header(picture, now)],
            Roots = picture.Rollout is { } rollout ? [Rollout(rollout, now) with { Children = sets }] : sets,
            Events = [.. Events(picture, now)],
            Footer = footer,
        };
    }

    private static IEnumerable<HeaderLine> Header(ClusterPicture picture, DateTimeOffset now)
    {
        if (picture.Policy is { } policy)
        {
            var ready = policy.Condition("Ready");
            var state = ready.Text("reason") is { Length: > 0 } reason ? reason : "Unknown";
            var updated = policy.Text("status", "summary", "updated");
            var driver = picture.Rollout.Items("status", "targets").Select(t => t.Text("driver")).FirstOrDefault(d => d.Length > 0) ?? policy.Text("spec", "update", "driver");
            yield return new("RolloutPolicy", Join(
                $"{policy.Text("metadata", "namespace")}/{policy.Name()}",
                state,
                updated.Length > 0 ? $"{updated} updated" : "",
                driver.Length > 0 ? $"driver {driver}" : "",
                policy.Text("spec", "update", "podOrder")));
        }

        if (picture.Rollout is not { } rollout)
        {
            yield break;
        }

        var targets = rollout.Items("status", "targets").ToList();
        var change = targets is [var target] ? $"{target.Text("fromRevision")} -> {target.Text("toRevision")}"
            : targets.Count > 1 ? $"{targets.Count} StatefulSets, {targets.Count(each => each.Text("completionTime").Length > 0)} ended" : "";
        yield return new("Rollout", Join(rollout.Name(), rollout.Text("spec", "type"), change is " -> " ? "" : change));
        if (rollout.Time("status", "startTime") is { } started)
        {
            yield return new("Started", $"{Ages.Of(started, now)} ago");
        }

        var current = rollout["status"]?["current"];
        if (current.Text("waitingFor") is { Length: > 0 } waiting)
        {
            yield return new("Waiting for", Join(waiting, Ages.Of(current.Time("since"), now)));
        }
        else if (rollout.Condition("Succeeded") is { } succeeded)
        {
            yield return new("State", Join(succeeded.Text("reason"), succeeded.Text("message")));
        }
    }

    private static TreeNode Rollout(JsonObject rollout, DateTimeOffset now)
    {
        var succeeded = rollout.Condition("Succeeded");
        var reason = succeeded.Text("reason");
        return new TreeNode(
            succeeded.Text("status") switch { "True" => Mark.Good, "False" => Mark.Bad, _ => Mark.Busy },
            rollout.Name(),
            "Rollout",
            reason.Length == 0 ? "New" : reason)
        {
            Ready = rollout.Text("status", "progress"),
            Age = Ages.Of(rollout.Time("metadata", "creationTimestamp"), now),
        };
    }

    private static TreeNode StatefulSet(JsonObject set, ClusterPicture picture, string leader, DateTimeOffset now, bool hasPlaces)
    {
        var name = set.Name();
        var (current, update) = (set.Text("status", "currentRevision"), set.Text("status", "updateRevision"));
        var replicas = set.Number("spec", "replicas") ?? 1;
        var pods = picture.Pods.Where(p => IsOf(p, name)).OrderByDescending(p => Ordinal(p.Name())).ToArray();
        var updated = pods.Count(p => p.Text("metadata", "labels", "controller-revision-hash") == update);
        var ready = pods.Count(p => p.Condition("Ready").Text("status") == "True");
        var isRolling = updated < replicas && update != current;
        var partition = set.Number("spec", "updateStrategy", "rollingUpdate", "partition");
        var member = picture.Rollout.Items("status", "targets").ToList() is { Count: > 1 } several ? several.Find(each => each.Text("name") == name) : null;
        return new TreeNode(
            isRolling ? updated > 0 || picture.Rollout is not null ? Mark.Busy : Mark.Waiting : ready < replicas ? Mark.Busy : Mark.Good,
            name,
            "StatefulSet",
            MemberState(member) ?? (isRolling ? "Rolling" : ready < replicas ? "Starting" : "Updated"))
        {
            Revision = (isRolling ? "->" : "") + PodRow.ShortRevision(update, "0", name + "-0"),
            Ready = $"{ready}/{replicas}",
            Age = Ages.Of(set.Time("metadata", "creationTimestamp"), now),
            Info = set.Text("spec", "updateStrategy", "type") == "OnDelete" ? "OnDelete"
                : partition is null or 0 ? "no hold" : partition >= replicas ? "held" : $"partition {partition}",
            Children = [.. pods.Select(p => PodRow.Of(p, update, picture.Rollout, leader, now, hasPlaces))],
        };
    }

    /// <summary>The word for one of several StatefulSets of a rollout that is waiting for its turn, or did not get to its end; null when its pods tell it better.</summary>
    private static string? MemberState(JsonNode? member) => member.Text("state") switch
    {
        "Queued" => "Waiting",
        "Failed" or "PreflightFailed" or "Cancelled" or "Superseded" or "RolledBack" or "Reverting" => member.Text("state"),
        _ => null,
    };

    private static IEnumerable<TreeNode> Gates(ClusterPicture picture, DateTimeOffset now)
    {
        var said = picture.Rollout.Items("status", "gates").Concat(picture.Policy.Items("status", "gates"))
            .GroupBy(g => g.Text("name"), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        foreach (var gate in picture.Policy.Items("spec", "gates"))
        {
            var name = gate.Text("name");
            var state = said.GetValueOrDefault(name);
            var word = state.Text("state") is { Length: > 0 } s ? s : "NotAsked";
            yield return new TreeNode(
                word switch { "Passing" => Mark.Good, "Failing" or "Misconfigured" => Mark.Bad, "Unknown" => Mark.Bad, _ => Mark.Waiting },
                name,
                gate.Text("type"),
                word)
            {
                Age = Ages.Of(state.Time("lastProbeTime"), now),
                Info = state.Text("message") is { Length: > 0 } message ? message : state.Text("observed"),
            };
        }
    }

    private static IEnumerable<EventLine> Events(ClusterPicture picture, DateTimeOffset now) =>
        picture.Events
            .Select(e => (Event: e, At: e.Time("series", "lastObservedTime") ?? e.Time("lastTimestamp") ?? e.Time("eventTime") ?? e.Time("metadata", "creationTimestamp")))
            .Where(e => e.At is not null)
            .OrderByDescending(e => e.At).ThenByDescending(e => e.Event.Name(), StringComparer.Ordinal)
            .Take(EventsShown)
            .Select(e => new EventLine(Ages.Of(e.At, now), e.Event.Text("type"), e.Event.Text("reason"), e.Event.Text("involvedObject", "name"), e.Event.Text("message")));

    private static bool IsOf(JsonObject pod, string set) =>
        pod.Items("metadata", "ownerReferences").Any(o => o.Text("kind") == "StatefulSet" && o.Text("name") == set);

    private static long Ordinal(string pod) => long.TryParse(pod[(pod.LastIndexOf('-') + 1)..], out var ordinal) ? ordinal : -1;

    private static string Join(params string[] words) => string.Join("   ", words.Where(w => w.Length > 0));
}
