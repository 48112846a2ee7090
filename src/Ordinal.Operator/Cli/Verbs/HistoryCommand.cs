using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ordinal.Operator.Api;
using Ordinal.Operator.View;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal history POLICY</c>: past rollouts, from where to where, what changed, how long it took, and who asked.</summary>
internal static class HistoryCommand
{
    private static readonly Argument<string> Policy = new("policy") { Description = "rop/NAME or sts/NAME, or a bare name." };

    private static readonly Option<string> Format = new("--output", "-o") { Description = "table or json.", DefaultValueFactory = _ => "table" };

    public static Command Create()
    {
        Format.AcceptOnly("table", "json");
        return new Command("history", "Show the rollouts of a policy, the newest first.") { Policy, Format }.WithCluster(takesAll: false, RunAsync);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var lookup = new Lookup(session);
        var subject = await lookup.FindAsync(TargetRef.Parse(parsed.GetRequiredValue(Policy)), cancellationToken);
        if (subject.Kind is TargetKind.Rollout)
        {
            throw CliProblem.Usage($"StatefulSetRollout {subject.Key} is one rollout; name its policy: {CommandName.Text} history {subject.Object.Text("spec", "policyRef", "name")} -n {subject.Key.Namespace}");
        }

        var revisions = (await session.ListAsync(ResourceKind.Of<V1ControllerRevision>(), subject.Key.Namespace, null, cancellationToken)).ToDictionary(each => each.Name(), StringComparer.Ordinal);
        List<JsonObject> rows = [.. (await lookup.RolloutsOfAsync(subject, cancellationToken)).Reverse().Select(rollout => RowOf(rollout, revisions, session.Now))];
        if (parsed.GetRequiredValue(Format) == "json")
        {
            await GetCommand.WriteAsync(session.Output, new JsonObject { ["policy"] = subject.Policy.Name(), ["rollouts"] = new JsonArray([.. rows]) }, "json");
            return ExitCodes.Success;
        }

        if (rows.Count == 0)
        {
            await session.Error.WriteLineAsync($"{subject.Object.Text("kind")} {subject.Key} has no rollouts yet.");
            return ExitCodes.Success;
        }

        var table = new Table("ROLLOUT", "TYPE", "RESULT", "FROM -> TO", "CHANGED", "PODS", "TOOK", "WAITED", "BY", "WHEN", "REASON");
        foreach (var row in rows)
        {
            table.Add(
                row.Text("name"), row.Text("type"), row.Text("result"), Way(row), row.Text("changed"), row.Text("pods"),
                row.Text("took"), row.Text("waited"), row.Text("by"), Ages.Of(row.Time("created"), session.Now), row.Text("reason"));
            foreach (var each in row.Items("targets"))
            {
                table.Add($"  {each.Text("name")}", "", each.Text("result"), Way(each), each.Text("changed"), each.Text("pods"), each.Text("took"), each.Text("waited"), "", "", "");
            }
        }

        await table.WriteAsync(session.Output);
        return ExitCodes.Success;
    }

    /// <summary>One row for a rollout; of several StatefulSets each has one below it, with its own way from one revision to another.</summary>
    private static JsonObject RowOf(JsonObject rollout, Dictionary<string, JsonObject> revisions, DateTimeOffset now)
    {
        var targets = rollout.Items("status", "targets").ToList();
        var (only, several) = (targets.Count == 1 ? targets[0] : null, targets.Count > 1);
        var row = new JsonObject
        {
            ["name"] = rollout.Name(),
            ["type"] = rollout.Text("spec", "type"),
            ["result"] = RolloutFacts.Reason(rollout),
            ["from"] = RevisionOf(only, "fromRevision"),
            ["to"] = RevisionOf(only, "toRevision"),
            ["changed"] = several ? string.Create(CultureInfo.InvariantCulture, $"{targets.Count} StatefulSets") : ChangedOf(only, revisions),
            ["pods"] = rollout.Text("status", "progress"),
            ["took"] = RolloutFacts.Took(rollout, now) is { } took ? Ages.Of(took) : "",
            ["waited"] = Waited(rollout["status"], now),
            ["by"] = ByWhom(rollout),
            ["created"] = rollout.Text("metadata", "creationTimestamp"),
            ["reason"] = rollout.Text("spec", "reason").ReplaceLineEndings(" "),
            ["message"] = RolloutFacts.Message(rollout),
        };
        if (several)
        {
            row["targets"] = new JsonArray([.. targets.Select(each => new JsonObject
            {
                ["name"] = each.Text("name"),
                ["result"] = each.Text("reason"),
                ["from"] = RevisionOf(each, "fromRevision"),
                ["to"] = RevisionOf(each, "toRevision"),
                ["changed"] = ChangedOf(each, revisions),
                ["pods"] = RolloutFacts.ProgressOf(each),
                ["took"] = each.Time("startTime") is { } start ? Ages.Of((each.Time("completionTime") ?? now) - start) : "",
                ["waited"] = Waited(each, now),
                ["message"] = each.Text("message"),
            })]);
        }

        return row;
    }

    private static string Way(JsonNode row) => row.Text("from").Length + row.Text("to").Length == 0 ? "" : $"{row.Text("from")} -> {row.Text("to")}";

    private static string Waited(JsonNode? of, DateTimeOffset now) =>
        Ages.Of(TimeSpan.FromMilliseconds(of.Number("pausedMilliseconds") ?? 0) + (of.Time("pausedSince") is { } since ? now - since : TimeSpan.Zero));

    private static string RevisionOf(JsonNode? target, string which) => PodRow.ShortRevision(target.Text(which), "0", target.Text("name") + "-0");

    private static string ChangedOf(JsonNode? target, Dictionary<string, JsonObject> revisions) =>
        Changed(revisions.GetValueOrDefault(target.Text("fromRevision")), revisions.GetValueOrDefault(target.Text("toRevision")));

    /// <summary>Says what differs between two revisions: images, else a restart, else that the template does.</summary>
    internal static string Changed(JsonObject? from, JsonObject? to)
    {
        if (from is null || to is null)
        {
            return "";
        }

        var (before, after) = (ImagesOf(from), ImagesOf(to));
        List<string> images = [.. after.Where(each => before.TryGetValue(each.Key, out var old) && old != each.Value).Select(each => $"{each.Key} {Tag(before[each.Key], each.Value)}")];
        if (images.Count > 0)
        {
            return string.Join(", ", images);
        }

        const string Restarted = "kubectl.kubernetes.io/restartedAt";
        return to.Text("data", "spec", "template", "metadata", "annotations", Restarted) != from.Text("data", "spec", "template", "metadata", "annotations", Restarted) ? "restartedAt"
            : from["data"]?.ToJsonString() == to["data"]?.ToJsonString() ? "" : "template";
    }

    private static Dictionary<string, string> ImagesOf(JsonObject revision) =>
        revision.Items("data", "spec", "template", "spec", "containers").ToDictionary(each => each.Text("name"), each => each.Text("image"), StringComparer.Ordinal);

    /// <summary>Shortens two images to what differs: the tags, where the names are the same.</summary>
    private static string Tag(string from, string to)
    {
        var (left, right) = (from.LastIndexOf(':'), to.LastIndexOf(':'));
        return left > 0 && right > 0 && from[..left] == to[..right] ? $"{from[(left + 1)..]} -> {to[(right + 1)..]}" : $"{from} -> {to}";
    }

    /// <summary>Who made it: the operator itself, or the program whose write came first; Kubernetes keeps no user's name.</summary>
    private static string ByWhom(JsonObject rollout) => rollout.Text("metadata", "labels", OrdinalNames.CreatedByLabel) == "operator"
        ? "operator"
        : rollout.Items("metadata", "managedFields").Where(entry => entry.Text("subresource").Length == 0).OrderBy(entry => entry.Text("time"), StringComparer.Ordinal).FirstOrDefault().Text("manager");
}
