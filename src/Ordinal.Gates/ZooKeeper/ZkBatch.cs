using System.Collections.Immutable;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// Which other pods may stop together with those asked about: one by one, highest ordinal first, each only if the whole set still leaves a
/// majority (and the headroom). The leader goes in no batch: with it an election falls into the time when others are away too.
/// </summary>
internal static class ZkBatch
{
    internal static ImmutableArray<string> Choose(GateInput input, ZkEnsembleView view, ZooKeeperGateOptions options)
    {
        var asked = input.Question.Pods;
        var chosen = asked.ToBuilder();
        var isAway = input.Context.Pods.Any(p => p.IsMissing || p.IsTerminating);
        if (asked.Contains(view.Leader.Uid) || isAway || view.VoterCount <= 2)
        {
            return asked;
        }

        var left = view.Voters.Count(s => s.Participates && !asked.Contains(s.Pod!.Uid));
        foreach (var pod in input.Context.Pods.Reverse().Where(p => p is { IsReady: true } && p.Revision != input.Question.Revision && p.Uid != view.Leader.Uid && !asked.Contains(p.Uid)))
        {
            if (view.SeatOf(pod) is not { Participates: true } seat)
            {
                continue;
            }

            var cost = seat.IsVoter ? 1 : 0;
            if (left - cost >= view.Quorum + options.Headroom)
            {
                left -= cost;
                chosen.Add(pod.Uid);
            }
        }

        return chosen.ToImmutable();
    }
}
