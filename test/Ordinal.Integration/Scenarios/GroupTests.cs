using System.Text.Json.Nodes;
using Ordinal.Integration.Clusters;

namespace Ordinal.Integration.Scenarios;

/// <summary>Base of scenarios about several StatefulSets under one policy, by label, each in a zone of its own.</summary>
public abstract class GroupTests(ClusterKind kind) : ScenarioTests(kind)
{
    private const string Zone = "topology.kubernetes.io/zone";

    private protected Task<Scene> GroupAsync(params string[] names) => GroupAsync(names, null);

    /// <summary>Sets of two pods each, selected by a label, by eviction; all of their pods carry <c>app: group</c>.</summary>
    private protected async Task<Scene> GroupAsync(string[] names, JsonObject? update = null, string trigger = "OnTemplateChange", JsonArray? gates = null) =>
        await GroupAsync(await EmptySceneAsync(), names, update, trigger, gates);

    private protected static async Task<Scene> GroupAsync(Scene scene, string[] names, JsonObject? update, string trigger, JsonArray? gates = null)
    {
        foreach (var name in names)
        {
            await scene.Set(name).CreateAsync(2, management: "Parallel", change: set =>
            {
                set["metadata"]!["labels"] = new JsonObject { ["rollout-group"] = "ring", [Zone] = $"zone-{name}" };
                set["spec"]!["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "group", ["set"] = name } };
                set["spec"]!["template"]!["metadata"]!["labels"] = new JsonObject { ["app"] = "group", ["set"] = name };
            });
        }

        await scene.Web.AddPolicyAsync("web", new JsonObject
        {
            ["targets"] = new JsonObject { ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["rollout-group"] = "ring" } }, ["zoneLabel"] = Zone },
            ["update"] = update ?? ByEviction(),
            ["trigger"] = trigger,
            ["gates"] = gates ?? [],
        });
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        return scene;
    }

    private protected static async Task ChangeAllAsync(Scene scene, params string[] names)
    {
        foreach (var name in names)
        {
            await scene.Set(name).ChangeTemplateAsync("app:v2");
        }
    }

    private protected static Task UntilAllAsync(Scene scene, string images, params string[] names) => scene.Cluster.UntilAsync(
        $"the pods of {string.Join(", ", names)} run {images}",
        async () =>
        {
            foreach (var name in names)
            {
                if (await ImagesAsync(scene, name) != images)
                {
                    return false;
                }
            }

            return true;
        },
        scene.Web.DescribeAsync);

    private protected static async Task<string> ImagesAsync(Scene scene, string set) =>
        string.Join(' ', (await scene.Set("group").PodsAsync()).Where(pod => pod.Key.StartsWith($"{set}-", StringComparison.Ordinal)).Select(pod => pod.Value.Image.Replace("app:", "", StringComparison.Ordinal)));
}
