using System.Text.Json.Nodes;
using Ordinal.Core.Reasons;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>How something stands, in one line, and as an exit code.</summary>
/// <param name="ExitCode">Null while it is under way.</param>
/// <param name="Line">Object and fact.</param>
internal sealed record Verdict(int? ExitCode, string Line)
{
    private static readonly string[] Overtaken = ["Cancelled", "Superseded"];

    private static readonly string[] Well = ["Completed", "NoChange"];

    /// <summary>Judges one rollout.</summary>
    public static Verdict OfRollout(JsonObject rollout, DateTimeOffset now)
    {
        var reason = RolloutFacts.Reason(rollout);
        var message = RolloutFacts.Message(rollout);
        var took = RolloutFacts.Took(rollout, now) is { } length ? $" ({Ages.Of(length)})" : "";
        if (!RolloutFacts.IsFinished(rollout))
        {
            return new(null, $"{rollout.Name()}: {reason}: {(message.Length > 0 ? WithStall(rollout, message) : "the operator has not looked at it yet")}{took}");
        }

        var code = rollout.Condition("Succeeded").Text("status") == "True" ? ExitCodes.Success
            : Overtaken.Contains(reason, StringComparer.Ordinal) ? ExitCodes.Cancelled
            : ExitCodes.Failed;
        return new(code, code == ExitCodes.Success ? $"{rollout.Name()}: {message}{took}" : $"{rollout.Name()}: {reason}: {message}{took}");
    }

    /// <summary>Judges one StatefulSet of a rollout; of several each has an end of its own.</summary>
    public static Verdict OfRollout(JsonObject rollout, string set, DateTimeOffset now)
    {
        if (RolloutFacts.Member(rollout, set) is not { } member)
        {
            return OfRollout(rollout, now);
        }

        var (state, reason, message) = (member.Text("state"), member.Text("reason"), member.Text("message"));
        if (!RolloutFacts.IsFinishedFor(rollout, set))
        {
            return new(null, $"{rollout.Name()}, {set}: {Or(reason, "Queued")}: {(message.Length > 0 ? WithStall(member, message) : "the operator has not looked at it yet")}");
        }

        var code = Well.Contains(state, StringComparer.Ordinal) ? ExitCodes.Success : Overtaken.Contains(state, StringComparer.Ordinal) ? ExitCodes.Cancelled : ExitCodes.Failed;
        return new(code, code == ExitCodes.Success ? $"{rollout.Name()}, {set}: {message}" : $"{rollout.Name()}, {set}: {reason}: {message}");
    }

    /// <summary>
    /// Judges one StatefulSet of a policy. A StatefulSet's change does not move the policy's generation, so what the policy says may be about the
    /// template before: it counts only once it has seen the StatefulSet's own generation.
    /// </summary>
    /// <param name="rollouts">The policy's rollouts of this set, the oldest first.</param>
    public static Verdict OfSet(JsonObject set, JsonObject policy, IReadOnlyList<JsonObject> rollouts, DateTimeOffset now)
    {
        if (rollouts.LastOrDefault(each => !RolloutFacts.IsFinishedFor(each, set.Name())) is { } active)
        {
            return OfRollout(active, set.Name(), now);
        }

        var name = $"statefulset {set.Name()}";
        var target = PolicyFacts.Target(policy, set.Name());
        var generation = set.Number("metadata", "generation") ?? 0;
        if (target is null || (target.Number("observedGeneration") ?? 0) < generation || (policy.Number("status", "observedGeneration") ?? 0) < (policy.Number("metadata", "generation") ?? 0))
        {
            return new(null, $"{name}: policy {policy.Name()} has not yet seen generation {generation}; that takes a moment, if the operator runs");
        }

        var (replicas, revision) = (target.Number("replicas") ?? 0, target.Text("updateRevision"));
        if (revision == target.Text("currentRevision") && target.Number("updatedReplicas") >= replicas)
        {
            var concern = target.Text("message");
            // A set that is being adopted is as its template asks, and still not held: a pipeline that waited for this and then changes the template must be gated.
            var isAdopting = !target.Flag("held") && policy.Condition("Ready").Text("reason") == ReasonCodes.Adopting.Code;
            return concern.Length > 0 && (isAdopting || target.Number("readyReplicas") < replicas)
                ? new(null, $"{name}: {concern}")
                : new(ExitCodes.Success, $"{name}: {target.Number("updatedReplicas") ?? 0} of {replicas} pods at {revision}{(target.Flag("held") ? ", held" : "")}");
        }

        // The last word about the revision that waits: it failed, or was cancelled. Another revision's end says nothing about this one.
        var last = rollouts.LastOrDefault(each => each.Items("status", "targets").Any(of => of.Text("name") == set.Name() && of.Text("toRevision") == revision));
        return last is not null && OfRollout(last, set.Name(), now) is { ExitCode: > 0 } end ? end : new(null, $"{name}: {Or(target.Text("message"), $"a change to {revision} waits")}");
    }

    /// <summary>Judges several as one: under way while one is, else the worst.</summary>
    public static Verdict Of(IReadOnlyList<Verdict> verdicts, string whenEmpty) => verdicts switch
    {
        [] => new(null, whenEmpty),
        [var only] => only,
        _ => new(
            verdicts.Any(each => each.ExitCode is null) ? null
            : verdicts.Any(each => each.ExitCode == ExitCodes.Failed) ? ExitCodes.Failed
            : verdicts.Max(each => each.ExitCode),
            string.Join(Environment.NewLine, verdicts.Select(each => each.Line).Distinct(StringComparer.Ordinal))),
    };

    /// <summary>Adds what keeps a rollout from going on and only a person can put right, where the message does not say it: a write that the API server refuses.</summary>
    private static string WithStall(JsonObject rollout, string message)
    {
        var stalled = rollout.Condition("Stalled");
        return stalled.Text("status") == "True" ? WithStall(message, stalled.Text("reason"), stalled.Text("message")) : message;
    }

    /// <summary>Adds the same of one StatefulSet of several.</summary>
    private static string WithStall(JsonNode member, string message) => WithStall(message, member.Text("stalled"), member.Text("current", "waitingFor"));

    private static string WithStall(string message, string reason, string words) =>
        reason.Length == 0 || words.Length == 0 || message.Contains(words, StringComparison.Ordinal) ? message : $"{message.TrimEnd('.')}; stalled: {reason}: {words}";

    private static string Or(string text, string other) => text.Length > 0 ? text : other;
}
