using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>Which pods are on which node: those that are bound, and those that are about to be. Kept by the scheduler under its lock.</summary>
internal sealed class NodeLoad
{
    private readonly Dictionary<string, Sums> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Node, PodDemand Demand)> pods = new(StringComparer.Ordinal);

    /// <summary>Gets every pod that has a node.</summary>
    public IEnumerable<(string Node, PodDemand Demand)> Pods => pods.Values;

    /// <summary>Gets how many of the pods have an anti-affinity of their own.</summary>
    public int Avoiding { get; private set; }

    /// <summary>Gets what is on a node.</summary>
    public Sums On(string node) => nodes.GetValueOrDefault(node) ?? Sums.Nothing;

    public bool Has(string uid) => pods.ContainsKey(uid);

    public void Add(string node, PodDemand demand)
    {
        Remove(demand.Pod.Uid);
        pods[demand.Pod.Uid] = (node, demand);
        Avoiding += demand.Avoids.IsEmpty ? 0 : 1;
        Sums before = On(node);
        nodes[node] = new Sums(before.Pods + 1, before.Cpu + demand.Cpu, before.Memory + demand.Memory);
    }

    /// <summary>Takes a pod away.</summary>
    /// <returns>False when it had no node.</returns>
    public bool Remove(string uid)
    {
        if (!pods.Remove(uid, out (string Node, PodDemand Demand) known))
        {
            return false;
        }

        Avoiding -= known.Demand.Avoids.IsEmpty ? 0 : 1;
        Sums before = On(known.Node);
        nodes[known.Node] = new Sums(before.Pods - 1, before.Cpu - known.Demand.Cpu, before.Memory - known.Demand.Memory);
        return true;
    }

    /// <summary>Shows a newer version of a pod whose labels may have changed.</summary>
    public void Refresh(KubeObject pod)
    {
        if (pods.TryGetValue(pod.Uid, out (string Node, PodDemand Demand) known))
        {
            pods[pod.Uid] = (known.Node, known.Demand with { Pod = pod });
        }
    }

    /// <summary>What the pods of a node are together.</summary>
    public sealed record Sums(int Pods, decimal Cpu, decimal Memory)
    {
        public static Sums Nothing { get; } = new(0, 0, 0);
    }
}
