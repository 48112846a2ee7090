using System.Collections.Immutable;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>The planner as the toy operator sees it; a planted bug sits around it. The product has no such switch.</summary>
internal record Planted
{
    internal Decision Decide(RolloutInput input) => After(RolloutPlanner.Decide(Before(input)));

    /// <summary>Changes what the planner sees.</summary>
    protected virtual RolloutInput Before(RolloutInput input) => input;

    /// <summary>Changes what the planner says.</summary>
    protected virtual Decision After(Decision decision) => decision;
}

/// <summary>
/// The caller of the planner, reduced to its order: decide, ask, decide again, remember, act. It can die between any two calls, and what it
/// was about to send can arrive later all the same, as from a leader that stalled.
/// </summary>
internal sealed class ToyOperator(ToyWorld world, UpdatePolicy policy, Planted? planted = null)
{
    private readonly Planted _planted = planted ?? new();
    private readonly List<PlannedAction> _stalled = [];
    private ImmutableArray<GateReport> _reports = [];

    /// <summary>Gets the memory as it is in status.</summary>
    internal RolloutMemory Memory { get; private set; } = new();

    internal Decision? Last { get; private set; }

    /// <summary>Gets a value indicating whether status says that the rollout has ended.</summary>
    internal bool IsFinished => RolloutLifecycle.Table.IsFinal(Memory.State);

    internal RolloutRequest Request { get; set; } = new() { ClaimId = Picture.Claim, TargetRevision = ToyWorld.New };

    internal GateVerdict Verdict { get; set; } = GateVerdict.Allow;

    internal long Leader { get; set; }

    /// <summary>Gets when the gate was last open.</summary>
    internal DateTimeOffset LastOpen { get; private set; } = DateTimeOffset.MinValue;

    internal bool HasStalled => _stalled.Count > 0;

    /// <summary>One pass.</summary>
    /// <param name="diesAfter">How many of its calls (the status write is the first) are made; the rest stall.</param>
    internal void Pass(int diesAfter = int.MaxValue)
    {
        var (input, decision) = DecideWithAnswers();
        Check.Decision(world, _planted, input, decision);
        Last = decision;
        if (diesAfter == 0)
        {
            return;
        }

        Memory = decision.Memory;
        for (var i = 0; i < decision.Actions.Length; i++)
        {
            if (i + 1 >= diesAfter)
            {
                _stalled.AddRange(decision.Actions[i..]);
                return;
            }

            Act(decision.Actions[i]);
        }
    }

    /// <summary>A call of a pass that died arrives after all.</summary>
    internal void Arrive(int which)
    {
        if (_stalled.Count > 0)
        {
            var action = _stalled[which % _stalled.Count];
            _stalled.RemoveAt(which % _stalled.Count);
            Act(action);
        }
    }

    private (RolloutInput Input, Decision Decision) DecideWithAnswers()
    {
        for (var round = 0; ; round++)
        {
            var input = new RolloutInput
            {
                Snapshot = world.Show(),
                Policy = policy,
                Request = Request,
                Memory = Memory,
                Reports = _reports,
                Now = world.Now,
            };
            var decision = _planted.Decide(input);
            if (round == 2 || decision.Questions.IsEmpty)
            {
                return (input, decision);
            }

            foreach (var question in decision.Questions)
            {
                _reports = [.. _reports.Where(r => r.Key != question.Key), Answer(question)];
            }
        }
    }

    private GateReport Answer(GateQuestion question)
    {
        LastOpen = Verdict is GateVerdict.Allow ? world.Now : LastOpen;
        return new()
        {
            Key = question.Key,
            Gate = question.Gate,
            Phase = question.Phase,
            Verdict = Verdict,
            Reason = Verdict is GateVerdict.Allow ? ReasonCodes.GateOpen : ReasonCodes.EtcdQuorumLost,
            Message = $"{Verdict}",
            Successes = 1,
            ObservedAt = world.Now,
            ValidFor = TimeSpan.FromSeconds(5),
            Roles = world.Expected().ToImmutableSortedDictionary(
                o => $"web-{o}", o => o == Leader ? MemberRole.Leader : MemberRole.Follower, StringComparer.Ordinal),
        };
    }

    private void Act(PlannedAction action)
    {
        Check.Action(world, this, action);
        if (world.Apply(action))
        {
            Check.Disruption(world, policy, this, action);
        }
    }
}
