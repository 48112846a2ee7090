using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>The ZooKeeper gate's judgement. Pure: the same input and observation give the same answer.</summary>
public static class ZkRule
{
    /// <summary>Judges one question.</summary>
    public static GateAnswer Evaluate(GateInput input, ZkObservation observation, ZooKeeperGateOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(observation);
        ArgumentNullException.ThrowIfNull(options);
        var answer = input.Question.Phase switch
        {
            GatePhase.Roles => Roles(input, observation, options),
            GatePhase.AfterPod => ZkReturnRule.Evaluate(input, observation, options),
            GatePhase.BeforePod or GatePhase.BeforeRollout or GatePhase.AfterRollout => ZkStopRule.Evaluate(input, observation, options),
        };
        return answer with { ValidFor = options.ValidFor };
    }

    /// <summary>Makes an answer whose message is object, fact and the registry's remedy.</summary>
    internal static GateAnswer Say(GateInput input, GateVerdict verdict, ReasonCode reason, string fact) => new()
    {
        Verdict = verdict,
        Reason = reason,
        Message = $"{input.Context.Namespace}/{input.Context.Name}: {fact}{(verdict is GateVerdict.Allow ? "" : $". {reason.Remedy}")}",
    };

    internal static GateAnswer Say(GateInput input, ZkTrouble trouble) => Say(input, trouble.Verdict, trouble.Reason, trouble.Text);

    /// <summary>Adds what is known of the ensemble to an answer.</summary>
    internal static GateAnswer With(this GateAnswer answer, ZkEnsembleView view) => answer with
    {
        Roles = view.Roles,
        Facts =
        [
            Fact("voters", view.VoterCount),
            Fact("quorum", view.Quorum),
            Fact("participating", view.Participating),
            new("leader", view.Leader.Pod),
            new("zxid", ZkText.Zxid(view.LeaderState.Zxid ?? 0)),
            .. view.LeaderState.SyncedVoters is { } synced ? new[] { Fact("syncedVoters", synced) } : [],
            .. view.Seats.Where(s => !s.Participates).Take(4).Select(s => new GateFact(s.Name, s.Trouble!.Text)),
        ],
    };

    internal static string Names(IEnumerable<ZkSeat> seats) => string.Join(", ", seats.Select(s => s.Name));

    /// <summary>
    /// Compares what servers say of themselves with what the leader counts: a server that was cut off still calls itself a follower until
    /// syncLimit ticks have passed (ZK23), and learners that do not vote are in the leader's count too (ZK6).
    /// </summary>
    internal static GateAnswer? OnLeaderCounts(GateInput input, ZkEnsembleView view)
    {
        if (view.IsStandalone)
        {
            return null;
        }

        if (view.LeaderState.SyncedVoters is not { } synced)
        {
            var failure = view.LeaderState.CountsFailure;
            var trouble = failure is null ? new ZkTrouble(GateVerdict.Unknown, ReasonCodes.ZkMemberSilent, "no command told it") : ZkTrouble.Of(failure);
            return Say(input, trouble.Verdict, trouble.Reason, $"the leader {view.Leader.Pod} does not tell how many followers are in sync: {trouble.Text}");
        }

        if (synced >= view.VoterCount)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.ZkConfigDisagreement, $"the leader {view.Leader.Pod} counts {synced} voters in sync beside itself, and lists {view.VoterCount} in all");
        }

        var claiming = Claiming(view);
        return synced >= claiming.Count
            ? null
            : Say(input, GateVerdict.Deny, ReasonCodes.ZkLeaderNotSynced, $"the leader {view.Leader.Pod} counts {synced} voters in sync, but {claiming.Count} say that they follow it ({Names(claiming)})");
    }

    /// <summary>Gets the voters that say that they follow the leader, or do not say whom: the leader may count each of them, whatever else is wrong with it.</summary>
    internal static List<ZkSeat> Claiming(ZkEnsembleView view) =>
    [
        .. view.Voters.Where(s => s.Pod?.Uid != view.Leader.Uid && s.Seen?.State is { IsServing: true, Mode: ZkMode.Follower } state
            && (state.LeaderId is not { } named || view.LeaderState.ServerId is not { } actual || named == actual)),
    ];

    private static GateFact Fact(string name, long value) => new(name, value.ToString(CultureInfo.InvariantCulture));

    private static GateAnswer Roles(GateInput input, ZkObservation observation, ZooKeeperGateOptions options)
    {
        var (view, trouble) = ZkEnsembleView.Build(input.Context, observation, ImmutableHashSet<string>.Empty, options);
        if (view is null)
        {
            return Say(input, trouble!);
        }

        // A leader that has lost its quorum still believes in itself for a while: who leads is known only while a quorum takes part.
        return view.Participating < view.Quorum
            ? ZkStopRule.QuorumLost(input, view).With(view)
            : Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{view.Leader.Pod} leads").With(view);
    }
}
