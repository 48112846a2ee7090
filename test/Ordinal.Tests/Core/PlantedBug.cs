using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;

namespace Ordinal.Tests.Core;

/// <summary>A bug put between world and planner, and the rule that must catch it.</summary>
public sealed class PlantedBug
{
    private readonly string _name;

    private PlantedBug(string name, string rule, Func<object> make) => (_name, Rule, Maker) = (name, rule, make);

    internal static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("the budget is not looked at", Check.Budget, () => new NoBudget()),
        new("an unknown answer counts as open", Check.Unknown, () => new OptimistAboutGates()),
        new("the outcome depends on how often it was asked", Check.Deterministic, () => new Forgetful()),
        new("the intent is not written", Check.Intent, () => new NoIntent()),
        new("intents do not count as away", Check.Idempotent, () => new FreeIntents()),
        new("an abandoned intent is dropped before it is burnt", Check.Intent, () => new NoBurning()),
        new("the rollout completes one pod early", Check.Complete, () => new Early()),
        new("a release is never lowered to the last pod", Check.Progress, () => new NeverLast()),
        new("steps are not looked at", Check.Steps, () => new NoSteps()),
        new("windows are not looked at", Check.Windows, () => new NoWindows()),
        new("zones do not wait for each other", Check.Zones, () => new NoZones()),
        new("pods go back without the hold", Check.Back, () => new NoHoldToGoBack()),
        new("the template is written back whatever the policy says", Check.Template, () => new OwnsTheTemplate()),
        new("pods at the target are taken again", Check.Once, () => new TakesTwice()),
    ];

    internal string Rule { get; }

    private Func<object> Maker { get; }

    public override string ToString() => _name;

    internal Planted Make() => (Planted)Maker();

    private sealed record NoBudget : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with
        {
            Policy = input.Policy with { MaxUnavailable = IntOrPercent.Of(100), Driver = UpdateDriver.OnDelete },
            Snapshot = input.Snapshot with { Budgets = [] },
        };
    }

    private sealed record NoSteps : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with { Policy = input.Policy with { Steps = [] } };
    }

    private sealed record NoWindows : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with { Request = input.Request with { Window = WindowStanding.Always } };
    }

    private sealed record NoZones : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with { Request = input.Request with { Zone = null } };
    }

    /// <summary>The hold is shown as if it were there and seen.</summary>
    private sealed record NoHoldToGoBack : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input.Request.Cancel is not CancelRequest.Revert ? input : input with
        {
            Snapshot = input.Snapshot with { Set = input.Snapshot.Set with { Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition), ObservedGeneration = input.Snapshot.Set.Generation } },
            Memory = input.Memory with { LastWrite = null, Generation = input.Snapshot.Set.Generation },
        };
    }

    private sealed record OwnsTheTemplate : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with { Policy = input.Policy with { OnFailure = FailureAction.RevertTemplate } };
    }

    private sealed record OptimistAboutGates : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with
        {
            Reports = [.. input.Reports.Select(r => r with { Verdict = GateVerdict.Allow, ObservedAt = input.Now })],
        };
    }

    private sealed record Forgetful : Planted
    {
        private int _asked;

        protected override Decision After(Decision decision) =>
            ++_asked % 2 == 0 || decision.Holds.IsEmpty ? decision : decision with { Holds = decision.Holds.RemoveAt(0) };
    }

    private sealed record NoIntent : Planted
    {
        protected override Decision After(Decision decision) => decision with { Memory = decision.Memory with { InFlight = [] } };
    }

    private sealed record FreeIntents : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with
        {
            Policy = input.Policy with { Driver = UpdateDriver.OnDelete, MaxUnavailable = IntOrPercent.Of(input.Policy.MaxUnavailable.Number + input.Memory.InFlight.Length) },
            Snapshot = input.Snapshot with { Budgets = [] },
        };
    }

    private sealed record NoBurning : Planted
    {
        protected override Decision After(Decision decision)
        {
            var burnt = decision.Actions.OfType<BurnIntent>().Select(b => b.Uid).ToHashSet();
            return decision with
            {
                Actions = [.. decision.Actions.Where(a => a is not BurnIntent)],
                Memory = decision.Memory with { InFlight = [.. decision.Memory.InFlight.Where(e => !burnt.Contains(e.Uid))] },
            };
        }
    }

    private sealed record Early : Planted
    {
        protected override Decision After(Decision decision) =>
            decision.Total > 1 && decision.Updated == decision.Total - 1 ? decision with { Memory = decision.Memory with { State = RolloutState.Completed } } : decision;
    }

    private sealed record NeverLast : Planted
    {
        protected override Decision After(Decision decision) => decision with
        {
            Actions = [.. decision.Actions.Where(a => a is not WriteStrategy { Next.Partition: 0 } and not RemovePod { Pod: "web-0" })],
        };
    }

    /// <summary>A pod that is back is shown as old again, under the same UID: a cache that never moves on.</summary>
    private sealed record TakesTwice : Planted
    {
        protected override RolloutInput Before(RolloutInput input) => input with
        {
            Snapshot = input.Snapshot with { Pods = [.. input.Snapshot.Pods.Select(p => p with { Revision = ToyWorld.Old })] },
        };
    }
}
