using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>Gives each ClusterRole with an aggregation rule the rules of all ClusterRoles that its selectors choose.</summary>
public sealed class RoleAggregationController : KeyedController<ObjectKey>
{
    private static readonly ResourceKind ClusterRoles = new("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false);

    private readonly ClusterClient client;
    private readonly ObjectStore roles;

    /// <summary>Makes the controller and asks for the kind that it reads.</summary>
    public RoleAggregationController(ClusterClient client, ClusterCache cache, TimeProvider timeProvider, ILogger logger)
        : base("clusterrole-aggregation", timeProvider, logger)
    {
        this.client = client;
        roles = cache.Of(ClusterRoles);

        // Any role may belong to, or be, any aggregated one.
        roles.Subscribe(_ =>
        {
            foreach (KubeObject role in roles.List().Where(IsAggregated))
            {
                Queue.Add(role.Key);
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (roles.Get(key) is not { } role || !IsAggregated(role))
        {
            return;
        }

        JsonArray wanted = Rules(role);
        JsonObject document = role.ToMutable();
        if (JsonNode.DeepEquals(document["rules"] ?? new JsonArray(), wanted))
        {
            return;
        }

        document["rules"] = wanted;
        try
        {
            await client.ReplaceAsync(ClusterRoles, key, document, "", cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // It is gone.
        }
    }

    private static bool IsAggregated(KubeObject role) => role.Root.TryGetProperty("aggregationRule", out JsonElement rule) && rule.ValueKind == JsonValueKind.Object;

    private JsonArray Rules(KubeObject aggregated)
    {
        LabelSelector[] selectors = [.. aggregated.Root.ItemsAt("aggregationRule", "clusterRoleSelectors").Select(LabelSelector.Read)];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var rules = new JsonArray();
        foreach (KubeObject role in roles.List().Where(r => r.Name != aggregated.Name && selectors.Any(s => s.Matches(r.Labels))).OrderBy(r => r.Name, StringComparer.Ordinal))
        {
            foreach (JsonElement rule in role.Root.ItemsAt("rules"))
            {
                if (seen.Add(rule.GetRawText()))
                {
                    rules.Add(JsonNode.Parse(rule.GetRawText()));
                }
            }
        }

        return rules;
    }
}
