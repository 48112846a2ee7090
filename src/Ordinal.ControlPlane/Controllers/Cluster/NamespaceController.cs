using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>
/// Gives each namespace its default service account, and empties one that is being deleted: everything in it is deleted, whatever kinds
/// the server has, then the namespace's own finalizer is taken away.
/// </summary>
public sealed class NamespaceController : KeyedController<ObjectKey>
{
    private readonly ClusterClient client;
    private readonly ObjectStore namespaces;
    private readonly ObjectStore accounts;
    private readonly ApiDiscovery discovery;

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    public NamespaceController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("namespace", timeProvider, logger)
    {
        this.client = client;
        namespaces = cache.Of(ResourceKind.Namespaces);
        accounts = cache.Of(ResourceKind.ServiceAccounts);
        discovery = new ApiDiscovery(client);
        namespaces.Subscribe(change => Queue.Add(change.Latest.Key));
        accounts.Subscribe(change => Queue.Add(new ObjectKey("", change.Latest.Namespace)));
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (namespaces.Get(key) is not { } found)
        {
            return;
        }

        if (found.IsTerminating)
        {
            await EmptyAsync(found, cancellationToken);
        }
        else if (accounts.Get(new ObjectKey(key.Name, "default")) is null)
        {
            await CreateAccountAsync(key.Name, cancellationToken);
        }
    }

    private async Task CreateAccountAsync(string @namespace, CancellationToken cancellationToken)
    {
        JsonObject account = new() { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = @namespace } };
        try
        {
            await client.CreateAsync(ResourceKind.ServiceAccounts, @namespace, account, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsAlreadyExists || failure.IsNamespaceTerminating || failure.IsNotFound)
        {
            // There already, or not needed any more.
        }
    }

    private async Task EmptyAsync(KubeObject dying, CancellationToken cancellationToken)
    {
        int left = 0;
        foreach (ResourceKind kind in await discovery.DeletableNamespacedKindsAsync(cancellationToken))
        {
            JsonElement page = await client.ListPageAsync(kind.CollectionPath(dying.Name), "", cancellationToken);
            foreach (KubeObject item in page.ItemsAt("items").Select(item => new KubeObject(item)))
            {
                left++;
                if (!item.IsTerminating)
                {
                    await DeleteAsync(kind, item, cancellationToken);
                }
            }
        }

        if (left > 0)
        {
            throw new SyncFailedException($"namespace {dying.Name} still had {left} objects");
        }

        JsonObject document = dying.ToMutable();
        JsonObject spec = document["spec"] as JsonObject ?? [];
        spec["finalizers"] = new JsonArray([.. dying.Root.ItemsAt("spec", "finalizers").Where(name => name.GetString() != "kubernetes").Select(name => JsonValue.Create(name.GetString()))]);
        document["spec"] = spec;
        try
        {
            await client.ReplaceAsync(ResourceKind.Namespaces, dying.Key, document, "finalize", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // It is gone.
        }
    }

    private async Task DeleteAsync(ResourceKind kind, KubeObject item, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(kind, item.Key, item.Uid, null, "Background", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode == 409)
        {
            // Gone, or another one by now; the next pass sees.
        }
    }
}
