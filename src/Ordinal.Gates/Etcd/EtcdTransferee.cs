using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>Whom to make leader before the leader's pod stops.</summary>
internal static class EtcdTransferee
{
    /// <summary>
    /// Picks a voter that takes part and stays. One that runs the target revision comes first, since it will not have to hand leadership on again;
    /// among those the least behind. When none does (the leader goes early), the lowest ordinal: any other would be chosen blindly by etcd itself
    /// when the leader is told to stop.
    /// </summary>
    internal static EtcdSeat? Choose(IEnumerable<EtcdSeat> staying, string revision) => staying
        .Where(s => s.IsVoter && s.Participates && s.Pod is { IsMissing: false })
        .OrderBy(s => s.Pod!.Revision == revision ? 0 : 1)
        .ThenBy(s => s.Pod!.Revision == revision ? s.Lag : 0)
        .ThenBy(s => s.Pod!.Ordinal)
        .FirstOrDefault();

    /// <summary>Tells whether leadership should be moved before these pods stop, and what to warn of.</summary>
    internal static (GatePreparation Preparation, string? Warning) Plan(
        GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> staying, ImmutableArray<EtcdSeat> stopping, EtcdGateOptions options)
    {
        var leader = stopping.FirstOrDefault(s => s.Member.Id == view.LeaderStatus.MemberId);
        if (!options.MoveLeaderBeforeStop || leader is null || input.Question.Phase is not GatePhase.BeforePod || view.VoterCount == 1)
        {
            return (GatePreparation.None, null);
        }

        if (Choose(staying, input.Question.Revision) is null)
        {
            return (GatePreparation.None, $"{ReasonCodes.EtcdMoveLeaderFailed.Code}: no voter can take over from {leader.Name}");
        }

        return input.PreparationsTried < EtcdRule.MaxPreparations
            ? (GatePreparation.Needed, null)
            : (GatePreparation.Exhausted, $"{ReasonCodes.EtcdMoveLeaderFailed.Code}: {leader.Name} still leads after {input.PreparationsTried} tries to move leadership away");
    }
}
