using System.Collections.Immutable;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>
/// The rules over a request that carries several StatefulSets, each a zone of its own: the rules of one hold for each, pods are away on purpose in one
/// zone only, and one that went wrong stops the others.
/// </summary>
public sealed class GroupProperties
{
    [Test]
    public void Random_groups_keep_the_rules_and_end() => GroupScenario.Any.Sample(scenario => scenario.Run(new GroupRules()), iter: 1500, threads: 2, print: scenario => scenario.ToString());

    [Test]
    public void Each_rule_of_the_group_catches_a_planted_bug([ValueSource(nameof(Bugs))] object bug)
    {
        var (rules, rule) = ((GroupRules, string))bug;
        IEnumerable<GroupScenario> byHand = [GroupScenario.ByHand];
        var random = Enumerable.Range(0, 1000).Select(seed => GroupScenario.Any.Generate(new PCG((uint)seed), null, out _));
        var caught = byHand.Concat(random).Select(scenario => Broken(scenario, rules)).FirstOrDefault(broken => broken == rule);
        Assert.That(caught, Is.EqualTo(rule), $"planted: {rules}");
    }

    [Test]
    public void The_run_by_hand_keeps_the_rules() => GroupScenario.ByHand.Run(new GroupRules());

    internal static IEnumerable<object> Bugs =>
    [
        ((GroupRules)new NobodyWaits(), GroupScenario.OneZone),
        ((GroupRules)new IntentsDoNotCount(), GroupScenario.OneZone),
        ((GroupRules)new NobodyStops(), GroupScenario.Stops),
    ];

    private static string? Broken(GroupScenario scenario, GroupRules rules)
    {
        try
        {
            scenario.Run(rules);
            return null;
        }
        catch (BrokenRuleException broken)
        {
            return broken.Rule;
        }
    }

    /// <summary>Planted: zones take no turns.</summary>
    private sealed record NobodyWaits : GroupRules
    {
        internal override ZoneHold? HoldOf(string name, ImmutableArray<ZoneMember> zones) => null;
    }

    /// <summary>Planted: a pod whose eviction may be on its way counts as there.</summary>
    private sealed record IntentsDoNotCount : GroupRules
    {
        internal override bool CountsIntents => false;
    }

    /// <summary>Planted: one that failed stops nobody.</summary>
    private sealed record NobodyStops : GroupRules
    {
        internal override string StopOf(string name, ImmutableArray<GroupMember> group) => "";
    }
}

/// <summary>The group's rules as the run sees them; a planted bug changes one.</summary>
internal record GroupRules
{
    internal virtual bool CountsIntents => true;

    internal virtual ZoneHold? HoldOf(string name, ImmutableArray<ZoneMember> zones) => ZonePlanner.HoldOf(name, zones, ZoneStrategy.OneAtATime, TimeSpan.Zero, Picture.Noon);

    internal virtual string StopOf(string name, ImmutableArray<GroupMember> group) => RolloutGroup.StopOf(name, group);
}

/// <summary>One random run of a group.</summary>
/// <param name="Sizes">The pods of each set.</param>
/// <param name="Fails">Whether one more set of the group, without pods here, fails when the world heals.</param>
internal sealed record GroupScenario(int[] Sizes, bool IsOrdered, bool Fails, int[] Steps)
{
    internal const string OneZone = "pods are taken in one zone at a time";
    internal const string Stops = "one that failed stops the others";

    internal static Gen<GroupScenario> Any { get; } = Gen.Select(
        Gen.Int[1, 4].Array[2, 3], Gen.Bool, Gen.Bool, Gen.Int[0, 30_000].Array[0, 100], (sizes, ordered, fails, steps) => new GroupScenario(sizes, ordered, fails, steps));

    /// <summary>
    /// Gets a run that chance finds too seldom: the operator writes an intent of one set and stalls before its eviction; that set is suspended, so it is passed
    /// over; the next set starts; and then the eviction arrives.
    /// </summary>
    internal static GroupScenario ByHand { get; } = new([2, 2], false, false, [0, 0, 2 * 7, 2 * (17 + 24), 2 * (22 + 48), 1, 1, 1 + (2 * 7), 1, 2 * 18]);

    public override string ToString() => $"new([{string.Join(", ", Sizes)}], {IsOrdered}, {Fails}, [{string.Join(", ", Steps)}])";

    internal void Run(GroupRules rules)
    {
        // OnDelete and Partition by turns: what a driver does is not the group's business.
        var policy = new UpdatePolicy { MaxUnavailable = IntOrPercent.Of(1), PodDeadline = TimeSpan.FromDays(1), RolloutDeadline = TimeSpan.FromDays(2), Order = IsOrdered ? PodOrderKind.OrdinalDescending : PodOrderKind.OrdinalAscending };
        List<(string Name, ToyWorld World, ToyOperator Caller)> all = [.. Sizes.Select((size, index) =>
        {
            var world = new ToyWorld(size, 0, IsOrdered ? PodManagementPolicy.OrderedReady : PodManagementPolicy.Parallel, UpdateStrategyType.RollingUpdate, 1);
            return ($"{(char)('a' + index)}", world, new ToyOperator(world, policy));
        })];
        foreach (var step in Steps)
        {
            // Foreign releases and lost pods are nobody's purpose; the rest may happen to any of them, at any time.
            var (_, world, caller) = all[step % all.Count];
            if (step / all.Count % 24 is 23)
            {
                continue;
            }

            Bind(all, rules, hasFailed: false);
            Scenario.Happen(world, caller, step / all.Count);
            OnlyOneZone(all);
        }

        var pods = Fails ? all.Sum(each => each.World.Removals.Count) : 0;
        foreach (var (_, world, caller) in all)
        {
            // Pods that are away in two zones are for a person to repair (Z02).
            foreach (var pod in world.Pods)
            {
                pod.Trouble = PodTrouble.None;
            }

            caller.Request = caller.Request with { Suspend = false, Window = WindowStanding.Always };
        }

        for (var round = 0; round < 200 * all.Count && all.Exists(each => !each.Caller.IsFinished); round++)
        {
            foreach (var (_, world, caller) in all)
            {
                Bind(all, rules, Fails);
                if (!Fails)
                {
                    caller.Arrive(0);
                }

                caller.Pass();
                OnlyOneZone(all);
                Scenario.Settle(world, caller);
                OnlyOneZone(all);
            }
        }

        Check.Require(all.TrueForAll(each => each.Caller.IsFinished), Check.Progress, string.Join("\n", all.Select(each => $"{each.Name}: {Check.Show(each.Caller.Last!)} {each.Caller.Last!.Message}")));
        var end = RolloutGroup.EndOf(MembersOf(all, Fails))!;
        Check.Require(!Fails || (all.Sum(each => each.World.Removals.Count) == pods && end.State is RolloutState.Failed), Stops, $"{end.State}: {end.Message}");
    }

    /// <summary>Tells each what the others mean for it, as its next pass would gather it.</summary>
    private static void Bind(List<(string Name, ToyWorld World, ToyOperator Caller)> all, GroupRules rules, bool hasFailed)
    {
        var group = MembersOf(all, hasFailed);
        ImmutableArray<ZoneMember> zones = [.. all.Select(each => new ZoneMember(each.Name, each.Name, WorkOf(each.World, each.Caller)) { Away = Away(each.World, each.Caller, rules.CountsIntents) })];
        foreach (var (name, _, caller) in all)
        {
            caller.Request = caller.Request with { Zone = rules.HoldOf(name, zones), StoppedBy = rules.StopOf(name, group) };
        }
    }

    private static ImmutableArray<GroupMember> MembersOf(List<(string Name, ToyWorld World, ToyOperator Caller)> all, bool hasFailed)
    {
        var members = all.Select(each => new GroupMember(each.Name, each.Caller.Memory.State) { GoesBack = each.Caller.Memory.Revert is not null, Reason = ReasonCodes.Find(each.Caller.Memory.Ending?.Reason ?? ""), Message = each.Caller.Memory.Ending?.Message ?? "" });
        return hasFailed ? [.. members, new GroupMember("z", RolloutState.Failed) { Reason = ReasonCodes.DeadlineExceeded, Message = "z-0: not done." }] : [.. members];
    }

    private static ZoneWork WorkOf(ToyWorld world, ToyOperator caller) => caller.IsFinished ? ZoneWork.None
        : caller.Request.Suspend ? ZoneWork.Paused
        : caller.Memory.StartedAt is not null || world.HeldBy.Length > 0 ? ZoneWork.Rolls
        : ZoneWork.Waits;

    private static ImmutableArray<string> Away(ToyWorld world, ToyOperator caller, bool countsIntents)
    {
        var gone = world.Expected().Where(ordinal => world.Pod(ordinal) is not { IsTerminating: false, ReadySince: not null });
        var inFlight = countsIntents && !caller.IsFinished ? caller.Memory.InFlight.Select(pod => pod.Ordinal) : [];
        return [.. gone.Concat(inFlight).Distinct().Select(ordinal => $"web-{ordinal}")];
    }

    private static void OnlyOneZone(List<(string Name, ToyWorld World, ToyOperator Caller)> all)
    {
        all.ForEach(each => each.World.CountReturns());
        var zones = all.Where(each => each.World.TakenOnPurpose.Count > 0).Select(each => each.Name).ToList();
        Check.Require(zones.Count <= 1, OneZone, $"{string.Join(", ", zones)}\n{string.Join('\n', all.Select(each => $"{each.Name}:\n{string.Join('\n', each.World.Log)}"))}");
    }
}
