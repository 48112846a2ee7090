using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Crds;

namespace Ordinal.Benchmarks;

/// <summary>An embedded control plane with simulated pods in this process, served over HTTPS, with our kinds installed.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private const string Namespace = "default";
    private static readonly ResourceKind Definitions = new("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
    private static readonly ResourceKind Policies = new("ordinal.dev/v1alpha1", "RolloutPolicy", "rolloutpolicies");
    private static readonly ResourceKind Rollouts = new("ordinal.dev/v1alpha1", "StatefulSetRollout", "statefulsetrollouts");
    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-bench-").FullName;
    private EmbeddedCluster? cluster;
    private ApiServer? server;
    private ControlPlaneHost? host;

    private BenchCluster()
    {
    }

    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    /// <summary>Gets the API server, whose request counts are a figure.</summary>
    public ApiServer Server => server!;

    /// <summary>Gets the way in for whoever prepares and watches the measurement: in process, so that it costs little.</summary>
    public ClusterClient Client { get; private set; } = null!;

    /// <summary>Starts a cluster.</summary>
    /// <param name="bootTime">From binding to ready; a pod stops in 20 ms.</param>
    /// <param name="faults">Sees every request; null for nobody.</param>
    public static async Task<BenchCluster> StartAsync(TimeSpan bootTime, IApiFaults? faults, CancellationToken cancellationToken)
    {
        var embedded = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions
            {
                Nodes = 1,
                Pods = new SimulatedScript(bootTime, TimeSpan.FromMilliseconds(20), SimulatedFailure.None, true),
                ApiServer = new ApiServerOptions { Faults = faults ?? NoFaults.Instance },
            },
            TimeProvider.System,
            cancellationToken);
        return await ServeAsync(embedded.Server, embedded, cancellationToken);
    }

    /// <summary>Starts an API server alone: objects are what they were written as, and nobody else spends the processor's time.</summary>
    /// <param name="faults">Sees every request; null for nobody.</param>
    public static Task<BenchCluster> StartBareAsync(IApiFaults? faults, CancellationToken cancellationToken) =>
        ServeAsync(new ApiServer(TimeProvider.System, new ApiServerOptions { Faults = faults ?? NoFaults.Instance }), null, cancellationToken);

    /// <summary>Creates a StatefulSet and waits until its pods are available.</summary>
    public async Task CreateSetAsync(string name, int replicas, string management, CancellationToken cancellationToken)
    {
        await Client.CreateAsync(
            ResourceKind.StatefulSets,
            Namespace,
            new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "StatefulSet",
                ["metadata"] = new JsonObject { ["name"] = name },
                ["spec"] = new JsonObject
                {
                    ["serviceName"] = name,
                    ["replicas"] = replicas,
                    ["podManagementPolicy"] = management,
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                    ["template"] = new JsonObject
                    {
                        ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                        ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }) },
                    },
                },
            },
            cancellationToken);
        await UntilAsync(
            $"the pods of {name} are available", async () => (await SetAsync(name, cancellationToken)).Root.NumberAt("status", "availableReplicas") == replicas, cancellationToken);
    }

    /// <summary>Creates a policy for one StatefulSet; it waits for nothing but readiness unless <paramref name="gates"/> says so.</summary>
    public Task CreatePolicyAsync(string name, string driver, int maxUnavailable, JsonArray? gates, CancellationToken cancellationToken) => Client.CreateAsync(
        Policies,
        Namespace,
        new JsonObject
        {
            ["apiVersion"] = "ordinal.dev/v1alpha1",
            ["kind"] = "RolloutPolicy",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["targets"] = new JsonObject { ["statefulSets"] = new JsonArray(new JsonObject { ["name"] = name }) },
                ["update"] = new JsonObject { ["driver"] = driver, ["minReadyDuration"] = "0s", ["maxUnavailable"] = maxUnavailable },
                ["gates"] = gates ?? [],
            },
        },
        cancellationToken);

    /// <summary>Returns a StatefulSet's partition; null when it has none.</summary>
    public async Task<long?> PartitionAsync(string name, CancellationToken cancellationToken) =>
        (await SetAsync(name, cancellationToken)).Root.NumberAt("spec", "updateStrategy", "rollingUpdate", "partition");

    /// <summary>Waits until a policy has adopted its StatefulSet and holds it.</summary>
    public Task UntilHeldAsync(string name, CancellationToken cancellationToken) => UntilAsync(
        $"{name} is held",
        async () => await PartitionAsync(name, cancellationToken) >= 999_999_999
            && await ConditionAsync(Policies, name, "Ready", cancellationToken) == "True",
        cancellationToken);

    /// <summary>Changes the image in a template, which makes a new revision.</summary>
    public Task ChangeTemplateAsync(string name, string image, CancellationToken cancellationToken) => Client.StrategicPatchAsync(
        ResourceKind.StatefulSets,
        new ObjectKey(Namespace, name),
        new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = image }) } },
            },
        },
        "",
        cancellationToken);

    /// <summary>Returns whether the last of a StatefulSet's pods runs what the template says and is available.</summary>
    public async Task<bool> IsRolledAsync(string name, CancellationToken cancellationToken)
    {
        var set = await SetAsync(name, cancellationToken);
        var status = set.Root;
        return status.NumberAt("status", "observedGeneration") == set.Generation
            && status.NumberAt("status", "updatedReplicas") == status.NumberAt("spec", "replicas")
            && status.NumberAt("status", "availableReplicas") == status.NumberAt("spec", "replicas")
            && status.TextAt("status", "currentRevision") == status.TextAt("status", "updateRevision");
    }

    /// <summary>Waits until every rollout in the cluster has ended.</summary>
    /// <exception cref="InvalidOperationException">One of them failed: what was measured is not what was meant.</exception>
    public async Task UntilRolloutsEndAsync(int count, CancellationToken cancellationToken)
    {
        List<JsonElement> all = [];
        await UntilAsync(
            $"{count} rollouts have ended",
            async () =>
            {
                all = await ListAsync(Rollouts, cancellationToken);
                return all.Count(rollout => Condition(rollout, "Finished").Status == "True") >= count;
            },
            cancellationToken);
        if (all.FirstOrDefault(rollout => Condition(rollout, "Succeeded").Status == "False") is { ValueKind: JsonValueKind.Object } failed)
        {
            throw new InvalidOperationException($"a rollout failed: {Condition(failed, "Succeeded").Message}");
        }
    }

    /// <summary>Waits until a rollout of the cluster waits for the reason given.</summary>
    public Task UntilRolloutWaitsAsync(string reason, CancellationToken cancellationToken) => UntilAsync(
        $"a rollout waits: {reason}",
        async () => (await ListAsync(Rollouts, cancellationToken)).Exists(rollout => rollout.GetRawText().Contains(reason, StringComparison.Ordinal)),
        cancellationToken);

    /// <summary>Looks until something is so.</summary>
    /// <exception cref="TimeoutException">It was not so within five minutes.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(5))
            {
                throw new TimeoutException($"not within 5 minutes: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            await host.DisposeAsync();
        }

        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<BenchCluster> ServeAsync(ApiServer server, EmbeddedCluster? embedded, CancellationToken cancellationToken)
    {
        var started = new BenchCluster { cluster = embedded, server = server, Client = new ClusterClient(new InProcessDoor(server), "bench/1") };
        try
        {
            started.host = await ControlPlaneHost.StartAsync(server, new ControlPlaneHostOptions(IPAddress.Loopback), TimeProvider.System, cancellationToken);
            await started.host.WriteKubeconfigAsync(started.Kubeconfig, "bench", cancellationToken);
            foreach (var kind in GeneratedFiles.Kinds)
            {
                await started.Client.CreateAsync(Definitions, "", CrdGenerator.Generate(kind), cancellationToken);
            }

            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    private static (string Status, string Message) Condition(JsonElement of, string type) => of.ItemsAt("status", "conditions")
        .Where(condition => condition.TextAt("type") == type)
        .Select(condition => (condition.TextAt("status") ?? "", condition.TextAt("message") ?? ""))
        .FirstOrDefault(("", ""));

    private async Task<string> ConditionAsync(ResourceKind kind, string name, string type, CancellationToken cancellationToken) =>
        await Client.GetAsync(kind, new ObjectKey(Namespace, name), cancellationToken) is { } found ? Condition(found.Root, type).Status : "";

    private async Task<KubeObject> SetAsync(string name, CancellationToken cancellationToken) =>
        await Client.GetAsync(ResourceKind.StatefulSets, new ObjectKey(Namespace, name), cancellationToken)
        ?? throw new InvalidOperationException($"StatefulSet {Namespace}/{name} is not there");

    private async Task<List<JsonElement>> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        [.. (await Client.ListPageAsync(kind.CollectionPath(Namespace), "", cancellationToken)).ItemsAt("items")];
}
