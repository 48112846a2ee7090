using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Integration.Runtime;

/// <summary>What a watch at rest costs the server: of a kind of which there is nothing, a real one has not even bookmarks to send.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class WatchAtRestTests(ClusterKind kind)
{
    [Test]
    public async Task A_kind_of_which_there_is_nothing_is_listed_once_and_watched_on()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.KubeconfigPath }, TimeProvider.System);
        using var metrics = new RuntimeMetrics("test");
        var counting = new Counting(transport);
        var api = new KubernetesApi(counting, new KubernetesApiSettings("rest-test", TimeSpan.FromSeconds(30)), TimeProvider.System, metrics);
        var settings = new InformerSettings { IdleTimeout = TimeSpan.FromSeconds(20), WatchTimeout = TimeSpan.FromSeconds(20) };
        var budgets = new Informer<EntityItem<V1PodDisruptionBudget>>(api, ResourceKind.Of<V1PodDisruptionBudget>(), Projections.Model<V1PodDisruptionBudget>(), [], settings, TimeProvider.System, new Random(1), metrics, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = budgets.RunAsync(stop.Token);
        try
        {
            await cluster.UntilAsync("the watch was taken up again", () => Task.FromResult(counting.Watches > 1), () => Task.FromResult(string.Join('\n', counting.Requests)));
            Assert.That(counting.Requests.Where(each => !each.Contains("watch=true", StringComparison.Ordinal)), Has.Exactly(1).Items, "lists");

            await cluster.CreateAsync("/apis/policy/v1/namespaces/default/poddisruptionbudgets", JsonNode.Parse("""{"metadata":{"name":"web"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}}""")!.AsObject());
            await cluster.UntilAsync("the budget is seen", () => Task.FromResult(budgets.Store.Find(new NamespacedName("default", "web")) is not null));
            Assert.That(counting.Requests.Where(each => !each.Contains("watch=true", StringComparison.Ordinal)), Has.Exactly(1).Items, "lists");
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }

    private sealed class Counting(IApiTransport inner) : IApiTransport
    {
        public ConcurrentQueue<string> Requests { get; } = [];

        public int Watches => Requests.Count(each => each.Contains("watch=true", StringComparison.Ordinal));

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            Requests.Enqueue(request.PathAndQuery);
            return inner.SendAsync(request, cancellationToken);
        }

        public Task<ApiResponse?> ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
        {
            Requests.Enqueue(request.PathAndQuery);
            return inner.ReadAsync(request, readAsync, cancellationToken);
        }

        public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            Requests.Enqueue(request.PathAndQuery);
            return inner.OpenAsync(request, cancellationToken);
        }
    }
}
