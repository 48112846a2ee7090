using System.Net;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// Finds each member's pod. In this order: a DNS name in its URLs that is the pod's; an address in its URLs that is the pod's; the id that the
/// pod itself answered with; the member's name being the pod's (so that a member keeps its pod while that is being replaced and has no address).
/// </summary>
internal static class EtcdMapping
{
    internal static Dictionary<ulong, GateTarget> Map(GateContext context, EtcdObservation observation, IReadOnlyList<EtcdMember> members)
    {
        var podOf = new Dictionary<ulong, GateTarget>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        Func<EtcdMember, GateTarget, bool>[] evidence =
        [
            (member, pod) => Hosts(member).Any(h => IsNameOf(h, pod, context)),
            (member, pod) => pod.Address.Length > 0 && Hosts(member).Any(h => IsAddressOf(h, pod)),
            (member, pod) => observation.Of(pod)?.Status?.MemberId == member.Id,
            (member, pod) => member.Name == pod.Pod,
        ];
        foreach (var fits in evidence)
        {
            foreach (var member in members.Where(m => !podOf.ContainsKey(m.Id)).ToList())
            {
                if (context.Pods.FirstOrDefault(p => !taken.Contains(p.Pod) && fits(member, p)) is { } pod)
                {
                    podOf[member.Id] = pod;
                    taken.Add(pod.Pod);
                }
            }
        }

        return podOf;
    }

    /// <summary>Gets the hosts of the peer URLs first: they identify a member for its peers too.</summary>
    private static IEnumerable<string> Hosts(EtcdMember member) =>
        member.PeerUrls.Concat(member.ClientUrls).Select(u => Uri.TryCreate(u, UriKind.Absolute, out var uri) ? uri.DnsSafeHost : "").Where(h => h.Length > 0);

    /// <summary>Compares as many labels as both know: <c>pod</c>, <c>pod.service</c>, <c>pod.service.namespace</c>, and what follows (svc, the cluster's domain) is free.</summary>
    private static bool IsNameOf(string host, GateTarget pod, GateContext context)
    {
        var labels = host.TrimEnd('.').Split('.');
        return Same(labels[0], pod.Pod)
            && (labels.Length < 2 || context.Service.Length == 0 || Same(labels[1], context.Service))
            && (labels.Length < 3 || Same(labels[2], context.Namespace));
    }

    private static bool IsAddressOf(string host, GateTarget pod) =>
        IPAddress.TryParse(host, out var one) && IPAddress.TryParse(pod.Address, out var other) && one.Equals(other);

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
