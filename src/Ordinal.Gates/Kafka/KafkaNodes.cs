using System.Net;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>Which node each pod is: its ordinal and the offset give the id; the hosts that brokers advertise must not say otherwise.</summary>
internal static class KafkaNodes
{
    internal static int IdOf(GateTarget pod, KafkaGateOptions options) => (int)Math.Min(pod.Ordinal + options.NodeIdOffset, int.MaxValue);

    internal static HashSet<int> IdsOf(IEnumerable<GateTarget> pods, KafkaGateOptions options) => [.. pods.Select(p => IdOf(p, options))];

    /// <summary>Looks for signs that the ids are wrong: an answer about the wrong node would be worse than none.</summary>
    internal static KafkaTrouble? Check(GateContext context, KafkaObservation observation, IReadOnlySet<int> voters, IReadOnlySet<string> stopping, KafkaGateOptions options)
    {
        var known = observation.Brokers.Select(b => b.Id).Concat(voters).ToHashSet();
        foreach (var broker in observation.Brokers)
        {
            if (context.Pods.FirstOrDefault(p => IsHostOf(broker.Host, p, context)) is { } pod && IdOf(pod, options) != broker.Id)
            {
                return new(
                    GateVerdict.Misconfigured,
                    ReasonCodes.KafkaNodeMismatch,
                    $"broker {broker.Id} advertises {KafkaFailures.Clean(broker.Host)}, which is {pod.Pod}, but by its ordinal and nodeIdOffset {options.NodeIdOffset} {pod.Pod} is node {IdOf(pod, options)}");
            }
        }

        if (context.Pods.FirstOrDefault(p => p is { IsReady: true, IsTerminating: false } && !known.Contains(IdOf(p, options))) is { } stranger)
        {
            return new(
                stopping.Contains(stranger.Uid) ? GateVerdict.Misconfigured : GateVerdict.Deny,
                ReasonCodes.KafkaNodeUnknown,
                $"{stranger.Pod} is Ready, but the cluster has no broker and no controller {IdOf(stranger, options)}");
        }

        return context.Pods.Any(p => known.Contains(IdOf(p, options)))
            ? null
            : new(GateVerdict.Misconfigured, ReasonCodes.KafkaNodeUnknown, $"none of the {context.Pods.Length} pods is a broker or a controller of the cluster at the bootstrap servers");
    }

    /// <summary>Tells whether a host is a pod's by its name (as many labels as both know) or its address.</summary>
    internal static bool IsHostOf(string host, GateTarget pod, GateContext context)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return IPAddress.TryParse(pod.Address, out var own) && own.Equals(address) && !pod.IsMissing && IsAlone(context, pod);
        }

        var labels = host.TrimEnd('.').Split('.');
        return Same(labels[0], pod.Pod)
            && (labels.Length < 2 || context.Service.Length == 0 || Same(labels[1], context.Service))
            && (labels.Length < 3 || Same(labels[2], context.Namespace));
    }

    /// <summary>Tells whether a host is an address that is not the pod's; false for names, and where the pod's address is not known or not its alone.</summary>
    internal static bool IsElsewhere(string host, GateTarget pod, GateContext context) =>
        IPAddress.TryParse(host, out _) && pod.Address.Length > 0 && !IsHostOf(host, pod, context) && IsAlone(context, pod);

    /// <summary>Pods on the host's network share an address, which then identifies none of them.</summary>
    private static bool IsAlone(GateContext context, GateTarget pod) => context.Pods.Count(p => p.Address == pod.Address) == 1;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
