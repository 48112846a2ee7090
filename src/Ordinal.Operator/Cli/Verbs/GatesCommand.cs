using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.Reconciling;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal gates TARGET</c>: what each gate of a policy says, on what evidence, and how old that is.</summary>
internal static class GatesCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "rop/NAME, stsr/NAME, sts/NAME or a bare name." };

    private static readonly Option<bool> Probe = new("--probe") { Description = "Ask the gates from here and now, with your own rights on Secrets and pods; what can be reached from here may differ." };

    private static readonly Option<string?> Pod = new("--pod") { Description = "With --probe: ask whether this pod may stop, and not whether a rollout may begin." };

    private static readonly Option<string> Format = new("--output", "-o") { Description = "table or json.", DefaultValueFactory = _ => "table" };

    public static Command Create()
    {
        Format.AcceptOnly("table", "json");
        return new Command("gates", "Show what each gate of a policy says, on what evidence, and how old that is. Exit code 0: all pass; 1: one says no, or cannot work as configured; 3: one cannot tell, or was not asked yet.")
        {
            Target, Probe, Pod, Format,
        }.WithCluster(takesAll: false, RunAsync);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var lookup = new Lookup(session);
        var subject = await lookup.FindAsync(TargetRef.Parse(parsed.GetRequiredValue(Target)), cancellationToken);
        var pod = parsed.GetValue(Pod);
        if (subject.Policy is not { } policy)
        {
            throw CliProblem.Usage($"{subject.Object.Text("kind")} {subject.Key} belongs to no RolloutPolicy, so it has no gates.");
        }

        if (pod is not null && !parsed.GetValue(Probe))
        {
            throw CliProblem.Usage("--pod goes with --probe: the operator asks about a pod only when it takes it.");
        }

        var rows = policy.Items("spec", "gates").Any()
            ? parsed.GetValue(Probe) ? await new GatesProbe(session).AskAsync(subject, policy, pod, cancellationToken) : await ToldAsync(lookup, subject, policy, cancellationToken)
            : [];
        if (rows.Count == 0)
        {
            await session.Error.WriteLineAsync($"RolloutPolicy {policy.Text("metadata", "namespace")}/{policy.Name()} has no gates: pods count as back when they are ready for minReadyDuration.");
        }

        await WriteAsync(session, parsed, policy, rows);
        return CodeOf(rows);
    }

    /// <summary>Gets the exit code for several gates: the worst.</summary>
    internal static int CodeOf(IReadOnlyList<GateRow> rows) =>
        rows.Any(row => row.State is "Failing" or "Misconfigured") ? ExitCodes.Failed
        : rows.All(row => row.State is "Passing") ? ExitCodes.Success
        : ExitCodes.Timeout;

    /// <summary>What the operator last wrote down: of the rollout that is under way, else of the last probe at rest.</summary>
    private static async Task<IReadOnlyList<GateRow>> ToldAsync(Lookup lookup, Subject subject, JsonObject policy, CancellationToken cancellationToken)
    {
        var rollouts = subject.Kind is TargetKind.Rollout ? [subject.Object] : await lookup.RolloutsOfAsync(subject, cancellationToken);
        var active = rollouts.LastOrDefault(each => subject.Kind is TargetKind.Rollout || !RolloutFacts.IsFinished(each));
        return [.. policy.Items("spec", "gates").Select(gate =>
        {
            var name = gate.Text("name");
            var (said, by) = Of(active, name) is { } ofRollout ? (ofRollout, active.Name()) : (Of(policy, name), "");
            return new GateRow
            {
                Gate = name,
                Type = gate.Text("type"),
                About = by,
                Phase = said.Text("phase"),
                State = said.Text("state") is { Length: > 0 } state ? state : "NotAsked",
                Reason = said.Text("reason"),
                Message = said.Text("message"),
                Observed = said.Text("observed"),
                Successes = said.Number("consecutiveSuccesses"),
                ProbedAt = said.Time("lastProbeTime"),
                OldestAge = said is null || by.Length > 0 ? null : RestProbe.Interval,
            };
        })];

        static JsonNode? Of(JsonObject? from, string name) => from.Items("status", "gates").FirstOrDefault(each => each.Text("name") == name);
    }

    private static async Task WriteAsync(CliSession session, ParseResult parsed, JsonObject policy, IReadOnlyList<GateRow> rows)
    {
        var isProbed = parsed.GetValue(Probe);
        if (parsed.GetRequiredValue(Format) == "json")
        {
            await GetCommand.WriteAsync(
                session.Output,
                new JsonObject { ["policy"] = policy.Name(), ["namespace"] = policy.Text("metadata", "namespace"), ["from"] = isProbed ? "here" : "operator", ["gates"] = new JsonArray([.. rows.Select(row => row.ToJson())]) },
                "json");
            return;
        }

        if (rows.Count == 0)
        {
            return;
        }

        var table = new Table("GATE", "TYPE", "ABOUT", "PHASE", "STATE", "REASON", "PASSED", "AGE", "OBSERVED");
        foreach (var row in rows)
        {
            table.Add(row.Gate, row.Type, row.About, row.Phase, row.State, row.Reason, row.Successes is { } passed ? $"{passed} in a row" : "", row.Age(session.Now), row.Observed);
        }

        await table.WriteAsync(session.Output);
        foreach (var row in rows.Where(row => row.State != "Passing" && row.Message.Length > 0))
        {
            await session.Output.WriteLineAsync($"{Environment.NewLine}{row.Gate}: {row.Message}");
        }
    }
}

/// <summary>What one gate says.</summary>
internal sealed record GateRow
{
    public required string Gate { get; init; }

    public required string Type { get; init; }

    /// <summary>Gets the rollout, StatefulSet or pod that it was asked about; empty for the policy at rest.</summary>
    public string About { get; init; } = "";

    public string Phase { get; init; } = "";

    /// <summary>Gets Passing, Failing, Unknown, Misconfigured, or NotAsked.</summary>
    public required string State { get; init; }

    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>Gets the facts behind the verdict.</summary>
    public string Observed { get; init; } = "";

    /// <summary>Gets how often it passed in a row; null where that is not counted.</summary>
    public long? Successes { get; init; }

    /// <summary>Gets when it was asked; null where that is not written down.</summary>
    public DateTimeOffset? ProbedAt { get; init; }

    /// <summary>Gets how old it may be at most, where the time is not written down: at rest that would be a write for each probe.</summary>
    public TimeSpan? OldestAge { get; init; }

    public string Age(DateTimeOffset now) => ProbedAt is { } at ? Ages.Of(at, now) : OldestAge is { } most ? $"<{Ages.Of(most)}" : "";

    public JsonObject ToJson() => new()
    {
        ["name"] = Gate,
        ["type"] = Type,
        ["about"] = About,
        ["phase"] = Phase,
        ["state"] = State,
        ["reason"] = Reason,
        ["message"] = Message,
        ["observed"] = Observed,
        ["consecutiveSuccesses"] = Successes,
        ["lastProbeTime"] = ProbedAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
        ["oldestAgeSeconds"] = OldestAge is { } most ? (long)most.TotalSeconds : null,
    };
}
