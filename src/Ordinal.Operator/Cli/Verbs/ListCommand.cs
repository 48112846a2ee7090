using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal list</c>: policies and rollouts as tables.</summary>
internal static class ListCommand
{
    private static readonly Option<bool> Active = new("--active") { Description = "Only rollouts that are under way." };

    private static readonly Option<bool> Failed = new("--failed") { Description = "Only rollouts that ended without success and were neither cancelled nor superseded." };

    private static readonly Option<string?> Labels = new("--selector", "-l") { Description = "Only objects with these labels, as kubectl takes them." };

    private static readonly Option<string> Format = new("--output", "-o") { Description = "table, wide, json, yaml or name.", DefaultValueFactory = _ => "table" };

    public static Command Create()
    {
        Format.AcceptOnly("table", "wide", "json", "yaml", "name");
        return new Command("list", "List policies and rollouts.") { Active, Failed, Labels, Format }.WithCluster(takesAll: true, RunAsync);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var (isActive, isFailed, labels, format) = (parsed.GetValue(Active), parsed.GetValue(Failed), parsed.GetValue(Labels), parsed.GetRequiredValue(Format));
        IReadOnlyList<JsonObject> policies = isActive || isFailed ? [] : await session.ListAsync(TargetRef.Policies, session.Namespace, labels, cancellationToken);
        IReadOnlyList<JsonObject> rollouts = [.. (await session.ListAsync(TargetRef.Rollouts, session.Namespace, labels, cancellationToken))
            .Where(each => (!isActive && !isFailed) || (isActive && !RolloutFacts.IsFinished(each)) || (isFailed && Verdict.OfRollout(each, session.Now).ExitCode == ExitCodes.Failed))];
        if (policies.Count + rollouts.Count == 0)
        {
            await session.Error.WriteLineAsync($"Nothing found {(session.Namespace is null ? "in any namespace" : $"in namespace {session.Namespace}")}.");
        }

        switch (format)
        {
            case "json" or "yaml":
                await GetCommand.WriteAsync(session.Output, GetCommand.ListOf(policies.Concat(rollouts)), format);
                break;
            case "name":
                foreach (var each in policies.Concat(rollouts))
                {
                    await session.Output.WriteLineAsync(GetCommand.NameOf(each));
                }

                break;
            default:
                await WriteAsync(session, policies, rollouts, format == "wide");
                break;
        }

        return ExitCodes.Success;
    }

    private static async Task WriteAsync(CliSession session, IReadOnlyList<JsonObject> policies, IReadOnlyList<JsonObject> rollouts, bool isWide)
    {
        var hasNamespace = session.Namespace is null;
        if (policies.Count > 0)
        {
            var table = new Table(Row(hasNamespace, isWide, "NAMESPACE", ["POLICY", "TARGETS", "UPDATED", "READY", "ACTIVE", "STATUS", "SUSPEND", "AGE"], ["DRIVER", "ORDER", "GATES", "MESSAGE"]));
            foreach (var policy in policies)
            {
                var ready = policy.Condition("Ready");
                table.Add(Row(
                    hasNamespace,
                    isWide,
                    policy.Text("metadata", "namespace"),
                    [
                        policy.Name(), policy.Text("status", "summary", "targets"), policy.Text("status", "summary", "updated"), ready.Text("status"),
                        policy.Text("status", "activeRollout", "name"), ready.Text("reason"), policy.Flag("spec", "suspend") ? "true" : "false", AgeOf(policy, session.Now),
                    ],
                    [policy.Text("spec", "update", "driver"), policy.Text("spec", "update", "podOrder"), policy.Text("status", "summary", "gates"), ready.Text("message")]));
            }

            await table.WriteAsync(session.Output);
        }

        if (rollouts.Count > 0)
        {
            await session.Output.WriteAsync(policies.Count > 0 ? Environment.NewLine : "");
            var table = new Table(Row(hasNamespace, isWide, "NAMESPACE", ["ROLLOUT", "POLICY", "TYPE", "PROGRESS", "CURRENT", "STATUS", "AGE"], ["REVISION", "STAGE", "MESSAGE"]));
            foreach (var rollout in rollouts.OrderByDescending(each => each.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
            {
                table.Add(Row(
                    hasNamespace,
                    isWide,
                    rollout.Text("metadata", "namespace"),
                    [
                        rollout.Name(), rollout.Text("spec", "policyRef", "name"), rollout.Text("spec", "type"), rollout.Text("status", "progress"),
                        rollout.Text("status", "current", "pod"), RolloutFacts.Reason(rollout), AgeOf(rollout, session.Now),
                    ],
                    [rollout.Items("status", "targets").FirstOrDefault().Text("toRevision"), rollout.Text("status", "current", "stage"), RolloutFacts.Message(rollout)]));
            }

            await table.WriteAsync(session.Output);
        }
    }

    private static string[] Row(bool hasNamespace, bool isWide, string ns, string[] cells, string[] more) => [.. hasNamespace ? [ns] : (string[])[], .. cells, .. isWide ? more : []];

    private static string AgeOf(JsonObject of, DateTimeOffset now) => Ages.Of(of.Time("metadata", "creationTimestamp"), now);
}
