using System.Text.Json.Nodes;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>
/// What <c>ordinal uninstall</c> will come to, told before it begins. The operator judges by what the StatefulSet says when the policy goes, so this looks at
/// the StatefulSets as they are now and not at what the policy last said of them; and a rollout that is under way, or was only just asked for, may have written a
/// change by then.
/// </summary>
internal static class LetGoPlan
{
    /// <summary>Says what will become of one policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="sets">The StatefulSets of its namespace, perhaps of others too.</param>
    /// <param name="rollouts">The rollouts likewise.</param>
    /// <param name="releases">Whether strategies are given back even where a change waits.</param>
    public static string Of(JsonObject policy, IReadOnlyList<JsonObject> sets, IReadOnlyList<JsonObject> rollouts, bool releases)
    {
        var (ns, name) = (policy.Text("metadata", "namespace"), policy.Name());
        var targets = PolicyFacts.TargetsOf(policy);
        List<string> waiting = [.. sets
            .Where(set => set.Text("metadata", "namespace") == ns && targets.Contains(set.Name(), StringComparer.Ordinal) && IsKept(set) && HasChange(set))
            .Select(set => set.Name())];
        if (waiting.Count > 0)
        {
            return $"{ns}/{name}: a change waits on {string.Join(", ", waiting)}: {(releases ? "its pods are rolled at once, WITHOUT GATES" : "the hold stays, and the policy with it")}";
        }

        List<string> begun = [.. rollouts
            .Where(rollout => rollout.Text("metadata", "namespace") == ns && rollout.Text("spec", "policyRef", "name") == name && !RolloutFacts.IsFinished(rollout))
            .Select(rollout => rollout.Name())];
        return begun.Count == 0
            ? $"{ns}/{name}: the update strategy is given back, no pod moves"
            : $"{ns}/{name}: {string.Join(", ", begun)} {(begun.Count == 1 ? "is" : "are")} not at the end, and {(begun.Count == 1 ? "is" : "are")} stopped: if a change waits by then, {(releases ? "its pods are rolled at once, WITHOUT GATES" : "the hold stays, and the policy with it")}; else the update strategy is given back";
    }

    /// <summary>Tells whether there is a strategy to be given back: one that was adopted with OnDelete, or not adopted yet, is left as it is.</summary>
    private static bool IsKept(JsonObject set) =>
        (set["metadata"]?["annotations"] as JsonObject)?.ContainsKey(OrdinalNames.OriginalStrategyAnnotation) is true
        || set.Number("spec", "updateStrategy", "rollingUpdate", "partition") == StrategyValue.HeldPartition;

    /// <summary>As the operator judges it, from the status alone. What the StatefulSet controller has not seen yet may be a change.</summary>
    private static bool HasChange(JsonObject set) =>
        (set.Number("status", "observedGeneration") ?? 0) < (set.Number("metadata", "generation") ?? 0)
        || set.Text("status", "updateRevision") != set.Text("status", "currentRevision")
        || (set.Number("status", "updatedReplicas") ?? 0) < (set.Number("status", "replicas") ?? 0);
}
