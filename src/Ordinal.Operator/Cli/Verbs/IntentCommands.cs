using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal approve</c>, <c>pause</c>, <c>resume</c> and <c>cancel</c>: each writes one intent into a spec, and nothing else.</summary>
internal static class IntentCommands
{
    private static readonly Argument<string> Rollout = new("rollout") { Description = "stsr/NAME or a bare name; with rop/NAME or sts/NAME the rollout that is under way there." };

    private static readonly Argument<string> Pausable = new("target") { Description = "stsr/NAME or a bare name for one rollout; rop/NAME for a policy: no rollout starts or goes on." };

    private static readonly Option<int?> Step = new("--step") { Description = "Number of the last step that may be gone past, from 1. Default: the one that waits." };

    private static readonly Option<bool> Revert = new("--revert") { Description = "Take the updated pods back to the revision that they came from, one safe step at a time." };

    public static Command Approve()
    {
        Step.AcceptWhole(1);
        return new Command("approve", "Let a rollout go past a step that waits for approval.") { Rollout, Step }.WithCluster(takesAll: false, ApproveAsync);
    }

    private static async Task<int> ApproveAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var rollout = await UnfinishedAsync(session, parsed.GetRequiredValue(Rollout), cancellationToken);
        var approved = rollout.Number("spec", "approvedStep") ?? 0;
        var step = parsed.GetValue(Step) ?? WaitingStep(rollout);
        if (step <= approved)
        {
            throw CliProblem.Usage($"StatefulSetRollout {KeyOf(rollout)}: step {step} is approved already, approvedStep is {approved}.");
        }

        await WriteAsync(session, TargetRef.Rollouts, rollout, "approvedStep", JsonValue.Create(step), cancellationToken);
        await session.Output.WriteLineAsync($"{GetCommand.NameOf(rollout)}: step {step} approved");
        return ExitCodes.Success;
    }

    public static Command Pause() => Suspending("pause", "Stop before the next pod: the pod in flight finishes, deadlines stand still.", true);

    public static Command Resume() => Suspending("resume", "Go on after a pause.", false);

    public static Command Cancel() => new Command("cancel", "End a rollout: the hold comes back, and pods stay at the revision that they have.") { Rollout, Revert }.WithCluster(takesAll: false, async (session, parsed, cancellationToken) =>
    {
        var rollout = await UnfinishedAsync(session, parsed.GetRequiredValue(Rollout), cancellationToken);
        var (wanted, has) = (parsed.GetValue(Revert) ? "Revert" : "Halt", rollout.Text("spec", "cancel"));
        if (has is "Halt" or "Revert" && has == wanted)
        {
            await session.Output.WriteLineAsync($"{GetCommand.NameOf(rollout)}: cancel {has} was asked for already");
            return ExitCodes.Success;
        }

        if (has == "Revert")
        {
            throw CliProblem.Usage($"StatefulSetRollout {KeyOf(rollout)} goes back already; that cannot be taken back. Pause it, or let it end.");
        }

        await WriteAsync(session, TargetRef.Rollouts, rollout, "cancel", JsonValue.Create(wanted), cancellationToken);
        await session.Output.WriteLineAsync($"{GetCommand.NameOf(rollout)}: cancel {wanted} asked for");
        return ExitCodes.Success;
    });

    private static Command Suspending(string name, string description, bool value) => new Command(name, description) { Pausable }.WithCluster(takesAll: false, async (session, parsed, cancellationToken) =>
    {
        var target = TargetRef.Parse(parsed.GetRequiredValue(Pausable));
        if (target.Kind is TargetKind.StatefulSet)
        {
            throw CliProblem.Usage($"a StatefulSet cannot be paused; {name} its rollout (stsr/NAME) or its policy (rop/NAME).");
        }

        var lookup = new Lookup(session);
        var subject = await lookup.FindAsync(target.Kind is TargetKind.Any ? target with { Kind = await KindOfAsync(lookup, target, cancellationToken) } : target, cancellationToken);
        if (subject.Kind is TargetKind.Rollout)
        {
            Refuse(subject.Object);
        }

        if (subject.Object.Flag("spec", "suspend") == value)
        {
            await session.Output.WriteLineAsync($"{GetCommand.NameOf(subject.Object)}: {(value ? "paused" : "not paused")} already");
            return ExitCodes.Success;
        }

        await WriteAsync(session, subject.Kind is TargetKind.Rollout ? TargetRef.Rollouts : TargetRef.Policies, subject.Object, "suspend", JsonValue.Create(value), cancellationToken);
        await session.Output.WriteLineAsync($"{GetCommand.NameOf(subject.Object)} {(value ? "paused" : "resumed")}");
        return ExitCodes.Success;
    });

    /// <summary>A bare name is a rollout here: to pause a whole policy one must say so.</summary>
    private static async Task<TargetKind> KindOfAsync(Lookup lookup, TargetRef target, CancellationToken cancellationToken)
    {
        var found = await lookup.FindAsync(target, cancellationToken);
        return found.Kind is TargetKind.Rollout ? TargetKind.Rollout
            : throw CliProblem.Usage($"{found.Object.Text("kind")} {found.Key} is no rollout; write rop/{target.Name} for the policy as a whole, or stsr/NAME for one rollout.");
    }

    private static int WaitingStep(JsonObject rollout) => RolloutFacts.Reason(rollout) is "AwaitingApproval" or "StepPausing" && rollout.Number("status", "current", "step") is { } step and > 0
        ? (int)step
        : throw CliProblem.Usage($"StatefulSetRollout {KeyOf(rollout)} waits for no approval (it is {RolloutFacts.Reason(rollout)}); to approve a step beforehand, name it with --step.");

    private static async Task<JsonObject> UnfinishedAsync(CliSession session, string word, CancellationToken cancellationToken)
    {
        var rollout = await new Lookup(session).RolloutAsync(TargetRef.Parse(word), cancellationToken);
        Refuse(rollout);
        return rollout;
    }

    private static void Refuse(JsonObject rollout)
    {
        if (RolloutFacts.IsFinished(rollout))
        {
            throw CliProblem.Usage($"StatefulSetRollout {KeyOf(rollout)} has ended ({RolloutFacts.Reason(rollout)}); create a new one, or: {CommandName.Text} retry {rollout.Name()} -n {KeyOf(rollout).Namespace}");
        }
    }

    private static NamespacedName KeyOf(JsonObject of) => new(of.Text("metadata", "namespace"), of.Name());

    /// <summary>Writes one member of the spec, to the object that was looked at: a namesake that came since is not meant.</summary>
    private static Task<JsonObject> WriteAsync(CliSession session, ResourceKind kind, JsonObject of, string member, JsonNode value, CancellationToken cancellationToken) =>
        session.PatchAsync(kind, KeyOf(of), new JsonPatch().TestUid(of.Text("metadata", "uid")).Add(value, "spec", member), cancellationToken);
}
