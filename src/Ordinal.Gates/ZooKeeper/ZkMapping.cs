using System.Net;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// Finds each server's pod. In this order: a DNS name in a server line (of any server's list) that is the pod's; an address that is the pod's;
/// the id that the pod itself answered with. A server may call itself 0.0.0.0 in its own list, so all lists are looked at.
/// </summary>
internal static class ZkMapping
{
    internal static Dictionary<long, GateTarget> Map(GateContext context, ZkObservation observation, ZkMembership members)
    {
        var hosts = members.Servers.ToDictionary(
            s => s.Id,
            s => s.Hosts.Concat(observation.Pods.SelectMany(p => p.Members?.Find(s.Id)?.Hosts ?? [])).Distinct(StringComparer.OrdinalIgnoreCase).ToList());
        var podOf = new Dictionary<long, GateTarget>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        Func<ZkServer, GateTarget, bool>[] evidence =
        [
            (server, pod) => hosts[server.Id].Exists(h => IsNameOf(h, pod, context)),
            (server, pod) => pod.Address.Length > 0 && hosts[server.Id].Exists(h => IsAddressOf(h, pod)),
            (server, pod) => observation.Of(pod)?.State?.ServerId == server.Id,
        ];
        foreach (var fits in evidence)
        {
            foreach (var server in members.Servers.Where(s => !podOf.ContainsKey(s.Id)))
            {
                if (context.Pods.FirstOrDefault(p => !taken.Contains(p.Pod) && fits(server, p)) is { } pod)
                {
                    podOf[server.Id] = pod;
                    taken.Add(pod.Pod);
                }
            }
        }

        return podOf;
    }

    /// <summary>Compares as many labels as both know: <c>pod</c>, <c>pod.service</c>, <c>pod.service.namespace</c>; what follows (svc, the cluster's domain) is free.</summary>
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
