using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// Tells the cluster that a node is alive, as a kubelet does: it renews the node's lease every 10 s, and refreshes the node's status
/// every 5 minutes, or at once when somebody else has declared it not ready.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="client">The way to the API server.</param>
/// <param name="timeProvider">Clock of the beats.</param>
/// <param name="logger">Where failures are told.</param>
public sealed partial class NodeHeartbeat(NodeIdentity node, ClusterClient client, TimeProvider timeProvider, ILogger logger)
{
    public const string LeaseNamespace = "kube-node-lease";
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StatusEvery = TimeSpan.FromMinutes(5);
    private readonly ObjectKey lease = new(LeaseNamespace, node.Name);

    /// <summary>Beats until the token is cancelled; that is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset nextStatus = timeProvider.GetUtcNow() + StatusEvery;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RenewAsync(cancellationToken);
                KubeObject? known = await client.GetAsync(ResourceKind.Nodes, new ObjectKey("", node.Name), cancellationToken);
                bool isDoubted = known is not null && !known.Root.ItemsAt("status", "conditions").Any(condition => condition.TextAt("type") == "Ready" && condition.TextAt("status") == "True");

                // A node that somebody has deleted stays so: a kubelet registers when it starts and not again.
                if (known is not null && (isDoubted || timeProvider.GetUtcNow() >= nextStatus))
                {
                    await NodeRegistrar.RefreshAsync(client, node, known, timeProvider, cancellationToken);
                    nextStatus = timeProvider.GetUtcNow() + StatusEvery;
                }
            }
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException)
            {
                Missed(logger, node.Name, failure.Message);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Task.Delay(Beat, timeProvider, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        string now = timeProvider.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        JsonObject spec = new() { ["holderIdentity"] = node.Name, ["leaseDurationSeconds"] = 40, ["renewTime"] = now };
        try
        {
            await client.MergePatchAsync(ResourceKind.Leases, lease, new JsonObject { ["spec"] = spec }, "", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            await client.CreateAsync(
                ResourceKind.Leases,
                lease.Namespace,
                new JsonObject
                {
                    ["apiVersion"] = ResourceKind.Leases.ApiVersion,
                    ["kind"] = ResourceKind.Leases.Kind,
                    ["metadata"] = new JsonObject { ["name"] = lease.Name, ["namespace"] = lease.Namespace },
                    ["spec"] = spec.DeepClone(),
                },
                cancellationToken);
        }
    }

    [LoggerMessage(4102, LogLevel.Debug, "{Node}: a heartbeat is missed: {Failure}")]
    private static partial void Missed(ILogger logger, string node, string failure);
}
