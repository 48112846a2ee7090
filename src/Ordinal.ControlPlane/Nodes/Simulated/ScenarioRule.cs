using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>One rule of a scenario: which pods, and how they behave.</summary>
/// <param name="Match">What a pod must be; every entry must fit.</param>
/// <param name="Behave">Script names and values, see <see cref="SimulatedScript"/>.</param>
public sealed record ScenarioRule(ImmutableSortedDictionary<string, string> Match, ImmutableSortedDictionary<string, string> Behave)
{
    /// <summary>Gets what a rule may ask about a pod.</summary>
    public static IReadOnlyList<string> Questions { get; } = ["namespace", "pod", "statefulset", "ordinal", "revision", "image", "node", "label"];

    /// <summary>Gets how many pods it is about, the first ones that match; null for all.</summary>
    public int? First { get; init; }

    /// <summary>Says whether a pod fits. <c>*</c> in a value stands for any text.</summary>
    public bool Fits(KubeObject pod) => Match.All(question => Fits(pod, question.Key, question.Value));

    private static bool Fits(KubeObject pod, string question, string pattern)
    {
        int dash = pod.Name.LastIndexOf('-');
        return question switch
        {
            "namespace" => Like(pod.Namespace, pattern),
            "pod" => Like(pod.Name, pattern),
            "statefulset" => pod.Controller is { Kind: "StatefulSet" } set && Like(set.Name, pattern),
            "ordinal" => dash >= 0 && Like(pod.Name[(dash + 1)..], pattern),
            "revision" => Like(pod.Root.TextAt("metadata", "labels", "controller-revision-hash") ?? "", pattern),
            "image" => pod.Root.ItemsAt("spec", "containers").Any(container => Like(container.TextAt("image") ?? "", pattern)),
            "node" => Like(pod.Root.TextAt("spec", "nodeName") ?? "", pattern),
            "label" => pattern.Split('=', 2) is [var key, var value] && pod.Labels.TryGetValue(key, out string? label) && Like(label, value),
            _ => false,
        };
    }

    private static bool Like(string text, string pattern) =>
        !pattern.Contains('*', StringComparison.Ordinal)
            ? text == pattern
            : Regex.IsMatch(text, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.Singleline, TimeSpan.FromSeconds(1));
}
