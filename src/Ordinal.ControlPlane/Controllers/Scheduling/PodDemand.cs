using System.Collections.Immutable;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>What a pod asks of its node, read once.</summary>
internal sealed record PodDemand
{
    public required KubeObject Pod { get; init; }

    /// <summary>Gets the processors that its containers request.</summary>
    public decimal Cpu { get; init; }

    /// <summary>Gets the bytes that its containers request.</summary>
    public decimal Memory { get; init; }

    /// <summary>Gets the terms of its required pod anti-affinity.</summary>
    public ImmutableArray<AffinityTerm> Avoids { get; init; } = [];

    /// <summary>Gets the terms of its required pod affinity.</summary>
    public ImmutableArray<AffinityTerm> Seeks { get; init; } = [];

    /// <summary>Reads a pod.</summary>
    public static PodDemand Of(KubeObject pod)
    {
        JsonElement spec = pod.Root.At("spec");
        return new PodDemand
        {
            Pod = pod,
            Cpu = Requests(spec, "cpu"),
            Memory = Requests(spec, "memory"),
            Avoids = Terms(pod, spec.At("affinity", "podAntiAffinity")),
            Seeks = Terms(pod, spec.At("affinity", "podAffinity")),
        };
    }

    /// <summary>Init containers run one after the other, so the largest counts, when it is more than what runs after them.</summary>
    private static decimal Requests(JsonElement spec, string resource)
    {
        decimal together = spec.ItemsAt("containers").Sum(container => Quantity.Read(container.At("resources", "requests", resource)));
        decimal first = spec.ItemsAt("initContainers").Select(container => Quantity.Read(container.At("resources", "requests", resource))).DefaultIfEmpty().Max();
        return Math.Max(together, first);
    }

    private static ImmutableArray<AffinityTerm> Terms(KubeObject pod, JsonElement affinity) =>
        [.. affinity.ItemsAt("requiredDuringSchedulingIgnoredDuringExecution").Select(term => AffinityTerm.Read(pod, term))];
}

/// <summary>One required term of a pod's affinity or anti-affinity: other pods, within one domain of a label of the nodes.</summary>
internal sealed record AffinityTerm(string TopologyKey, ImmutableArray<string> Namespaces, bool AllNamespaces, LabelSelector Selector)
{
    public static AffinityTerm Read(KubeObject pod, JsonElement term)
    {
        ImmutableArray<string> named = [.. term.ItemsAt("namespaces").Select(item => item.GetString() ?? "")];

        // An empty namespaceSelector is all namespaces; one that selects by labels counts as all too, since namespaces hardly have any.
        bool all = term.At("namespaceSelector").ValueKind is JsonValueKind.Object;
        return new AffinityTerm(term.TextAt("topologyKey") ?? "", named.IsEmpty ? [pod.Namespace] : named, all, LabelSelector.Read(term.At("labelSelector")));
    }

    public bool Means(KubeObject other) => (AllNamespaces || Namespaces.Contains(other.Namespace)) && Selector.Matches(other.Labels);
}
