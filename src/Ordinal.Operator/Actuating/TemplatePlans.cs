using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// Turns a request into a JSON patch on the StatefulSet as it is now. Pure, and the same request on its own result is nothing to do: a crash between
/// the write and its record leads to no second revision. The patch tests the resourceVersion, and the old value of all that it replaces.
/// </summary>
internal static class TemplatePlans
{
    /// <summary>What <c>kubectl rollout restart</c> writes, so that histories agree.</summary>
    public const string RestartedAt = TemplateMeaning.RestartMark;

    private static readonly string[] ContainerLists = ["containers", "initContainers"];

    /// <summary>Sets images by container; init containers too.</summary>
    public static TemplatePlan Images(JsonObject set, IReadOnlyList<ImageSpec> images)
    {
        var patch = Begin(set);
        var isChanged = false;
        foreach (var image in images)
        {
            var (list, at, old) = Find(set, image.Container);
            if (list is null)
            {
                return TemplatePlan.Impossible($"StatefulSet {Name(set)} has no container {image.Container}; its containers are {string.Join(", ", NamesOf(set))}; correct update.images and ask again");
            }

            if (old != image.Image)
            {
                var index = at.ToString(CultureInfo.InvariantCulture);
                patch.Test(image.Container, "spec", "template", "spec", list, index, "name").Test(old, "spec", "template", "spec", list, index, "image").Replace(image.Image, "spec", "template", "spec", list, index, "image");
                isChanged = true;
            }
        }

        return isChanged ? new TemplatePlan(patch, null) : TemplatePlan.Nothing;
    }

    /// <summary>Marks the template as restarted at a time, which must be the same each time it is asked for the same request.</summary>
    public static TemplatePlan Restart(JsonObject set, DateTimeOffset at)
    {
        var mark = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var metadata = set["spec"]?["template"]?["metadata"] as JsonObject;
        var annotations = metadata?["annotations"] as JsonObject;
        if (annotations?[RestartedAt]?.ToString() == mark)
        {
            return TemplatePlan.Nothing;
        }

        var patch = Begin(set);
        if (metadata is null)
        {
            patch.Add(new JsonObject(), "spec", "template", "metadata");
        }

        return new TemplatePlan(
            annotations is null
                ? patch.Add(new JsonObject { [RestartedAt] = mark }, "spec", "template", "metadata", "annotations")
                : (annotations[RestartedAt] is { } old ? patch.Test(old.DeepClone(), "spec", "template", "metadata", "annotations", RestartedAt) : patch).Add(mark, "spec", "template", "metadata", "annotations", RestartedAt),
            null);
    }

    /// <summary>Brings back the template of a revision.</summary>
    /// <param name="data">The revision's <c>data</c>: a patch that replaces the template, and says so by a mark of its own.</param>
    public static TemplatePlan Rollback(JsonObject set, JsonObject? data, string revision)
    {
        if (data?["spec"]?["template"]?.DeepClone() is not JsonObject template)
        {
            return TemplatePlan.Impossible($"ControllerRevision {revision} of StatefulSet {Name(set)} holds no template; name another one in rollback.revisions");
        }

        template.Remove("$patch");
        return Meaning(set["spec"]?["template"]) == Meaning(template) ? TemplatePlan.Nothing : new TemplatePlan(Begin(set).Replace(template, "spec", "template"), null);
    }

    /// <summary>
    /// Takes the claim with the template, in one write: whoever has it may write, and whoever writes has it (rule 3). The hold is tested too, since a
    /// template under a lowered partition would roll pods at once.
    /// </summary>
    public static JsonPatch Claim(JsonPatch patch, JsonObject set, string claim)
    {
        var strategy = set["spec"]?["updateStrategy"]?.DeepClone();
        var tested = strategy is null ? patch : patch.Test(strategy, "spec", "updateStrategy");
        return set["metadata"]?["annotations"] is JsonObject
            ? tested.Add(claim, "metadata", "annotations", OrdinalNames.ClaimAnnotation)
            : tested.Add(new JsonObject { [OrdinalNames.ClaimAnnotation] = claim }, "metadata", "annotations");
    }

    private static JsonPatch Begin(JsonObject set) => new JsonPatch()
        .TestUid(set["metadata"]?["uid"]?.ToString() ?? "")
        .TestResourceVersion(set["metadata"]?["resourceVersion"]?.ToString() ?? "");

    private static string Meaning(JsonNode? template)
    {
        using var document = JsonDocument.Parse(template?.ToJsonString() ?? "null");
        return TemplateMeaning.Of(document.RootElement);
    }

    private static (string? List, int At, string Old) Find(JsonObject set, string container)
    {
        foreach (var list in ContainerLists)
        {
            var all = set["spec"]?["template"]?["spec"]?[list] as JsonArray ?? [];
            for (var at = 0; at < all.Count; at++)
            {
                if (all[at]?["name"]?.ToString() == container)
                {
                    return (list, at, all[at]?["image"]?.ToString() ?? "");
                }
            }
        }

        return (null, 0, "");
    }

    private static IEnumerable<string> NamesOf(JsonObject set) => ContainerLists
        .SelectMany(list => set["spec"]?["template"]?["spec"]?[list] as JsonArray ?? [])
        .Select(container => container?["name"]?.ToString() ?? "");

    private static string Name(JsonObject set) => $"{set["metadata"]?["namespace"]}/{set["metadata"]?["name"]}";
}
