using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;

namespace Ordinal.Tests.Core;

/// <summary>A rule that a run broke.</summary>
internal sealed class BrokenRuleException(string rule, string detail) : Exception($"{rule}: {detail}")
{
    internal string Rule => rule;
}

/// <summary>The rules, checked against the toy world itself and not against what the planner believes of it.</summary>
internal static class Check
{
    internal const string Budget = "the budget is never exceeded";
    internal const string Unknown = "unknown never opens";
    internal const string Deterministic = "same input, same decision";
    internal const string Idempotent = "every pass is idempotent";
    internal const string Intent = "no action without a persisted intent";
    internal const string Once = "never two disruptions for one intent";
    internal const string Complete = "completed only when all pods are at the target";
    internal const string Steps = "a step's pause is held";
    internal const string Windows = "no pod is taken outside a maintenance window";
    internal const string Zones = "no pod is taken while another zone goes first";
    internal const string Template = "the template is the user's";
    internal const string Back = "pods that go back come back at the old revision";
    internal const string Progress = "progress when all gates are open";

    /// <summary>What must hold of a decision before anything of it is done.</summary>
    internal static void Decision(ToyWorld world, Planted planner, RolloutInput input, Decision decision)
    {
        var again = planner.Decide(input);
        Require(Same(again, decision), Deterministic, $"{Show(decision)} and then {Show(again)}");

        if (decision.Memory.Revert is null && decision.Actions.Any(action => action is RemovePod || (action is WriteStrategy write && write.Releases is not null)))
        {
            Require(input.Request.Window.IsOpenAt(input.Now), Windows, Show(decision));
            Require(input.Request.Zone is null, Zones, Show(decision));
        }

        var next = planner.Decide(input with { Memory = decision.Memory });
        foreach (var removal in next.Actions.OfType<RemovePod>())
        {
            Require(decision.Actions.OfType<RemovePod>().Any(r => r.Uid == removal.Uid && r.ResourceVersion == removal.ResourceVersion), Idempotent, $"{removal.Pod} only in the second pass: {Show(next)} after {Show(decision)}");
        }

        var first = decision.Actions.OfType<WriteStrategy>().SingleOrDefault();
        Require(next.Actions.OfType<WriteStrategy>().All(w => first is null ? w.Next.EffectivePartition >= Math.Min(input.Snapshot.Set.Strategy.EffectivePartition, world.Replicas) : w.Next == first.Next), Idempotent, $"{Show(next)} after {Show(decision)}");

        if (decision.Memory.State is RolloutState.Completed or RolloutState.RolledBack && input.Memory.State != decision.Memory.State)
        {
            Require(world.Expected().All(o => world.Pod(o)?.Revision == decision.Memory.GoalOf(input.Request) && world.Away == 0), Complete, Show(decision));
        }
    }

    /// <summary>What must hold when a call is sent, late or not.</summary>
    internal static void Action(ToyWorld world, ToyOperator caller, PlannedAction action)
    {
        if (action is RemovePod removal && world.Pods.FirstOrDefault(p => p.Uid == removal.Uid) is { IsTerminating: false } pod && $"{pod.ResourceVersion}" == removal.ResourceVersion)
        {
            Require(caller.Memory.InFlight.Any(e => e.Uid == removal.Uid && e.ResourceVersion == removal.ResourceVersion), Intent, $"{removal}");
        }
    }

    /// <summary>What must hold of the world right after a call took a pod away.</summary>
    internal static void Disruption(ToyWorld world, UpdatePolicy policy, ToyOperator caller, PlannedAction action)
    {
        Require(action is not RestoreTemplate || policy.OnFailure is FailureAction.RevertTemplate, Template, $"{action}");
        if (action is not RemovePod removal)
        {
            return;
        }

        var pod = world.Pods.First(p => p.Uid == removal.Uid);
        Require(world.Removals[pod.Uid] == 1 && (pod.Revision != caller.Memory.GoalOf(caller.Request) || caller.Memory.Revert is not null), Once, $"{removal}");
        Require(caller.Memory.Revert is not { Kind: FailureAction.RevertPods } || pod.Revision == ToyWorld.Old || world.RevisionOf(pod.Ordinal) == ToyWorld.Old, Back, $"{removal} under {world.Strategy}");
        Require(policy.Gates.IsEmpty || pod.Trouble is PodTrouble.ImagePull or PodTrouble.ConfigError or PodTrouble.Unschedulable || world.Now - caller.LastOpen <= TimeSpan.FromMinutes(1), Unknown, $"{removal} {world.Now - caller.LastOpen} after the gate was last open");
        Deliberate(world, policy, caller.Request);
    }

    /// <summary>What was taken on purpose, by our calls or by the built-in controller with our permission, stays within the budget at any time.</summary>
    internal static void Deliberate(ToyWorld world, UpdatePolicy policy, RolloutRequest request)
    {
        world.CountReturns();
        var max = policy.MaxUnavailable.Resolve(world.Replicas);
        Require(world.TakenOnPurpose.Count <= max || world.WasReleasedByOthers, Budget, $"{string.Join(',', world.TakenOnPurpose)} were taken, {max} may be");

        var updated = world.UpdatedOnPurpose().Count();
        Require(policy.Steps.IsEmpty || request.ApprovedStep > 0 || updated <= policy.Steps[0].Pods.Number || world.WasReleasedByOthers, Steps, $"{updated} were updated, and step 1 is not approved");
    }

    internal static void Require(bool holds, string rule, string detail)
    {
        if (!holds)
        {
            throw new BrokenRuleException(rule, detail);
        }
    }

    internal static string Show(Decision decision) =>
        $"[{decision.Memory.State} actions: {string.Join("; ", decision.Actions)} questions: {string.Join("; ", decision.Questions.Select(q => q.Key))} holds: {string.Join("; ", decision.Holds.Select(h => $"{h.Pod} {h.Reason}"))} in flight: {string.Join("; ", decision.Memory.InFlight.Select(e => $"{e.Pod} {e.Stage}"))}]";

    private static bool Same(Decision a, Decision b) =>
        a.Actions.SequenceEqual(b.Actions) && a.Questions.Select(q => q.Key).SequenceEqual(b.Questions.Select(q => q.Key))
        && a.Holds.SequenceEqual(b.Holds) && a.Notices.SequenceEqual(b.Notices) && a.WakeAfter == b.WakeAfter && a.Message == b.Message
        && a.Memory.State == b.Memory.State && a.Memory.InFlight.Select(e => $"{e.Uid}{e.ResourceVersion}{e.Stage}").SequenceEqual(b.Memory.InFlight.Select(e => $"{e.Uid}{e.ResourceVersion}{e.Stage}"));
}
