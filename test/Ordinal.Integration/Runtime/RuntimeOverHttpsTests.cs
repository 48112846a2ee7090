using System.Net;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Hosting;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;
using Ordinal.Runtime.Leadership;
using Ordinal.Runtime.Metrics;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Runtime;

/// <summary>
/// The runtime against an API server it reaches through a kubeconfig: the embedded one, or a real one when KUBEBUILDER_ASSETS names it.
/// </summary>
[CancelAfter(120_000)]
public sealed class RuntimeOverHttpsTests : IDisposable
{
    private const string Namespace = "default";
    private static readonly NamespacedName Web = new(Namespace, "web");
    private static readonly NamespacedName Web0 = new(Namespace, "web-0");
    private readonly List<IAsyncDisposable> owned = [];
    private readonly RuntimeMetrics metrics = new("test");
    private string kubeconfig = "";
    private string folder = "";

    [SetUp]
    public async Task StartAsync()
    {
        folder = Directory.CreateTempSubdirectory("ordinal-runtime-").FullName;
        if (RealControlPlane.Assets is not null)
        {
            var real = await RealControlPlane.StartAsync(CancellationToken.None);
            owned.Add(real);
            kubeconfig = real.Kubeconfig;
            return;
        }

        var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions(), TimeProvider.System, CancellationToken.None);
        owned.Add(cluster);
        var host = await ControlPlaneHost.StartAsync(cluster.Server, new ControlPlaneHostOptions(IPAddress.Loopback), TimeProvider.System, CancellationToken.None);
        owned.Add(host);
        kubeconfig = Path.Combine(folder, "kubeconfig");
        await host.WriteKubeconfigAsync(kubeconfig, "test", CancellationToken.None);
    }

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var each in Enumerable.Reverse(owned))
        {
            await each.DisposeAsync();
        }

        owned.Clear();
        Directory.Delete(folder, recursive: true);
    }

    [OneTimeTearDown]
    public void Dispose() => metrics.Dispose();

    [Test]
    public async Task Lists_watches_patches_and_evicts_with_their_preconditions(CancellationToken cancellationToken)
    {
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = kubeconfig }, TimeProvider.System);
        var api = new KubernetesApi(transport, new KubernetesApiSettings("runtime-test", TimeSpan.FromSeconds(30)), TimeProvider.System, metrics);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sets = Inform<V1StatefulSet>(api);
        var pods = Inform<V1Pod>(api);
        Task[] running = [sets.RunAsync(stop.Token), pods.RunAsync(stop.Token)];
        await Task.WhenAll(sets.WaitForSyncAsync(cancellationToken), pods.WaitForSyncAsync(cancellationToken));

        // A change made elsewhere reaches the stores.
        await api.CreateRawAsync(ResourceKind.Of<V1StatefulSet>(), Namespace, System.Text.Encoding.UTF8.GetBytes(Manifest), cancellationToken);
        var set = await SeenAsync(sets.Store, Web, _ => true, cancellationToken);
        var pod = await SeenAsync(pods.Store, Web0, _ => true, cancellationToken);

        // A patch whose test fails changes nothing; one whose tests hold is seen under its generation.
        var hold = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 1_000_000_000 } };
        var stale = await RefusalAsync(() => api.JsonPatchAsync<V1StatefulSet>(Web, new JsonPatch().TestUid(set.Uid).TestGeneration(set.Generation + 1).Replace(hold, "spec", "updateStrategy"), cancellationToken));
        Assert.That(stale.Kind, Is.EqualTo(ApiErrorKind.PatchTestFailed));
        var expectations = new WriteExpectations(api, TimeProvider.System);
        var patched = await api.JsonPatchAsync<V1StatefulSet>(Web, new JsonPatch().TestUid(set.Uid).TestGeneration(set.Generation).Replace(hold, "spec", "updateStrategy"), cancellationToken);
        expectations.ExpectGeneration(Web, sets, Web, set.Uid, patched.Metadata.Generation!.Value);
        await UntilAsync(() => expectations.IsSatisfied(Web), h => sets.Store.Subscribe(_ => h()), cancellationToken);
        Assert.That(sets.Store.Find(Web)!.Generation, Is.EqualTo(set.Generation + 1));
        Assert.That(sets.Store.Find(Web)!.Entity.Spec.UpdateStrategy.RollingUpdate.Partition, Is.EqualTo(1_000_000_000));
        Assert.That((await api.GetAsync<V1StatefulSet>(Web, cancellationToken)).Metadata.ManagedFields.Select(entry => entry.Manager), Does.Contain("runtime-test"));

        // An eviction of another incarnation, or of an older version, is refused; the right one replaces the pod. Both preconditions always:
        // by the UID alone the API server tries for ten seconds before it says no (EvictionsRetry in its eviction.go, of pods that do not run).
        pod = await SeenAsync(pods.Store, Web0, _ => true, cancellationToken);
        Assert.That((await RefusalAsync(() => api.EvictAsync(Web0, new Preconditions("00000000-0000-0000-0000-000000000000", pod.ResourceVersion), cancellationToken))).Kind, Is.EqualTo(ApiErrorKind.Conflict));
        Assert.That((await RefusalAsync(() => api.EvictAsync(Web0, new Preconditions(pod.Uid, "1"), cancellationToken))).Kind, Is.EqualTo(ApiErrorKind.Conflict));
        if (RealControlPlane.Assets is null)
        {
            // Its node writes nothing more once it has said that it is ready, so that its version stands. Beside a real control plane there is no node.
            await SeenAsync(pods.Store, Web0, item => item.Entity.Status?.Conditions?.Any(each => each is { Type: "Ready", Status: "True" }) is true, cancellationToken);
        }

        expectations.ExpectGoneOrTerminating(Web, pods, Web0, pod.Uid);
        var live = await api.GetAsync<V1Pod>(Web0, cancellationToken);
        await api.EvictAsync(Web0, new Preconditions(live.Metadata.Uid, live.Metadata.ResourceVersion), cancellationToken, TimeSpan.Zero);
        await UntilAsync(() => expectations.IsSatisfied(Web), h => pods.Store.Subscribe(_ => h()), cancellationToken);
        await SeenAsync(pods.Store, Web0, item => item.Uid != pod.Uid, cancellationToken);
        Assert.That((await RefusalAsync(() => api.EvictAsync(new NamespacedName(Namespace, "web-9"), new Preconditions(pod.Uid), cancellationToken))).Kind, Is.EqualTo(ApiErrorKind.NotFound));

        // A list on demand ends with what the server has, deletions included.
        await api.DeleteAsync<V1StatefulSet>(Web, new Preconditions(set.Uid), cancellationToken, propagationPolicy: "Background");
        await UntilAsync(() => sets.Store.Find(Web) is null, h => sets.Store.Subscribe(_ => h()), cancellationToken);
        await sets.RelistAsync(cancellationToken);
        Assert.That(sets.Store.Find(Web), Is.Null);
        Assert.That(await api.TryGetAsync<V1StatefulSet>(Web, cancellationToken), Is.Null);
        stop.Cancel();
        await Task.WhenAll(running);
    }

    [Test]
    public async Task A_lease_is_taken_renewed_given_back_and_an_event_is_published(CancellationToken cancellationToken)
    {
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = kubeconfig }, TimeProvider.System);
        var api = new KubernetesApi(transport, new KubernetesApiSettings("runtime-test", TimeSpan.FromSeconds(20)), TimeProvider.System, metrics);
        var lease = new NamespacedName(Namespace, "runtime-test");

        // Far apart: no stop of the machine shall cost the lease.
        var settings = new LeaseElectorSettings(lease, "one") { LeaseDuration = TimeSpan.FromSeconds(90), RenewDeadline = TimeSpan.FromSeconds(60), RetryPeriod = TimeSpan.FromMilliseconds(100) };
        var renewed = new TaskCompletionSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var elector = new LeaseElector(api, settings, TimeProvider.System, new Random(1), metrics, NullLogger.Instance);
        await elector.RunAsync(
            async term =>
            {
                var first = await api.GetAsync<V1Lease>(lease, term);
                Assert.That(first.Spec.HolderIdentity, Is.EqualTo("one"));
                while ((await api.GetAsync<V1Lease>(lease, term)).Spec.RenewTime == first.Spec.RenewTime)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, term);
                }

                stop.Cancel();
            },
            stop.Token);
        var given = await api.GetAsync<V1Lease>(lease, cancellationToken);
        Assert.That(given.Spec.HolderIdentity, Is.Null.Or.Empty);

        // A second candidate need not wait the lease out.
        using var secondStop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await new LeaseElector(api, settings with { Identity = "two" }, TimeProvider.System, new Random(2), metrics, NullLogger.Instance).RunAsync(
            _ =>
            {
                secondStop.Cancel();
                return Task.CompletedTask;
            },
            secondStop.Token);
        Assert.That((await api.GetAsync<V1Lease>(lease, cancellationToken)).Spec.LeaseTransitions, Is.EqualTo(1));

        var events = new EventPublisher(api, new EventPublisherSettings("example.dev/test", "one"), TimeProvider.System, metrics, NullLogger.Instance);
        using var eventsStop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var publishing = events.RunAsync(eventsStop.Token);
        events.Publish(new EventTarget(ResourceKind.Of<V1Lease>(), lease, given.Metadata.Uid), EventType.Normal, "Tested", "Test", "a lease was tested");
        IReadOnlyList<Eventsv1Event> found = [];
        while (found.Count == 0)
        {
            found = [.. (await api.ListAsync<Eventsv1Event>(new ListQuery { InNamespace = Namespace }, cancellationToken)).Where(each => each.Reason == "Tested")];
        }

        Assert.That((found[0].Note, found[0].Regarding.Uid, found[0].ReportingController), Is.EqualTo(("a lease was tested", given.Metadata.Uid, "example.dev/test")));
        eventsStop.Cancel();
        await publishing;
    }

    private const string Manifest = """
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"serviceName":"web","replicas":1,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"app:v1"}]}}}}
        """;

    private Informer<EntityItem<TEntity>> Inform<TEntity>(KubernetesApi api)
        where TEntity : class, k8s.IKubernetesObject<V1ObjectMeta> =>
        new(api, ResourceKind.Of<TEntity>(), Projections.Model<TEntity>(), [], new InformerSettings { Namespaces = [Namespace] }, TimeProvider.System, new Random(1), metrics, NullLogger.Instance);

    private static async Task<EntityItem<TEntity>> SeenAsync<TEntity>(IStore<EntityItem<TEntity>> store, NamespacedName key, Func<EntityItem<TEntity>, bool> condition, CancellationToken cancellationToken)
        where TEntity : class, k8s.IKubernetesObject<V1ObjectMeta>
    {
        await UntilAsync(() => store.Find(key) is { } item && condition(item), handler => store.Subscribe(_ => handler()), cancellationToken);
        return store.Find(key)!;
    }

    private static async Task UntilAsync(Func<bool> condition, Func<Action, IDisposable> subscribe, CancellationToken cancellationToken)
    {
        var changed = new SemaphoreSlim(0);
        using var subscription = subscribe(() => changed.Release());
        while (!condition())
        {
            await changed.WaitAsync(cancellationToken);
        }
    }

    private static async Task<ApiException> RefusalAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (ApiException error)
        {
            return error;
        }

        throw new AssertionException("it was not refused");
    }
}
