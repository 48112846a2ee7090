using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Metrics;
using Ordinal.TestSupport;

using SimulatedKubelet = Ordinal.ControlPlane.Nodes.Kubelet;

namespace Ordinal.Integration.Operating;

/// <summary>A cluster behind a kubeconfig, embedded over HTTPS or real, with pods that are simulated and our kinds installed.</summary>
internal sealed class SimulatedCluster : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private readonly RuntimeMetrics metrics = new("test");
    private readonly string directory = Directory.CreateTempSubdirectory("ordinal-test-").FullName;
    private ControlPlaneHost? host;
    private RealControlPlane? real;
    private HttpDoor? realDoor;
    private KubernetesTransport? transport;

    private SimulatedCluster()
    {
    }

    /// <summary>Gets the path of the operator's kubeconfig: it is the service account that config/rbac makes, and may what that lets it.</summary>
    public string OperatorKubeconfigPath => Path.Combine(directory, "operator-kubeconfig");

    /// <summary>Gets the path of the administrator's kubeconfig.</summary>
    public string KubeconfigPath => real?.Kubeconfig ?? Path.Combine(directory, "kubeconfig");

    /// <summary>Gets the API as its one user.</summary>
    public IKubernetesApi Api { get; private set; } = null!;

    /// <summary>Gets or sets the operator that runs on it in this process; null while there is none.</summary>
    public RunningOperator? Operator { get; set; }

    /// <summary>Starts a cluster whose pods are ready 50 ms after they are bound.</summary>
    public static async Task<SimulatedCluster> StartAsync(ClusterKind kind)
    {
        var cluster = new SimulatedCluster();
        var door = await cluster.StartControlPlaneAsync(kind);
        var kubelet = new ClusterClient(door, "kubelet/v1.36.2");
        var node = new NodeIdentity("node-1", "127.0.0.1");
        await NodeRegistrar.RegisterAsync(kubelet, node, "", TimeProvider.System, CancellationToken.None);
        var script = new SimulatedScript(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(20), SimulatedFailure.None, true);
        cluster.running.Add(new ControllerManager(door, new ControllerManagerOptions { RunsControllers = kind is ClusterKind.Embedded }, TimeProvider.System, new Random(1), NullLogger.Instance).RunAsync(cluster.stopping.Token));
        cluster.running.Add(new SimulatedKubelet(node, kubelet, new SimulatedRuntime(script, "10.244.0", TimeProvider.System), TimeProvider.System, new Random(2), NullLogger.Instance).RunAsync(cluster.stopping.Token));

        cluster.transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.KubeconfigPath, UserAgent = "test" }, TimeProvider.System);
        cluster.Api = new KubernetesApi(cluster.transport, new KubernetesApiSettings("test", TimeSpan.FromSeconds(30)), TimeProvider.System, cluster.metrics);
        foreach (var entity in GeneratedFiles.Kinds)
        {
            await cluster.CreateAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Ordinal.Runtime.Crds.CrdGenerator.Generate(entity));

            // The server serves a kind a moment after its definition.
            var resource = Ordinal.Runtime.Entities.ResourceKind.Of(entity);
            await cluster.UntilAsync($"{resource.Plural} are served", async () => await cluster.IsServedAsync(resource.CollectionPath("default")));
        }

        await OperatorAccount.InstallAsync(cluster);
        return cluster;
    }

    /// <summary>Creates an object at a collection's path.</summary>
    public async Task<JsonElement> CreateAsync(string path, JsonObject document) => Parse(await SendAsync("POST", path, "application/json", document));

    /// <summary>Patches an object (merge patch).</summary>
    public async Task<JsonElement> PatchAsync(string path, JsonObject patch, string manager = "somebody") =>
        Parse(await SendAsync("PATCH", $"{path}?fieldManager={manager}", PatchTypes.Merge, patch));

    /// <summary>Deletes an object.</summary>
    public Task DeleteAsync(string path) => SendAsync("DELETE", path, null, null);

    /// <summary>Reads an object or a list; null when it is not there.</summary>
    public async Task<JsonElement?> FindAsync(string path)
    {
        try
        {
            return Parse(await SendAsync("GET", path, null, null));
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Waits until the operator, if one runs, has taken in an object as it is now: it watches each kind for itself, and may see writes to two of them in another order.</summary>
    public async Task UntilSeenAsync(string path)
    {
        if (await FindAsync(path) is { } document)
        {
            await UntilSeenAsync(path, document);
        }
    }

    /// <summary>Waits until the operator, if one runs, has taken in an object as the server answered it.</summary>
    public Task UntilSeenAsync(string path, JsonElement document)
    {
        var version = document.Member("metadata").Text("resourceVersion");
        return UntilAsync($"the operator has seen {path} at {version}", () => Task.FromResult(Operator is not { } running || running.HasSeen(path.Split('/')[^2], version)));
    }

    /// <summary>
    /// Waits for a condition; one deadline, far beyond what it needs, and beyond the two minutes for which a PodDisruptionBudget counts an eviction by the pod's name: where its controller
    /// looks late, the new pod of that name counts as away for so long, here as on a real cluster.
    /// </summary>
    public async Task UntilAsync(string what, Func<Task<bool>> isSo, Func<Task<string>>? describe = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        deadline.CancelAfter(TimeSpan.FromMinutes(3));
        while (!await isSo())
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within 3 min: {what}{(describe is null ? "" : "\n" + await describe())}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        transport?.Dispose();
        if (host is not null)
        {
            await host.DisposeAsync();
        }

        realDoor?.Dispose();
        if (real is not null)
        {
            await real.DisposeAsync();
        }

        metrics.Dispose();
        stopping.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task<bool> IsServedAsync(string collection)
    {
        try
        {
            return await FindAsync(collection) is not null;
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.TooManyRequests)
        {
            // "storage is (re)initializing": a real server knows the kind already, and is not ready to store it.
            return false;
        }
    }

    private async Task<IClusterDoor> StartControlPlaneAsync(ClusterKind kind)
    {
        if (kind is ClusterKind.Real)
        {
            real = await RealControlPlane.StartAsync(CancellationToken.None);
            return realDoor = new HttpDoor(HttpDoorOptions.FromKubeconfig(real.Kubeconfig), TimeProvider.System);
        }

        var server = new ApiServer(TimeProvider.System, new ApiServerOptions { BookmarkInterval = TimeSpan.FromSeconds(5) });
        host = await ControlPlaneHost.StartAsync(server, new ControlPlaneHostOptions(IPAddress.Loopback), TimeProvider.System, CancellationToken.None);
        await Kubeconfig.WriteAsync(KubeconfigPath, "test", host.Url, host.CertificateAuthorityPem, host.Token, CancellationToken.None);
        return new InProcessDoor(server);
    }

    private async Task<ReadOnlyMemory<byte>> SendAsync(string method, string path, string? contentType, JsonObject? body) =>
        (await Api.SendAsync(new ApiRequest(method, path) { ContentType = contentType, Body = body is null ? default : JsonSerializer.SerializeToUtf8Bytes(body) }, CancellationToken.None)).Body;

    private static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }
}
