using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>A namespace of one scenario on a shared cluster, with a StatefulSet <c>web</c> under a policy of the same name.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private const string Classes = "/apis/scheduling.k8s.io/v1/priorityclasses";

    private static int made;

    private Scene(SimulatedCluster cluster, string ns, GateScript script)
    {
        (Cluster, Namespace, Script) = (cluster, ns, script);
        Web = new Workload(cluster, "web", ns);
    }

    public SimulatedCluster Cluster { get; }

    public string Namespace { get; }

    public GateScript Script { get; }

    public Workload Web { get; }

    /// <summary>Creates the namespace and nothing in it.</summary>
    public static async Task<Scene> EmptyAsync(SimulatedCluster cluster, ScriptedGates gates)
    {
        var ns = string.Create(CultureInfo.InvariantCulture, $"s{Interlocked.Increment(ref made)}");
        await cluster.CreateAsync("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } });
        return new Scene(cluster, ns, gates.Of(ns));
    }

    /// <summary>Makes another StatefulSet of the scene.</summary>
    public Workload Set(string name) => new(Cluster, name, Namespace);

    /// <summary>Watches the pods of a set.</summary>
    public Task<PodWitness> WitnessAsync(int expected, string name = "web") => PodWitness.StartAsync(Cluster.Api, name, expected, Namespace);

    /// <summary>Writes annotations on one pod: the script by which its node runs it, from now on.</summary>
    public Task ScriptPodAsync(string pod, string name, string value) => Web.ScriptPodAsync(pod, name, value);

    public Task ScaleAsync(int replicas) => Cluster.PatchAsync(Web.Path, new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } });

    public async Task<string> UidAsync(string pod) => (await Web.PodsAsync()).TryGetValue(pod, out var found) ? found.Uid : "";

    /// <summary>The images by ordinal, as "v2 v1 v1".</summary>
    public async Task<string> ImagesAsync(string name = "web") =>
        string.Join(' ', (await Set(name).PodsAsync()).OrderBy(pod => int.Parse(pod.Key[(pod.Key.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture)).Select(pod => pod.Value.Image.Replace("app:", "", StringComparison.Ordinal)));

    public Task UntilImagesAsync(string images, string name = "web") => Cluster.UntilAsync($"the pods of {name} run {images}", async () => await ImagesAsync(name) == images, Web.DescribeAsync);

    /// <summary>Waits until the last rollout says something of a pod, or of itself, with this reason; returns the words.</summary>
    public async Task<string> UntilWaitsAsync(string reason)
    {
        var words = "";
        await Cluster.UntilAsync($"the rollout waits for {reason}", async () => await Web.RolloutsAsync() is { Count: > 0 } all && (words = WordsOf(all[^1], reason)).Length > 0, Web.DescribeAsync);
        return words;
    }

    /// <summary>Waits until a pod has this readiness by the server's word, and the operator has seen it so.</summary>
    /// <param name="isSeen">False where the operator's watch of the pods is held back.</param>
    public async Task UntilReadyAsync(string pod, bool isReady, bool isSeen = true)
    {
        var found = default(JsonElement);
        await Cluster.UntilAsync(
            $"{pod} is {(isReady ? "ready" : "not ready")}",
            async () => IsReady(found = (await Cluster.FindAsync($"{Web.Pods}/{pod}")).GetValueOrDefault()) == isReady,
            Web.DescribeAsync);
        if (isSeen && found.ValueKind is JsonValueKind.Object)
        {
            await Cluster.UntilSeenAsync($"{Web.Pods}/{pod}", found);
        }
    }

    /// <summary>Creates a priority class of the namespace's name: without it the server refuses a pod that names it, as it would for a quota or a webhook.</summary>
    public static async Task CreateClassAsync(Scene scene) => await scene.Cluster.CreateAsync(Classes, new JsonObject
    {
        ["apiVersion"] = "scheduling.k8s.io/v1", ["kind"] = "PriorityClass", ["metadata"] = new JsonObject { ["name"] = scene.Namespace }, ["value"] = 1000,
    });

    public static Task DeleteClassAsync(Scene scene) => scene.Cluster.DeleteAsync($"{Classes}/{scene.Namespace}");

    public static bool IsReady(JsonElement pod) =>
        pod.Member("status").Member("conditions").Items().Any(each => each.Text("type") == "Ready" && each.Text("status") == "True");

    public async ValueTask DisposeAsync()
    {
        // The pods go, so that those of many scenarios do not pile up; what the operator thinks of that is no part of a scenario.
        foreach (var set in (await Cluster.FindAsync($"/apis/apps/v1/namespaces/{Namespace}/statefulsets")).GetValueOrDefault().Member("items").Items())
        {
            await Cluster.DeleteAsync($"/apis/apps/v1/namespaces/{Namespace}/statefulsets/{set.Member("metadata").Text("name")}");
        }
    }

    private static string WordsOf(JsonElement rollout, string reason)
    {
        var status = rollout.Member("status");
        if (status.Member("current").Text("reason") == reason)
        {
            return status.Member("current").Text("waitingFor");
        }

        foreach (var pod in status.Member("pods").Items())
        {
            if (pod.Text("reason") == reason)
            {
                return pod.Text("message");
            }
        }

        return Workload.Condition(rollout, "Succeeded") is var (_, why, words) && why == reason ? words : "";
    }
}
