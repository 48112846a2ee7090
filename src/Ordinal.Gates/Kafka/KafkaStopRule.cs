using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// May these pods stop together? First whatever only a person can decide, then the quorum of controllers, then what the stop does to every
/// partition that the pods hold a replica of, by <see cref="KafkaClasses"/>. A target that is down already costs nothing.
/// </summary>
internal static class KafkaStopRule
{
    private static readonly TimeSpan ShortestGracePeriod = TimeSpan.FromSeconds(30);

    internal static GateAnswer Evaluate(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var gone = input.Question.Pods.FirstOrDefault(uid => input.Context.FindByUid(uid) is null);
        if (gone is not null)
        {
            return KafkaRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {gone} is gone") with { Memo = input.Memo };
        }

        var (view, trouble) = KafkaClusterView.Build(input, observation, options);
        if (view is null)
        {
            return KafkaRule.Say(input, trouble!) with { Memo = input.Memo };
        }

        var census = KafkaClasses.Count(view.All, view.Targets, view.Live.ListedTargets, options.MinIsrHeadroom);
        if (Refusal(view, census, observation, options) is { } no)
        {
            return KafkaRule.Say(input, no).With(view, census) with { Memo = input.Memo, Batch = KafkaBatch.InPlaceOf(input, observation, options) };
        }

        var (waits, memo) = OnCatchingUp(input, view, census, options);
        return waits is not null ? KafkaRule.Say(input, waits).With(view, census) with { Memo = memo } : Allow(input, view, observation, census, options) with { Memo = memo };
    }

    private static KafkaTrouble? Refusal(KafkaClusterView view, KafkaCensus census, KafkaObservation observation, KafkaGateOptions options) =>
        OnState(view, observation, options)
        ?? KafkaQuorumRule.WouldBreak(view, options)
        ?? OnPartitions(view, census, options)
        ?? OnStrictness(view, observation, options);

    /// <summary>A broker that recovers its logs begins again when it is restarted.</summary>
    private static KafkaTrouble? OnState(KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options)
    {
        if (options.MetricsPort == 0)
        {
            return null;
        }

        // What terminates already is past asking; and less known of it must not open what more would close.
        foreach (var pod in view.Stopping.Where(pod => !pod.IsTerminating))
        {
            var id = KafkaNodes.IdOf(pod, options);
            var metrics = observation.Metrics.FirstOrDefault(m => m.Id == id);
            if (metrics?.BrokerState == KafkaBrokerState.Recovery)
            {
                return KafkaBrokerState.Recovering(pod.Pod, metrics);
            }

            // A refused connection says that the process is down; silence says nothing.
            if (metrics is null or { Failure: not (null or { Kind: KafkaFailureKind.Unreachable }) })
            {
                return new(GateVerdict.Unknown, ReasonCodes.KafkaMetricsUnreadable, $"{pod.Pod}: {metrics?.Failure?.Text ?? "its metrics were not read"}");
            }
        }

        return null;
    }

    private static KafkaTrouble? OnPartitions(KafkaClusterView view, KafkaCensus census, KafkaGateOptions options)
    {
        KafkaTrouble? Deny(KafkaClass of, ReasonCode reason, string what) => census[of] == 0 ? null : new(
            GateVerdict.Deny,
            reason,
            $"stopping {view.Stoppers} {what} {census.Text(of)}{(census.IsUnclean(of) ? "; unclean leader election is on, so data would be lost" : "")}");

        var floor = Deny(KafkaClass.LastInSync, ReasonCodes.KafkaLastInSyncReplica, "would take the last in-sync copy of")
            // Of what is offline and the target holds, the target may have the only copy that is whole: no guarantee is so low.
            ?? Deny(KafkaClass.Offline, ReasonCodes.KafkaOfflinePartition, "would touch what is offline already:")
            ?? (options.SingleReplicaTopics is KafkaTopicPolicy.Deny ? Deny(KafkaClass.SingleReplica, ReasonCodes.KafkaSingleReplica, "would take the only replica of") : null);
        if (floor is not null || options.Guarantee is KafkaGuarantee.ReadyForRequests)
        {
            return floor;
        }

        return Deny(KafkaClass.AlreadyUnderMinIsr, ReasonCodes.KafkaAlreadyUnderMinIsr, "would take an in-sync replica of what is under min.insync.replicas already:")
            ?? Deny(KafkaClass.WouldGoUnderMinIsr, ReasonCodes.KafkaWouldGoUnderMinIsr, "would bring under min.insync.replicas:")
            ?? Deny(KafkaClass.FullIsrDegraded, ReasonCodes.KafkaFullIsrTopicDegraded, "would stop acknowledged writes for more than one replica's absence:")
            ?? (options.FullIsrTopics is KafkaTopicPolicy.Deny ? Deny(KafkaClass.FullIsr, ReasonCodes.KafkaFullIsrTopic, "would stop acknowledged writes to") : null)
            ?? Deny(KafkaClass.NoHeadroom, ReasonCodes.KafkaNoHeadroom, $"would leave fewer than {options.MinIsrHeadroom} spare in-sync replicas of");
    }

    private static KafkaTrouble? OnStrictness(KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options)
    {
        if (options.Guarantee is not KafkaGuarantee.AllPartitionsInSync)
        {
            return null;
        }

        if (observation.ReassignmentsFailure is { } failure)
        {
            return KafkaTrouble.Of(failure);
        }

        if (observation.Reassignments.FirstOrDefault(r => r.Replicas.Concat(r.Adding).Concat(r.Removing).Any(view.Targets.Contains)) is { } moving)
        {
            return new(GateVerdict.Deny, ReasonCodes.KafkaReassignmentInProgress, $"{moving.Topic}-{moving.Partition} is being moved, and {view.Stoppers} takes part ({observation.Reassignments.Length} partitions are being moved)");
        }

        return KafkaHealthRule.UnderReplicated(view.Partitions, p => p.Replicas.Count(id => !p.Isr.Contains(id) && (!view.Targets.Contains(id) || view.Live.ListedTargets.Contains(id))));
    }

    /// <summary>
    /// A replica that is out of sync and that its partition waits for: left alone for as long as the number of such partitions falls. When it has
    /// not fallen for a while, restarting the broker may be the cure.
    /// </summary>
    private static (KafkaTrouble? Trouble, string? Memo) OnCatchingUp(GateInput input, KafkaClusterView view, KafkaCensus census, KafkaGateOptions options)
    {
        var waiting = census[KafkaClass.TargetCatchingUp];
        if (waiting == 0 || options.Guarantee is KafkaGuarantee.ReadyForRequests)
        {
            return (null, null);
        }

        var (since, best) = Remembered(input.Memo) is var (before, fewest) && waiting >= fewest && before <= input.Now ? (before, fewest) : (input.Now, waiting);
        var memo = string.Create(CultureInfo.InvariantCulture, $"stuck {since.ToUnixTimeMilliseconds()} {best}");
        var stood = input.Now - since;
        return stood >= options.StuckReplicaAfter ? (null, memo) : (new(
            GateVerdict.Deny,
            ReasonCodes.KafkaTargetCatchingUp,
            string.Create(CultureInfo.InvariantCulture, $"{view.Stoppers} catches up with {census.Text(KafkaClass.TargetCatchingUp)}; no progress for {stood.TotalSeconds:0} s of {options.StuckReplicaAfter.TotalSeconds:0} s")), memo);
    }

    private static (DateTimeOffset Since, int Fewest)? Remembered(string? memo) =>
        memo?.Split(' ') is ["stuck", var since, var fewest]
        && long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        && int.TryParse(fewest, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? (DateTimeOffset.FromUnixTimeMilliseconds(ms), count)
            : null;

    private static GateAnswer Allow(GateInput input, KafkaClusterView view, KafkaObservation observation, KafkaCensus census, KafkaGateOptions options)
    {
        var touched = 0;
        foreach (ref readonly var p in view.All)
        {
            touched += p.TouchesAny(view.Targets) ? 1 : 0;
        }

        return KafkaRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{view.Stoppers} may stop: {CultureFree(touched)} partitions there, each keeps enough in-sync replicas").With(view, census) with
        {
            Baseline = KafkaBaseline.Of(view).ToString(),
            Batch = Whole(input, KafkaBatch.Choose(input, view, observation, options), observation, options),
            Warnings = [.. Warnings(view, observation, census, options), .. GracePeriod(input.Context), .. KafkaQuorumRule.Warnings(view, options)],
        };
    }

    /// <summary>A batch was weighed by its partitions only: it is offered when the whole check allows it as well, as one question.</summary>
    private static ImmutableArray<string> Whole(GateInput input, ImmutableArray<string> batch, KafkaObservation observation, KafkaGateOptions options)
    {
        if (batch.Length <= input.Question.Pods.Length)
        {
            return batch;
        }

        var asOne = input with { Question = input.Question with { Pods = batch } };
        if (KafkaClusterView.Build(asOne, observation, options).View is not { } view)
        {
            return input.Question.Pods;
        }

        var census = KafkaClasses.Count(view.All, view.Targets, view.Live.ListedTargets, options.MinIsrHeadroom);
        return Refusal(view, census, observation, options) is null && OnCatchingUp(asOne, view, census, options).Trouble is null ? batch : input.Question.Pods;
    }

    private static IEnumerable<string> GracePeriod(GateContext context) => context.GracePeriod is { } grace && grace < ShortestGracePeriod
        ? [KafkaRule.Warning(ReasonCodes.KafkaGracePeriodTooShort, string.Create(CultureInfo.InvariantCulture, $"terminationGracePeriodSeconds is {grace.TotalSeconds:0}, at least {ShortestGracePeriod.TotalSeconds:0} are needed for a clean stop"))]
        : [];

    private static string CultureFree(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Warnings(KafkaClusterView view, KafkaObservation observation, KafkaCensus census, KafkaGateOptions options)
    {
        (KafkaClass, ReasonCode, string)[] told =
        [
            (KafkaClass.SingleReplica, ReasonCodes.KafkaSingleReplica, "are down while it is away:"),
            (KafkaClass.FullIsr, ReasonCodes.KafkaFullIsrTopic, "take no acknowledged writes while it is away:"),
            (KafkaClass.TargetCatchingUp, ReasonCodes.KafkaStuckReplica, "wait for its replica, which makes no progress:"),
            (KafkaClass.OfflineTargetDown, ReasonCodes.KafkaOfflinePartition, "are offline, and it is down already:"),
        ];
        foreach (var (of, reason, what) in told.Where(t => census[t.Item1] > 0))
        {
            yield return KafkaRule.Warning(reason, $"{what} {census.Text(of)}");
        }

        if (options.Guarantee is not KafkaGuarantee.AllPartitionsInSync && !observation.Reassignments.IsEmpty)
        {
            yield return KafkaRule.Warning(ReasonCodes.KafkaReassignmentInProgress, $"{observation.Reassignments.Length} partitions are being moved");
        }
    }
}
