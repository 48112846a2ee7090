using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.Api;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal retry ROLLOUT</c>: asks for the same again.</summary>
internal static class RetryCommand
{
    /// <summary>What a request consists of; intents such as cancel and force are about one rollout only.</summary>
    private static readonly string[] Request = ["targets", "update", "scale", "rollback", "overrides", "reason", "ttlSecondsAfterFinished"];

    private static readonly Argument<string> Rollout = new("rollout") { Description = "stsr/NAME or a bare name of a rollout that has ended." };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the end; the exit code is the verdict." };

    private static readonly Option<TimeSpan> Timeout = ClientOptions.Durations("--timeout", "How long to wait with --wait; 0 for as long as it takes. Exit code 3 when the time is up.", TimeSpan.Zero);

    public static Command Create() => new Command("retry", "Ask for the same rollout again, after what stopped it was repaired.") { Rollout, Wait, Timeout }.WithCluster(takesAll: false, async (session, parsed, cancellationToken) =>
    {
        var target = TargetRef.Parse(parsed.GetRequiredValue(Rollout));
        if (target.Kind is not (TargetKind.Any or TargetKind.Rollout))
        {
            throw CliProblem.Usage($"{parsed.GetRequiredValue(Rollout)} is no rollout; name the one to repeat, see: {CommandName.Text} list --failed");
        }

        var old = (await new Lookup(session).FindAsync(target with { Kind = TargetKind.Rollout }, cancellationToken)).Object;
        if (!RolloutFacts.IsFinished(old))
        {
            throw CliProblem.Usage($"StatefulSetRollout {old.Text("metadata", "namespace")}/{old.Name()} is still under way ({RolloutFacts.Reason(old)}); cancel it first, or let it end.");
        }

        var spec = new JsonObject();
        foreach (var member in Request)
        {
            if (old["spec"]?[member] is { } value)
            {
                spec[member] = value.DeepClone();
            }
        }

        var request = StartCommand.RequestOf(old.Text("spec", "policyRef", "name"), old.Text("metadata", "namespace"), old.Text("spec", "type"), spec);
        request["metadata"]!["annotations"] = new JsonObject { [OrdinalNames.RetryAnnotation] = old.Name() };
        return await StartCommand.SendAsync(session, request, isDryRun: false, parsed.GetValue(Wait) ? parsed.GetValue(Timeout) : null, cancellationToken);
    });
}
