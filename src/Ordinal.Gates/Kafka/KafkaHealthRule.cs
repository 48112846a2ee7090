using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>May a rollout begin, may it be called complete? Begin: nothing is offline or under min.insync.replicas. Complete: every replica on these pods is in sync again.</summary>
internal static class KafkaHealthRule
{
    internal static GateAnswer Evaluate(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var (view, trouble) = KafkaClusterView.Build(input, observation, options);
        if (view is null)
        {
            return KafkaRule.Say(input, trouble!);
        }

        var own = KafkaNodes.IdsOf(input.Context.Pods, options);
        var isEnd = input.Question.Phase is GatePhase.AfterRollout;
        var no = (isEnd ? NotBack(input.Context, view, observation, options) : null)
            ?? (options.Guarantee is KafkaGuarantee.ReadyForRequests ? null : Sick(view))
            ?? (options.Guarantee is KafkaGuarantee.AllPartitionsInSync
                ? UnderReplicated(view.Partitions, p => p.Replicas.Length - p.Isr.Length)
                : isEnd && options.Guarantee is not KafkaGuarantee.ReadyForRequests ? UnderReplicated(view.Partitions, p => p.Replicas.Count(id => own.Contains(id) && !p.Isr.Contains(id))) : null);
        return (no is not null
            ? KafkaRule.Say(input, no)
            : KafkaRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"the cluster is healthy: {view.Partitions.Count} partitions on {view.Live.Others.Count} brokers") with { Warnings = [.. KafkaQuorumRule.Warnings(view, options)] }).With(view);
    }

    internal static KafkaTrouble? UnderReplicated(IReadOnlyList<KafkaPartitionState> partitions, Func<KafkaPartitionState, int> missing)
    {
        var (count, first) = (0, "");
        foreach (var p in partitions)
        {
            if (missing(p) > 0 && ++count == 1)
            {
                first = $"{Wire.KafkaFailures.Clean(p.Name)} with {p.Isr.Length} of {p.Replicas.Length} replicas in sync";
            }
        }

        return count == 0 ? null : new(GateVerdict.Deny, ReasonCodes.KafkaUnderReplicated, $"{KafkaCensus.Plural(count)} out of sync, e.g. {first}");
    }

    private static KafkaTrouble? NotBack(GateContext context, KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options)
    {
        foreach (var pod in context.Pods.Where(p => !p.IsTerminating))
        {
            var id = KafkaNodes.IdOf(pod, options);
            if (KafkaQuorumRule.NotBack(context, pod, view.Quorum, observation, options) is { } controller)
            {
                return controller;
            }

            var isController = view.Quorum?.Voters.Any(v => v.Id == id) is true;
            if (!view.Live.Others.Contains(id) && (!isController || observation.Brokers.Any(b => b.Id == id)))
            {
                return new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, $"{pod.Pod}: broker {id} is not registered, or does not answer");
            }
        }

        return null;
    }

    private static KafkaTrouble? Sick(KafkaClusterView view)
    {
        var offline = view.Partitions.Where(p => p.IsOffline || p.Isr.IsEmpty).ToList();
        if (offline.Count > 0)
        {
            return new(GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, $"{KafkaCensus.Plural(offline.Count)} offline, e.g. {Wire.KafkaFailures.Clean(offline[0].Name)}");
        }

        var under = view.Partitions.Where(p => p.Isr.Length < p.MinIsr).ToList();
        return under.Count == 0 ? null : new(
            GateVerdict.Deny,
            ReasonCodes.KafkaAlreadyUnderMinIsr,
            $"{KafkaCensus.Plural(under.Count)} under min.insync.replicas, e.g. {Wire.KafkaFailures.Clean(under[0].Name)} with {under[0].Isr.Length} in sync, {under[0].MinIsr} needed");
    }
}
