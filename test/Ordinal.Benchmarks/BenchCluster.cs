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

/// <summary>A control plane with simulated pods and our kinds installed: an embedded one, in this process unless it is said, served over HTTPS; or a real one.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private const string Namespace = "default";
    private static readonly ResourceKind Definitions = new("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
    private static readonly ResourceKind Policies = new("ordinal.dev/v1alpha1", "RolloutPolicy", "rolloutpolicies");
    private static readonly ResourceKind Rollouts = new("ordinal.dev/v1alpha1", "StatefulSetRollout", "statefulsetrollouts");
    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-bench-").FullName;
    private EmbeddedCluster? cluster;
    private ControlPlaneHost? host;
    private ClusterRun? apart;
    private RealRun? real;
    private HttpDoor? realDoor;
    private SentRequests? sent;

    private BenchCluster()
    {
    }

    public string Kubeconfig => real?.Kubeconfig ?? apart?.Kubeconfig ?? Path.Combine(folder, "kubeconfig");

    /// <summary>Gets the way in for whoever prepares and watches the measurement: in process where that can be, so that it costs little.</summary>
    public ClusterClient Client { get; private set; } = null!;

    /// <summary>Gets how long to wait between two looks: a real API server spends ten times as much on one, on the processors that are measured.</summary>
    private TimeSpan? Pause => real is null ? null : TimeSpan.FromMilliseconds(100);

    /// <summary>Starts a cluster on which requests of the operator are noted.</summary>
    /// <param name="bootTime">From binding to ready; a pod stops in 20 ms.</param>
    public static async Task<BenchCluster> StartNotedAsync(BenchPlane plane, TimeSpan bootTime, CancellationToken cancellationToken)
    {
        if (plane is BenchPlane.Real)
        {
            return await StartRealAsync(bootTime, 1, isAudited: true, cancellationToken);
        }

        var noted = new SentRequests();
        var started = await StartAsync(bootTime, noted, cancellationToken);
        started.sent = noted;
        return started;
    }

    /// <summary>Starts a real control plane.</summary>
    /// <param name="bootTime">From binding to ready; a pod stops in 20 ms.</param>
    /// <param name="nodes">How many nodes; each has room for 5,000 pods.</param>
    /// <param name="isAudited">Whether requests are noted.</param>
    public static async Task<BenchCluster> StartRealAsync(TimeSpan bootTime, int nodes, bool isAudited, CancellationToken cancellationToken)
    {
        var run = await RealRun.StartAsync(bootTime, nodes, isAudited, cancellationToken);
        var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(run.Kubeconfig) with { UserAgent = "bench/1", Timeout = TimeSpan.FromMinutes(2) }, TimeProvider.System);
        var started = new BenchCluster { real = run, realDoor = door, Client = new ClusterClient(door, "bench/1") };
        try
        {
            await started.InstallAsync(cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the requests of the operator so far, in their order.</summary>
    /// <exception cref="InvalidOperationException">They are not noted.</exception>
    public async Task<IReadOnlyList<SentRequest>> SentAsync(CancellationToken cancellationToken) =>
        sent is not null ? sent.Read()
        : real is not null ? await AuditLog.ReadAsync(real.AuditLog, cancellationToken)
        : throw new InvalidOperationException("requests are not noted on this cluster");

    /// <summary>Starts a cluster.</summary>
    /// <param name="bootTime">From binding to ready; a pod stops in 20 ms.</param>
    /// <param name="faults">Sees every request; null for nobody.</param>
    /// <param name="nodes">How many nodes; each has room for 5,000 pods.</param>
    public static async Task<BenchCluster> StartAsync(TimeSpan bootTime, IApiFaults? faults, CancellationToken cancellationToken, int nodes = 1)
    {
        var embedded = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions
            {
                Nodes = nodes,
                Pods = new SimulatedScript(bootTime, TimeSpan.FromMilliseconds(20), SimulatedFailure.None, true),
                ApiServer = new ApiServerOptions { Faults = faults ?? NoFaults.Instance },
            },
            TimeProvider.System,
            cancellationToken);
        return await ServeAsync(embedded.Server, embedded, cancellationToken);
    }

    /// <summary>Starts a cluster as a process of its own: its garbage is collected without stopping what is measured in this one.</summary>
    /// <param name="delay">How long a pod takes to become ready, and to stop.</param>
    public static async Task<BenchCluster> StartApartAsync(BenchPlane plane, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (plane is BenchPlane.Real)
        {
            return await StartRealAsync(delay, 1, isAudited: false, cancellationToken);
        }

        var run = await ClusterRun.StartAsync(1, delay, cancellationToken);
        var started = new BenchCluster { apart = run, Client = run.Client };
        try
        {
            await started.InstallAsync(cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
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
            $"the pods of {name} are available", async () => (await SetAsync(name, cancellationToken)).Root.NumberAt("status", "availableReplicas") == replicas, cancellationToken, Pause);
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

    /// <summary>Waits until the operator has put its finalizer on a policy, which is the first thing that it does about one; looks every 5 ms.</summary>
    /// <returns>When that was seen, as a time stamp of the system.</returns>
    public async Task<long> UntilReconciledAsync(string name, CancellationToken cancellationToken)
    {
        await UntilAsync(
            $"{name} is reconciled",
            async () => await Client.GetAsync(Policies, new ObjectKey(Namespace, name), cancellationToken) is { } policy && policy.Root.At("metadata", "finalizers").ValueKind is JsonValueKind.Array,
            cancellationToken,
            TimeSpan.FromMilliseconds(5));
        return TimeProvider.System.GetTimestamp();
    }

    /// <summary>Waits until a policy has adopted its StatefulSet and holds it.</summary>
    public Task UntilHeldAsync(string name, CancellationToken cancellationToken) => UntilAsync(
        $"{name} is held",
        async () => await PartitionAsync(name, cancellationToken) >= 999_999_999
            && await ConditionAsync(Policies, name, "Ready", cancellationToken) == "True",
        cancellationToken,
        Pause);

    /// <summary>Waits until a StatefulSet is rolled; returns how long that took.</summary>
    public async Task<TimeSpan> UntilRolledAsync(string name, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        await UntilAsync($"{name} is rolled", () => IsRolledAsync(name, cancellationToken), cancellationToken, Pause);
        return TimeProvider.System.GetElapsedTime(began);
    }

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
    private async Task<bool> IsRolledAsync(string name, CancellationToken cancellationToken)
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
            cancellationToken,
            TimeSpan.FromMilliseconds(250));
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
    /// <param name="pause">Between two looks, 20 ms unless given: longer where looking would disturb what is measured meanwhile.</param>
    /// <exception cref="TimeoutException">It was not so within five minutes.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, CancellationToken cancellationToken, TimeSpan? pause = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(5))
            {
                throw new TimeoutException($"not within 5 minutes: {what}");
            }

            await Task.Delay(pause ?? TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
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

        if (apart is not null)
        {
            await apart.DisposeAsync();
        }

        realDoor?.Dispose();
        if (real is not null)
        {
            await real.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<BenchCluster> ServeAsync(ApiServer server, EmbeddedCluster? embedded, CancellationToken cancellationToken)
    {
        var started = new BenchCluster { cluster = embedded, Client = new ClusterClient(new InProcessDoor(server), "bench/1") };
        try
        {
            started.host = await ControlPlaneHost.StartAsync(server, new ControlPlaneHostOptions(IPAddress.Loopback), TimeProvider.System, cancellationToken);
            await started.host.WriteKubeconfigAsync(started.Kubeconfig, "bench", cancellationToken);
            await started.InstallAsync(cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    private async Task InstallAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in GeneratedFiles.Kinds)
        {
            await Client.CreateAsync(Definitions, "", CrdGenerator.Generate(kind), cancellationToken);
        }

        // A real server serves a kind a moment after its definition, and says 404 or 429 until then.
        foreach (var kind in (ResourceKind[])[Policies, Rollouts])
        {
            var list = new ApiCall("GET", kind.CollectionPath(Namespace)) { UserAgent = "bench/1" };
            await UntilAsync($"{kind.Plural} are served", async () => (await Client.Door.SendAsync(list, cancellationToken)).IsSuccess, cancellationToken, Pause);
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

    /// <summary>Returns how many rollouts there are, how many of them have ended, and how many of those well.</summary>
    public async Task<(int All, int Ended, int Succeeded)> RolloutsAsync(CancellationToken cancellationToken)
    {
        var all = await ListAsync(Rollouts, cancellationToken);
        return (all.Count, all.Count(rollout => Condition(rollout, "Finished").Status == "True"), all.Count(rollout => Condition(rollout, "Succeeded").Status == "True"));
    }

    private async Task<List<JsonElement>> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        [.. (await Client.ListPageAsync(kind.CollectionPath(Namespace), "", cancellationToken)).ItemsAt("items")];
}
