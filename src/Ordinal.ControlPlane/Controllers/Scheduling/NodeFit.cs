using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>
/// Whether a pod may go to a node, by the rules of the real scheduler's filters, in their order and in their words. Ports, volumes and
/// preferences are not looked at.
/// </summary>
internal static class NodeFit
{
    /// <summary>Says why a node does not take a pod; empty when it does.</summary>
    /// <param name="demand">The pod.</param>
    /// <param name="node">The node.</param>
    /// <param name="nodes">All nodes by name.</param>
    /// <param name="load">Where the other pods are.</param>
    public static ImmutableArray<string> Refusals(PodDemand demand, KubeObject node, IReadOnlyDictionary<string, KubeObject> nodes, NodeLoad load)
    {
        if (node.Root.FlagAt("spec", "unschedulable") is true && !ToleratesCordon(demand.Pod))
        {
            return ["node(s) were unschedulable"];
        }

        if (IsTainted(demand.Pod, node))
        {
            return ["node(s) had untolerated taint(s)"];
        }

        if (!MatchesNode(demand.Pod, node))
        {
            return ["node(s) didn't match Pod's node affinity/selector"];
        }

        ImmutableArray<string> scarce = Scarce(demand, node, load.On(node.Name));
        if (!scarce.IsEmpty)
        {
            return scarce;
        }

        string? refusal = Spread(demand.Pod, node, nodes, load) ?? Affinity(demand, node, nodes, load);
        return refusal is null ? [] : [refusal];
    }

    private static bool ToleratesCordon(KubeObject pod) =>
        pod.Root.ItemsAt("spec", "tolerations").Any(toleration => Taints.Tolerates(toleration, CordonTaint));

    private static JsonElement CordonTaint { get; } = JsonElement.Parse($$"""{"key":"{{Taints.Unschedulable}}","effect":"NoSchedule"}""");

    private static bool IsTainted(KubeObject pod, KubeObject node)
    {
        JsonElement ready = node.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "Ready");
        bool isBlocked = node.Root.ItemsAt("spec", "taints")
            .Any(taint => taint.TextAt("effect") is "NoSchedule" or "NoExecute" && Taints.Toleration(pod, taint).ValueKind is JsonValueKind.Undefined);

        // A node that is not ready is tainted a moment later; the pod of this moment would be lost on it.
        return isBlocked || node.IsTerminating || ready.TextAt("status") != "True";
    }

    private static bool MatchesNode(KubeObject pod, KubeObject node)
    {
        SortedDictionary<string, string> labels = node.Labels;
        if (pod.Root.MapAt("spec", "nodeSelector").Any(wanted => labels.GetValueOrDefault(wanted.Key) != wanted.Value))
        {
            return false;
        }

        JsonElement required = pod.Root.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        return required.ValueKind is not JsonValueKind.Object
            || required.ItemsAt("nodeSelectorTerms").Any(term => MatchesTerm(term, node, labels));
    }

    /// <summary>A term without any expression matches nothing.</summary>
    private static bool MatchesTerm(JsonElement term, KubeObject node, SortedDictionary<string, string> labels)
    {
        JsonElement[] expressions = [.. term.ItemsAt("matchExpressions")];
        JsonElement[] fields = [.. term.ItemsAt("matchFields")];
        return expressions.Length + fields.Length > 0
            && expressions.All(expression => Holds(expression, labels.GetValueOrDefault(expression.TextAt("key") ?? "")))
            && fields.All(field => field.TextAt("key") == "metadata.name" && Holds(field, node.Name));
    }

    private static bool Holds(JsonElement expression, string? label)
    {
        string[] values = [.. expression.ItemsAt("values").Select(value => value.GetString() ?? "")];
        return expression.TextAt("operator") switch
        {
            "In" => label is not null && values.Contains(label),
            "NotIn" => label is null || !values.Contains(label),
            "Exists" => label is not null,
            "DoesNotExist" => label is null,
            "Gt" => Compare(label, values) > 0,
            "Lt" => Compare(label, values) < 0,
            _ => false,
        };
    }

    private static int Compare(string? label, string[] values) =>
        long.TryParse(label, CultureInfo.InvariantCulture, out long left) && values is [var only] && long.TryParse(only, CultureInfo.InvariantCulture, out long right)
            ? left.CompareTo(right)
            : 0;

    private static ImmutableArray<string> Scarce(PodDemand demand, KubeObject node, NodeLoad.Sums used)
    {
        JsonElement room = node.Root.At("status", "allocatable");
        List<string> found = [];
        if (room.At("pods").ValueKind is not JsonValueKind.Undefined && used.Pods + 1 > Quantity.Read(room.At("pods")))
        {
            found.Add("Too many pods");
        }

        if (demand.Cpu > 0 && used.Cpu + demand.Cpu > Quantity.Read(room.At("cpu")))
        {
            found.Add("Insufficient cpu");
        }

        if (demand.Memory > 0 && used.Memory + demand.Memory > Quantity.Read(room.At("memory")))
        {
            found.Add("Insufficient memory");
        }

        return [.. found];
    }

    private static string? Spread(KubeObject pod, KubeObject node, IReadOnlyDictionary<string, KubeObject> nodes, NodeLoad load)
    {
        foreach (JsonElement constraint in pod.Root.ItemsAt("spec", "topologySpreadConstraints").Where(item => item.TextAt("whenUnsatisfiable") != "ScheduleAnyway"))
        {
            string key = constraint.TextAt("topologyKey") ?? "";
            if (!node.Labels.TryGetValue(key, out string? domain))
            {
                return "node(s) didn't match pod topology spread constraints (missing required label)";
            }

            LabelSelector selector = LabelSelector.Read(constraint.At("labelSelector"));
            Dictionary<string, long> counts = new(StringComparer.Ordinal);
            foreach (KubeObject other in nodes.Values.Where(other => MatchesNode(pod, other)))
            {
                if (other.Labels.TryGetValue(key, out string? its))
                {
                    counts.TryAdd(its, 0);
                }
            }

            foreach ((string place, PodDemand other) in load.Pods)
            {
                if (other.Pod.Namespace == pod.Namespace && !other.Pod.IsTerminating && selector.Matches(other.Pod.Labels)
                    && Domain(nodes, place, key) is { } its && counts.TryGetValue(its, out long count))
                {
                    counts[its] = count + 1;
                }
            }

            long self = selector.Matches(pod.Labels) ? 1 : 0;
            if (counts.GetValueOrDefault(domain) + self - counts.Values.DefaultIfEmpty().Min() > (constraint.NumberAt("maxSkew") ?? 1))
            {
                return "node(s) didn't match pod topology spread constraints";
            }
        }

        return null;
    }

    private static string? Affinity(PodDemand demand, KubeObject node, IReadOnlyDictionary<string, KubeObject> nodes, NodeLoad load)
    {
        SortedDictionary<string, string> labels = node.Labels;
        foreach (AffinityTerm term in demand.Seeks)
        {
            bool isAlone = !load.Pods.Any(other => term.Means(other.Demand.Pod));

            // The first of a group that seeks itself has nobody to go to.
            bool fits = labels.TryGetValue(term.TopologyKey, out string? domain)
                && ((isAlone && term.Means(demand.Pod)) || load.Pods.Any(other => Domain(nodes, other.Node, term.TopologyKey) == domain && term.Means(other.Demand.Pod)));
            if (!fits)
            {
                return "node(s) didn't match pod affinity rules";
            }
        }

        foreach (AffinityTerm term in demand.Avoids)
        {
            if (labels.TryGetValue(term.TopologyKey, out string? domain)
                && load.Pods.Any(other => Domain(nodes, other.Node, term.TopologyKey) == domain && term.Means(other.Demand.Pod)))
            {
                return "node(s) didn't match pod anti-affinity rules";
            }
        }

        bool isAvoided = load.Avoiding > 0 && load.Pods.Any(other => other.Demand.Avoids.Any(term =>
            labels.TryGetValue(term.TopologyKey, out string? domain) && Domain(nodes, other.Node, term.TopologyKey) == domain && term.Means(demand.Pod)));
        return isAvoided ? "node(s) didn't satisfy existing pods anti-affinity rules" : null;
    }

    private static string? Domain(IReadOnlyDictionary<string, KubeObject> nodes, string node, string key) =>
        nodes.TryGetValue(node, out KubeObject? found) ? found.Labels.GetValueOrDefault(key) : null;
}
