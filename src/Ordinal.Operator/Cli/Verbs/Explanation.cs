using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.Core.Reasons;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>
/// Says in a few lines why something does not move and what to do about it: the fact in the operator's own words, what the reason means, and its
/// remedy, both from the one registry that also feeds conditions, events and the runbook. Pure.
/// </summary>
internal static class Explanation
{
    private const int MostPods = 8;

    /// <summary>Returns the lines.</summary>
    /// <param name="picture">What there is.</param>
    /// <param name="now">Now.</param>
    /// <param name="command">What the program is called, for the lines that name a command.</param>
    public static ImmutableArray<string> Of(ClusterPicture picture, DateTimeOffset now, string command)
    {
        var lines = new Lines();
        var stalled = picture.Policy.Condition("Stalled");
        if (picture.Rollout is { } rollout && rollout.Condition("Finished").Text("status") != "True")
        {
            Running(rollout, now, command, lines);
            if (stalled.Text("status") == "True")
            {
                lines.Blank().Say($"NEEDS YOU: RolloutPolicy {KeyOf(picture.Policy)}").Reason(stalled.Text("reason"), stalled.Text("message"));
            }
        }
        else if (picture.Rollout is { } ended && ended.Condition("Succeeded").Text("status") == "False" && picture.Policy.Condition("Ready").Text("status") != "True")
        {
            Ended(ended, now, command, lines);
            AtRest(picture, lines.Blank());
        }
        else
        {
            AtRest(picture, lines);
        }

        Held(picture, command, lines);
        return lines.All;
    }

    private static void Running(JsonObject rollout, DateTimeOffset now, string command, Lines lines)
    {
        var (succeeded, stalled, paused) = (rollout.Condition("Succeeded"), rollout.Condition("Stalled"), rollout.Condition("Paused"));
        var current = rollout["status"]?["current"];
        var waiting = current.Text("waitingFor");
        var (needsHuman, isPaused) = (stalled.Text("status") == "True", paused.Text("status") == "True");
        var word = needsHuman ? "NEEDS YOU" : isPaused ? "PAUSED" : waiting.Length > 0 ? "WAITING" : "MOVING";
        var since = isPaused ? rollout.Time("status", "pausedSince") : current.Time("since");
        var length = since is null ? "" : $" for {Ages.Of(since, now)}";
        var progress = rollout.Text("status", "progress") is { Length: > 0 } p ? $", {p} pods updated" : "";
        lines.Say($"{word}{length}: StatefulSetRollout {KeyOf(rollout)}{progress}.");

        var reason = needsHuman ? stalled : isPaused ? paused : null;
        if (reason is not null && (reason.Text("message").Length > 0 || waiting.Length == 0))
        {
            lines.Reason(reason.Text("reason"), reason.Text("message") is { Length: > 0 } told ? told : succeeded.Text("message"));
        }

        if (waiting.Length > 0 && waiting != reason.Text("message"))
        {
            lines.Reason(current.Text("reason"), waiting);
        }
        else if (reason is null)
        {
            lines.Reason(succeeded.Text("reason"), succeeded.Text("message"));
        }

        Members(rollout, lines);
        Pods(rollout, waiting, lines);
        Gates(rollout, now, lines);
        if (succeeded.Text("reason") is "AwaitingApproval" && current.Number("step") is { } step)
        {
            lines.Add("command", $"{command} approve {rollout.Name()} --step {step} -n {rollout.Text("metadata", "namespace")}");
        }
        else if (rollout.Flag("spec", "suspend"))
        {
            lines.Add("command", $"{command} resume stsr/{rollout.Name()} -n {rollout.Text("metadata", "namespace")}");
        }
    }

    private static void Ended(JsonObject rollout, DateTimeOffset now, string command, Lines lines)
    {
        var succeeded = rollout.Condition("Succeeded");
        lines.Say($"ENDED {Ages.Of(rollout.Time("status", "completionTime"), now)} ago: StatefulSetRollout {KeyOf(rollout)}, {Or(rollout.Text("status", "progress"), "0")} pods updated.")
            .Reason(succeeded.Text("reason"), succeeded.Text("message"));
        Members(rollout, lines);
        Pods(rollout, "", lines);
        lines.Add("command", $"{command} retry {rollout.Name()} -n {rollout.Text("metadata", "namespace")}");
    }

    private static void AtRest(ClusterPicture picture, Lines lines)
    {
        if (picture.Policy is not { } policy)
        {
            lines.Say(picture.Rollout is null ? "There is neither a policy nor a rollout." : $"StatefulSetRollout {KeyOf(picture.Rollout)} has ended, and its policy is gone.");
            return;
        }

        var (ready, stalled) = (policy.Condition("Ready"), policy.Condition("Stalled").Text("status") == "True");
        if (ready is null)
        {
            lines.Say($"UNKNOWN: RolloutPolicy {KeyOf(policy)}: the operator has not looked at it yet; is it running, and does it watch this namespace?");
            return;
        }

        lines.Say($"{(ready.Text("status") == "True" ? "AT REST" : stalled ? "NEEDS YOU" : "WAITING")}: RolloutPolicy {KeyOf(policy)}.").Reason(ready.Text("reason"), ready.Text("message"));
        if (policy.Condition("GatesUsable") is { } gates && gates.Text("status") == "False" && gates.Text("reason") != ready.Text("reason"))
        {
            lines.Reason(gates.Text("reason"), gates.Text("message"));
        }

        foreach (var target in policy.Items("status", "targets").Where(target => target.Text("message").Length > 0 && !ready.Text("message").Contains(target.Text("message"), StringComparison.Ordinal)))
        {
            lines.Add(target.Text("name"), target.Text("message"));
        }
    }

    /// <summary>Under the hold kubectl calls a rollout complete, with 0 pods of it done; whoever looks there must be told.</summary>
    private static void Held(ClusterPicture picture, string command, Lines lines)
    {
        foreach (var set in picture.StatefulSets.Where(set =>
            set.Text("status", "currentRevision") != set.Text("status", "updateRevision")
            && set.Number("spec", "updateStrategy", "rollingUpdate", "partition") is { } partition and > 0
            && partition >= (set.Number("spec", "replicas") ?? 1)))
        {
            lines.Add("note", $"kubectl rollout status sts/{set.Name()} says \"complete\" while the pods are held; ask: {command} status sts/{set.Name()} -n {set.Text("metadata", "namespace")}");
        }
    }

    /// <summary>Tells of each of several StatefulSets in one line.</summary>
    private static void Members(JsonObject rollout, Lines lines)
    {
        if (rollout.Items("status", "targets").ToList() is not { Count: > 1 } several)
        {
            return;
        }

        foreach (var member in several)
        {
            var back = member.Text("revertedBy") is { Length: > 0 } by ? $" It goes back by rollout {by}." : "";
            lines.Add(member.Text("name"), $"{Or(member.Text("reason"), "Queued")}, {RolloutFacts.ProgressOf(member)} pods: {member.Text("message")}{back}");
        }
    }

    /// <summary>Tells each pod's own reason; those that wait for the same stand in one line, and those that only wait for their turn are not told.</summary>
    private static void Pods(JsonObject rollout, string told, Lines lines)
    {
        var pods = rollout.Items("status", "pods")
            .Where(pod => pod.Text("message").Length > 0 && pod.Text("message") != told && pod.Text("reason") != ReasonCodes.WaitsTurn.Code)
            .GroupBy(pod => pod.Text("message"), StringComparer.Ordinal).ToList();
        foreach (var group in pods.Take(MostPods))
        {
            var names = group.Select(pod => pod.Text("name")).ToList();
            lines.Add("pod", $"{string.Join(", ", names.Take(MostPods))}{(names.Count > MostPods ? $" and {names.Count - MostPods} more" : "")}: {group.First().Text("reason")}: {group.Key}");
        }

        if (pods.Count > MostPods)
        {
            lines.Add("pod", $"and {pods.Count - MostPods} reasons more");
        }
    }

    private static void Gates(JsonObject rollout, DateTimeOffset now, Lines lines)
    {
        foreach (var gate in rollout.Items("status", "gates").Where(gate => gate.Text("state") is not ("Passing" or "")))
        {
            var age = gate.Time("lastProbeTime") is { } asked ? $", asked {Ages.Of(asked, now)} ago" : "";
            lines.Add("gate", $"{gate.Text("name")} is {gate.Text("state")}{age}: {gate.Text("reason")}: {gate.Text("message")}");
        }
    }

    private static string KeyOf(JsonNode? of) => $"{of.Text("metadata", "namespace")}/{of.Name()}";

    private static string Or(string text, string other) => text.Length > 0 ? text : other;

    private sealed class Lines
    {
        private readonly List<string> all = [];

        public ImmutableArray<string> All => [.. all];

        public Lines Say(string line)
        {
            all.Add(line);
            return this;
        }

        public Lines Blank() => Say("");

        public Lines Add(string label, string text) => Say($"  {label,-9} {text.ReplaceLineEndings(" ")}");

        /// <summary>The fact, what it means, the remedy, and where to read on.</summary>
        public Lines Reason(string code, string message)
        {
            Add("what", message.Length > 0 ? message : code);
            if (ReasonCodes.Find(code) is { } reason)
            {
                Add("means", reason.Meaning);
                Add("do", reason.Remedy);
                Add("see", $"docs/runbook.md#{code.ToLowerInvariant()}");
            }

            return this;
        }
    }
}
