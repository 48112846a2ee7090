using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>
/// Base of the acceptance scenarios: each test carries the ids of its scenarios in its name, and runs on every control plane that is at hand. Most of a
/// scenario is waiting for pods, so several run at a time.
/// </summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
[Parallelizable(ParallelScope.Children)]
public abstract class ScenarioTests(ClusterKind kind)
{
    private protected ClusterKind Kind { get; } = kind;

    /// <summary>An update that goes by eviction, with readiness as its only gate.</summary>
    private protected static JsonObject ByEviction(JsonNode? maxUnavailable = null) => Workload.Quick("OnDelete", maxUnavailable);

    /// <summary>Steps; each but the last waits for its approval.</summary>
    private protected static JsonArray Steps(params JsonNode[] pods) =>
        [.. pods.Select((each, at) => at < pods.Length - 1 ? new JsonObject { ["pods"] = each, ["pause"] = new JsonObject() } : new JsonObject { ["pods"] = each })];

    /// <summary>A gate that the scene's script answers for.</summary>
    private protected static JsonArray Gates(params string[] runAt)
    {
        var gate = new JsonObject { ["name"] = "raft", ["type"] = "Etcd", ["etcd"] = new JsonObject(), ["interval"] = "200ms", ["successThreshold"] = 1 };
        if (runAt.Length > 0)
        {
            gate["runAt"] = new JsonArray([.. runAt.Select(each => JsonValue.Create(each))]);
        }

        return [gate];
    }

    private protected async Task<Scene> EmptySceneAsync()
    {
        var stage = await Stages.GetAsync(Kind);
        return await Scene.EmptyAsync(stage.Cluster, stage.Gates);
    }

    /// <summary>A scene whose set is up and adopted.</summary>
    private protected async Task<Scene> SceneAsync(int replicas = 3, JsonObject? update = null, string management = "OrderedReady", JsonArray? gates = null, Action<JsonObject>? set = null)
    {
        var scene = await EmptySceneAsync();
        await scene.Web.CreateAsync(replicas, management: management, change: set);
        await scene.Web.AddPolicyAsync(update, gates: gates);
        await scene.Web.UntilPolicyAsync("Ready", "True", "UpToDate");
        return scene;
    }

    private protected static async Task<string> LastRolloutAsync(Scene scene) => (await scene.Web.RolloutsAsync())[^1].Member("metadata").Text("name");

    private protected static async Task ApproveAsync(Scene scene, int step) =>
        await scene.Web.PatchRolloutAsync(await LastRolloutAsync(scene), new JsonObject { ["approvedStep"] = step });
}
