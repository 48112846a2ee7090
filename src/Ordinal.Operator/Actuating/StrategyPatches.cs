using System.Text.Json.Nodes;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// Builds the JSON patches on a StatefulSet. They test the uid, the generation and the old value, and replace the whole field.
/// Server-side apply is the wrong tool: it cannot switch to OnDelete over a maker's defaulted rollingUpdate (T2), and a later document without the
/// field resets it and rolls every pod (T3).
/// </summary>
public static class StrategyPatches
{
    /// <summary>Writes <c>spec.updateStrategy</c>.</summary>
    public static JsonPatch Write(StatefulSetItem set, StrategyValue next, long generation) =>
        Replace(new JsonPatch().TestUid(set.Uid).TestGeneration(generation), set, next);

    /// <summary>Writes the hold and keeps the original in an annotation. The resourceVersion is tested since annotations do not move the generation.</summary>
    public static JsonPatch Adopt(StatefulSetItem set, StrategyValue next, StrategyValue original, long generation)
    {
        var patch = Replace(new JsonPatch().TestUid(set.Uid).TestGeneration(generation).TestResourceVersion(set.ResourceVersion), set, next);
        var kept = original != set.Snapshot.Strategy ? StrategyValues.ToJson(original).ToJsonString() : set.StrategyJson.Length == 0 ? "{}" : set.StrategyJson;
        return Annotate(patch, set, OrdinalNames.OriginalStrategyAnnotation, kept);
    }

    /// <summary>Writes the original strategy back and removes what adoption left.</summary>
    public static JsonPatch LetGo(StatefulSetItem set, StrategyValue next, long generation)
    {
        var patch = Replace(new JsonPatch().TestUid(set.Uid).TestGeneration(generation).TestResourceVersion(set.ResourceVersion), set, next);
        if (set.Snapshot.OriginalStrategy is not null)
        {
            patch.Remove("metadata", "annotations", OrdinalNames.OriginalStrategyAnnotation);
        }

        if (set.Snapshot.HeldBy.Length > 0)
        {
            patch.Remove("metadata", "annotations", OrdinalNames.ClaimAnnotation);
        }

        return patch;
    }

    /// <summary>Takes the claim over from its expected holder; an empty one is nobody.</summary>
    public static JsonPatch Claim(StatefulSetItem set, string claim, string expectedHolder)
    {
        var patch = new JsonPatch().TestUid(set.Uid);

        // A JSON patch cannot test that a member is absent; the version stands for it.
        patch = expectedHolder.Length == 0
            ? patch.TestResourceVersion(set.ResourceVersion)
            : patch.Test(expectedHolder, "metadata", "annotations", OrdinalNames.ClaimAnnotation);
        return Annotate(patch, set, OrdinalNames.ClaimAnnotation, claim);
    }

    /// <summary>Writes a pod template.</summary>
    public static JsonPatch Template(StatefulSetItem set, JsonNode template, long generation) =>
        new JsonPatch().TestUid(set.Uid).TestGeneration(generation).Replace(template, "spec", "template");

    /// <summary>Gives the claim back.</summary>
    public static JsonPatch Unclaim(StatefulSetItem set, string claim) => new JsonPatch()
        .TestUid(set.Uid)
        .Test(claim, "metadata", "annotations", OrdinalNames.ClaimAnnotation)
        .Remove("metadata", "annotations", OrdinalNames.ClaimAnnotation);

    private static JsonPatch Replace(JsonPatch patch, StatefulSetItem set, StrategyValue next) => set.StrategyJson.Length == 0
        ? patch.Add(StrategyValues.ToJson(next), "spec", "updateStrategy")
        : patch.Test(JsonNode.Parse(set.StrategyJson), "spec", "updateStrategy").Replace(StrategyValues.ToJson(next), "spec", "updateStrategy");

    private static JsonPatch Annotate(JsonPatch patch, StatefulSetItem set, string name, string value) => set.HasAnnotations
        ? patch.Add(value, "metadata", "annotations", name)
        : patch.Add(new JsonObject { [name] = value }, "metadata", "annotations");
}
