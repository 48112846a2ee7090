using System.Text.Json.Nodes;

namespace Ordinal.Operator.View;

/// <summary>Reads one pod as the tree shows it.</summary>
internal static class PodRow
{
    public static TreeNode Of(JsonObject pod, string targetRevision, JsonNode? rollout, string leader, DateTimeOffset now, bool hasPlaces = false)
    {
        var name = pod.Name();
        var revision = pod.Text("metadata", "labels", "controller-revision-hash");
        var isReady = pod.Condition("Ready").Text("status") == "True";
        var containers = pod.Items("status", "containerStatuses").ToArray();
        var trouble = containers.Select(c => c.Text("state", "waiting", "reason"))
            .FirstOrDefault(r => r is "CrashLoopBackOff" or "ImagePullBackOff" or "ErrImagePull" or "CreateContainerConfigError") ?? "";
        var isTarget = revision == targetRevision;
        var inFlight = rollout.Items("status", "inFlight").FirstOrDefault(p => p.Text("pod") == name);

        var (mark, status) = (pod.Text("metadata", "deletionTimestamp").Length > 0, trouble.Length > 0, isReady, isTarget, inFlight is not null) switch
        {
            (true, _, _, _, _) => (Mark.Busy, "Terminating"),
            (_, true, _, _, _) => (Mark.Bad, trouble),
            (_, _, false, _, _) => (Mark.Busy, "Starting"),
            (_, _, _, true, true) => (Mark.Busy, "Gating"),
            (_, _, _, true, false) => (Mark.Good, "Updated"),
            (_, _, _, false, true) => (Mark.Busy, "Leaving"),
            (_, _, _, false, false) => (Mark.Waiting, "Pending"),
        };
        return new TreeNode(mark, name, "Pod", status)
        {
            Revision = ShortRevision(revision, pod.Text("metadata", "labels", "apps.kubernetes.io/pod-index"), name),
            Ready = $"{containers.Count(c => c.Flag("ready"))}/{pod.Items("spec", "containers").Count()}",
            Age = Ages.Of(pod.Time("metadata", "creationTimestamp"), now),
            Info = Info(name, leader, rollout, inFlight, now, hasPlaces ? pod : null),
        };
    }

    /// <summary>Shortens a revision's name: the StatefulSet's name in front of it is on the screen already.</summary>
    public static string ShortRevision(string revision, string ordinal, string podName)
    {
        var set = ordinal.Length > 0 && podName.EndsWith("-" + ordinal, StringComparison.Ordinal) ? podName[..^(ordinal.Length + 1)]
            : podName.LastIndexOf('-') is > 0 and var dash ? podName[..dash] : podName;
        return revision.StartsWith(set + "-", StringComparison.Ordinal) ? revision[(set.Length + 1)..] : revision;
    }

    private static string Info(string name, string leader, JsonNode? rollout, JsonNode? inFlight, DateTimeOffset now, JsonObject? placed)
    {
        var words = new List<string>();
        if (name == leader)
        {
            words.Add("leader");
        }

        if (inFlight is not null && inFlight.Text("stage") is { Length: > 0 } stage)
        {
            words.Add($"{stage} {Ages.Of(inFlight.Time("stageSince"), now)}".TrimEnd());
        }
        else if (rollout.Items("status", "pods").FirstOrDefault(p => p.Text("name") == name) is { } pod && pod.Text("message") is { Length: > 0 } message)
        {
            words.Add(message);
        }

        if (placed.Text("spec", "nodeName") is { Length: > 0 } node)
        {
            words.Add($"on {node}, {placed.Text("status", "podIP")}");
        }

        return string.Join(", ", words);
    }
}
