using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>Reads what a rollout says of itself.</summary>
internal static class RolloutWords
{
    public static bool IsFinished(ClusterPicture picture) => picture.Rollout.Condition("Finished").Text("status") == "True";

    public static bool HasSucceeded(ClusterPicture picture) => picture.Rollout.Condition("Succeeded").Text("status") == "True";

    public static string Outcome(ClusterPicture picture)
    {
        var succeeded = picture.Rollout.Condition("Succeeded");
        return picture.Rollout is null ? "no rollout appeared" : $"{succeeded.Text("reason")}: {succeeded.Text("message")}";
    }

    /// <summary>Why it waits: code, pod and message; empty texts when it does not.</summary>
    public static (string Reason, string Pod, string Message) Waiting(ClusterPicture picture)
    {
        var current = picture.Rollout?["status"]?["current"];
        var message = current.Text("waitingFor");
        var reason = current.Text("reason") is { Length: > 0 } code ? code : current.Text("stage");
        return message.Length == 0 || IsFinished(picture) ? ("", "", "") : (reason.Length > 0 ? reason : "Waiting", current.Text("pod"), message);
    }

    /// <summary>Whether every pod is there, ready and not going, so that one more may be disturbed.</summary>
    public static bool IsWhole(ClusterPicture picture, int replicas) =>
        picture.Pods.Length == replicas && picture.Pods.All(p => IsReady(p) && p.Text("metadata", "deletionTimestamp").Length == 0);

    public static bool IsReady(System.Text.Json.Nodes.JsonObject pod) => pod.Condition("Ready").Text("status") == "True";

    public static string RevisionOf(System.Text.Json.Nodes.JsonObject pod) => pod.Text("metadata", "labels", "controller-revision-hash");

    public static string UpdateRevision(ClusterPicture picture) => picture.StatefulSets.FirstOrDefault().Text("status", "updateRevision");
}
