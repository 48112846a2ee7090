using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>Preferred leaders: the first replica of each partition should lead it, else the last broker of a rollout idles and the others carry its load.</summary>
internal static class KafkaLeaders
{
    /// <summary>After this many elections the rest is Kafka's own balancing's.</summary>
    internal const int MaxElections = 5;

    /// <summary>Gets the partitions that prefer one of these brokers, that it could lead now, and that another leads.</summary>
    internal static IEnumerable<KafkaPartitionState> Strays(KafkaClusterView view, HashSet<int> ids) => view.Partitions.Where(
        p => ids.Contains(p.Replicas[0]) && p.Leader != p.Replicas[0] && p.Isr.Contains(p.Replicas[0]) && view.Live.Others.Contains(p.Replicas[0]));

    /// <summary>Says that leaders have yet to come back; null when they have, when nobody asked, or when enough was tried.</summary>
    internal static GateAnswer? Judge(GateInput input, KafkaClusterView view, HashSet<int> ids, KafkaGateOptions options)
    {
        if (options.Leadership is not KafkaLeadership.Preferred)
        {
            return null;
        }

        var strays = Strays(view, ids).Count();
        if (strays == 0 || input.PreparationsTried >= MaxElections)
        {
            return null;
        }

        var since = input.Memo?.Split(' ') is ["leaders", var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms <= input.Now.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : input.Now;
        var mayElect = input.Now - since >= options.LeadershipWait;
        return KafkaRule.Say(input, GateVerdict.Deny, ReasonCodes.KafkaLeadersAway, $"{KafkaCensus.Plural(strays)} that prefer the restarted broker are led by others") with
        {
            Memo = string.Create(CultureInfo.InvariantCulture, $"leaders {since.ToUnixTimeMilliseconds()}"),
            Preparation = mayElect ? GatePreparation.Needed : GatePreparation.None,
            Remaining = strays,
        };
    }
}
