using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Is this pod's node back? As a broker: registered at its own address, answering there, running (when metrics tell), its disks well, and in
/// sync again with every partition that it was in sync with before. As a controller: a voter that keeps up. And nothing else went offline.
/// </summary>
internal static class KafkaReturnRule
{
    internal static GateAnswer Evaluate(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var baseline = input.Question.Baseline is { } text ? KafkaBaseline.Parse(text) : null;
        if (baseline is null && input.Question.Baseline is not null)
        {
            return KafkaRule.Say(input, GateVerdict.Unknown, ReasonCodes.KafkaBaselineUnreadable, $"the baseline \"{KafkaFailures.Clean(input.Question.Baseline)}\" cannot be read");
        }

        foreach (var uid in input.Question.Pods)
        {
            if (input.Context.FindByUid(uid) is not { } pod || pod.Revision != input.Question.Revision)
            {
                return KafkaRule.Say(input, GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {uid} is gone, or runs another revision than {input.Question.Revision}");
            }
        }

        var pods = input.Question.Pods.Select(uid => input.Context.FindByUid(uid)!).ToImmutableArray();

        // What a node says of itself comes first: while it recovers its logs the cluster does not know it.
        if (options.MetricsPort > 0 && pods.Select(p => KafkaBrokerState.NotRunning(p.Pod, observation.Metrics.FirstOrDefault(m => m.Id == KafkaNodes.IdOf(p, options)))).FirstOrDefault(t => t is not null) is { } state)
        {
            return KafkaRule.Say(input, state) with { Memo = input.Memo, Remaining = Left(input, observation, options) };
        }

        var (view, trouble) = KafkaClusterView.Build(input, observation, options);
        if (view is null)
        {
            return KafkaRule.Say(input, trouble!) with { Memo = input.Memo };
        }

        if (baseline is not null && baseline.ClusterId != view.ClusterId)
        {
            return KafkaRule.Say(input, GateVerdict.Misconfigured, ReasonCodes.KafkaClusterMismatch, $"the cluster is {view.ClusterId}, before the restart it was {baseline.ClusterId}") with { Memo = input.Memo };
        }

        foreach (var pod in pods)
        {
            if (Node(input.Context, pod, view, observation, options) is { } not)
            {
                return KafkaRule.Say(input, not).With(view) with { Memo = input.Memo };
            }
        }

        var ids = KafkaNodes.IdsOf(pods, options);
        return (Partitions(input, view, ids, pods, baseline, options) ?? KafkaLeaders.Judge(input, view, ids, options) ?? Passed(input, view, pods, ids, baseline)).With(view);
    }

    private static long? Left(GateInput input, KafkaObservation observation, KafkaGateOptions options) => input.Question.Pods
        .Select(input.Context.FindByUid)
        .Select(pod => observation.Metrics.FirstOrDefault(m => m.Id == KafkaNodes.IdOf(pod!, options)))
        .Select(m => m?.RemainingSegments ?? m?.RemainingLogs).Max();

    private static KafkaTrouble? Node(GateContext context, GateTarget pod, KafkaClusterView view, KafkaObservation observation, KafkaGateOptions options)
    {
        var id = KafkaNodes.IdOf(pod, options);
        if (KafkaQuorumRule.NotBack(context, pod, view.Quorum, observation, options) is { } controller)
        {
            return controller;
        }

        var broker = observation.Brokers.FirstOrDefault(b => b.Id == id);
        var member = observation.Members.FirstOrDefault(m => m.Id == id);
        var holds = view.Partitions.Any(p => p.Replicas.Contains(id));
        if (broker is null && !holds && view.Quorum?.Voters.Any(v => v.Id == id) is true)
        {
            return null; // a controller and nothing else
        }

        if (broker is null || broker.IsFenced)
        {
            return new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, $"{pod.Pod}: broker {id} {(broker is null ? "has not registered" : "is fenced")}");
        }

        // Its old registration may outlive the old pod for some seconds, at the old pod's address.
        if (KafkaNodes.IsElsewhere(broker.Host, pod, context))
        {
            return new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, $"{pod.Pod}: broker {id} is registered at {broker.Host}, not at the pod's address {pod.Address}");
        }

        if (member?.Failure is { } failure)
        {
            var why = KafkaTrouble.Of(failure);
            return why with { Text = $"{pod.Pod} does not answer: {why.Text}" };
        }

        if (member is null || !view.Live.Others.Contains(id))
        {
            return new(GateVerdict.Deny, ReasonCodes.KafkaBrokerNotBack, $"{pod.Pod}: not every broker knows broker {id} yet");
        }

        if (member.LogDirs is not { } dirs)
        {
            return new(GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, $"{pod.Pod} did not tell what is on its disks{(member.LogDirsFailure is { } dark ? $": {dark.Text}" : "")}");
        }

        return dirs.FirstOrDefault(d => d.ErrorCode != KafkaError.None) is { } failed
            ? new(GateVerdict.Deny, ReasonCodes.KafkaLogDirFailed, $"{pod.Pod}: log directory {KafkaFailures.Clean(failed.Path)} failed with {KafkaError.Name(failed.ErrorCode)}")
            : null;
    }

    private static GateAnswer? Partitions(GateInput input, KafkaClusterView view, HashSet<int> ids, ImmutableArray<GateTarget> pods, KafkaBaseline? baseline, KafkaGateOptions options)
    {
        var names = string.Join(", ", pods.Select(p => p.Pod));
        if (options.Guarantee is not KafkaGuarantee.ReadyForRequests)
        {
            var lost = view.Partitions.Where(p => (p.IsOffline || p.Isr.IsEmpty) && baseline?.Offline.Contains(p.Name) is not true).ToList();
            var behind = view.Partitions.Where(p => p.Replicas.Any(id => ids.Contains(id) && !p.Isr.Contains(id)) && baseline?.OutOfSync.Contains(p.Name) is not true).ToList();
            if (behind.Count > 0)
            {
                var all = view.Partitions.Count(p => p.TouchesAny(ids));
                return KafkaRule.Say(
                    input,
                    GateVerdict.Deny,
                    ReasonCodes.KafkaCatchingUp,
                    string.Create(CultureInfo.InvariantCulture, $"{names} is out of sync with {behind.Count} of {all} partitions, e.g. {KafkaFailures.Clean(behind[0].Name)}")) with { Remaining = behind.Count };
            }

            if (lost.Count > 0)
            {
                return KafkaRule.Say(input, GateVerdict.Deny, ReasonCodes.KafkaOfflinePartition, $"{KafkaCensus.Plural(lost.Count)} went offline since {names} was stopped, e.g. {KafkaFailures.Clean(lost[0].Name)}");
            }
        }

        return options.Guarantee is KafkaGuarantee.AllPartitionsInSync && KafkaHealthRule.UnderReplicated(view.Partitions, p => p.Replicas.Length - p.Isr.Length) is { } strict
            ? KafkaRule.Say(input, strict) with { Remaining = view.Partitions.Count(p => !p.IsInSync) }
            : null;
    }

    private static GateAnswer Passed(GateInput input, KafkaClusterView view, ImmutableArray<GateTarget> pods, HashSet<int> ids, KafkaBaseline? baseline)
    {
        var names = string.Join(", ", pods.Select(p => p.Pod));
        var still = baseline is null ? 0 : view.Partitions.Count(p => baseline.OutOfSync.Contains(p.Name) && p.Replicas.Any(id => ids.Contains(id) && !p.Isr.Contains(id)));
        var answer = KafkaRule.Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{names} is back and in sync with {view.Partitions.Count(p => p.TouchesAny(ids)) - still} partitions");
        return answer with
        {
            Warnings =
            [
                .. still > 0 ? [KafkaRule.Warning(ReasonCodes.KafkaUnderReplicated, $"{KafkaCensus.Plural(still)} on {names} out of sync as before the restart")] : Array.Empty<string>(),
                .. baseline is null ? [KafkaRule.Warning(ReasonCodes.KafkaNoBaseline, $"nothing is remembered of {names} before its restart")] : Array.Empty<string>(),
            ],
        };
    }
}
