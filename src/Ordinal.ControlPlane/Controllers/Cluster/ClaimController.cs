using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>Calls new claims Bound, for there is always room here, and keeps one that is being deleted until no pod uses it.</summary>
public sealed class ClaimController : KeyedController<ObjectKey>
{
    private const string Protection = "kubernetes.io/pvc-protection";
    private readonly ClusterClient client;
    private readonly ObjectStore claims;
    private readonly ObjectStore pods;

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public ClaimController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("claims", timeProvider, logger)
    {
        this.client = client;
        claims = cache.Of(ResourceKind.Claims);
        pods = cache.Of(ResourceKind.Pods);
        claims.Subscribe(change => Queue.Add(change.Latest.Key));
        pods.Subscribe(change =>
        {
            if (change.After is null)
            {
                foreach (string name in Uses(change.Latest))
                {
                    Queue.Add(new ObjectKey(change.Latest.Namespace, name));
                }
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (claims.Get(key) is not { } claim)
        {
            return;
        }

        if (claim.IsTerminating)
        {
            bool isProtected = claim.Root.ItemsAt("metadata", "finalizers").Any(name => name.GetString() == Protection);
            if (isProtected && !pods.List(key.Namespace).Any(pod => Uses(pod).Contains(key.Name)))
            {
                await ReleaseAsync(claim, cancellationToken);
            }
        }
        else if (claim.Root.TextAt("status", "phase") != "Bound")
        {
            JsonObject document = claim.ToMutable();
            document["status"] = new JsonObject
            {
                ["phase"] = "Bound",
                ["accessModes"] = document["spec"]?["accessModes"]?.DeepClone(),
                ["capacity"] = document["spec"]?["resources"]?["requests"]?.DeepClone(),
            };
            await client.ReplaceAsync(ResourceKind.Claims, key, document, "status", cancellationToken);
        }
    }

    private static IEnumerable<string> Uses(KubeObject pod) =>
        pod.Root.ItemsAt("spec", "volumes").Select(volume => volume.TextAt("persistentVolumeClaim", "claimName")).OfType<string>();

    private async Task ReleaseAsync(KubeObject claim, CancellationToken cancellationToken)
    {
        JsonObject document = claim.ToMutable();
        document["metadata"]!["finalizers"] = new JsonArray([.. claim.Root.ItemsAt("metadata", "finalizers").Where(name => name.GetString() != Protection).Select(name => JsonValue.Create(name.GetString()))]);
        try
        {
            await client.ReplaceAsync(ResourceKind.Claims, claim.Key, document, "", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // It is gone.
        }
    }
}
