using System.Text.Json.Nodes;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>Reads a StatefulSetRollout as the verbs need it.</summary>
internal static class RolloutFacts
{
    public static bool IsFinished(JsonObject rollout) => rollout.Condition("Finished").Text("status") == "True";

    public static string Reason(JsonObject rollout) => rollout.Condition("Succeeded").Text("reason") is { Length: > 0 } reason ? reason : "New";

    public static string Message(JsonObject rollout) => rollout.Condition("Succeeded").Text("message");

    public static bool IsAbout(JsonObject rollout, string set) => TargetsOf(rollout) is not { Count: > 0 } names || names.Contains(set);

    /// <summary>The StatefulSets that it is about, as far as it says so.</summary>
    public static IReadOnlyList<string> TargetsOf(JsonObject rollout)
    {
        List<string> known = [.. rollout.Items("status", "targets").Select(target => target.Text("name")).Where(name => name.Length > 0)];
        return known.Count > 0 ? known : [.. rollout.Items("spec", "targets").Select(target => target.ToString())];
    }

    /// <summary>The entry of one of several StatefulSets, which has a reason, a message and an end of its own; null for a rollout of one.</summary>
    public static JsonNode? Member(JsonObject rollout, string set) =>
        rollout.Items("status", "targets").ToList() is { Count: > 1 } several ? several.Find(target => target.Text("name") == set) : null;

    /// <summary>Tells whether a rollout is over for a StatefulSet, though it may go on with others.</summary>
    public static bool IsFinishedFor(JsonObject rollout, string set) => IsFinished(rollout) || Member(rollout, set).Text("completionTime").Length > 0;

    /// <summary>How far one of several StatefulSets is, as 1/3.</summary>
    public static string ProgressOf(JsonNode? member) => $"{member.Number("counts", "updated") ?? 0}/{member.Number("counts", "total") ?? 0}";

    /// <summary>Returns how long it took, or has taken so far; null before it began.</summary>
    public static TimeSpan? Took(JsonObject rollout, DateTimeOffset now) =>
        (rollout.Time("status", "startTime") ?? rollout.Time("metadata", "creationTimestamp")) is { } start ? (rollout.Time("status", "completionTime") ?? now) - start : null;

    /// <summary>Tells whether a step, counted from 1, is done.</summary>
    public static bool HasDoneStep(JsonObject rollout, int step)
    {
        if (rollout.Condition("Succeeded").Text("status") == "True")
        {
            return true;
        }

        var current = rollout.Number("status", "current", "step") ?? 0;
        return current > step || (current == step && Reason(rollout) is "AwaitingApproval" or "StepPausing");
    }
}

/// <summary>Reads a RolloutPolicy as the verbs need it.</summary>
internal static class PolicyFacts
{
    /// <summary>The StatefulSets that it is about: what the operator found, else what it lists.</summary>
    public static IReadOnlyList<string> TargetsOf(JsonObject? policy)
    {
        List<string> listed = [.. policy.Items("spec", "targets", "statefulSets").Select(target => target.Text("name"))];
        return listed.Count > 0 ? listed : [.. policy.Items("status", "targets").Select(target => target.Text("name"))];
    }

    public static JsonNode? Target(JsonObject? policy, string set) => policy.Items("status", "targets").FirstOrDefault(target => target.Text("name") == set);
}
