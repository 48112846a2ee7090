using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Cluster;

/// <summary>Finds out which kinds a server has, custom ones included.</summary>
public sealed class ApiDiscovery(ClusterClient client)
{
    /// <summary>Gets every namespaced kind that can be listed and deleted, one version of each, in the server's order.</summary>
    public async Task<IReadOnlyList<ResourceKind>> DeletableNamespacedKindsAsync(CancellationToken cancellationToken)
    {
        List<ResourceKind> kinds = [];
        foreach (string version in await PreferredVersionsAsync(cancellationToken))
        {
            foreach (JsonElement resource in await ResourcesAsync(version, cancellationToken))
            {
                if (resource.FlagAt("namespaced") == true && HasVerb(resource, "list") && HasVerb(resource, "delete"))
                {
                    ResourceKind kind = KindOf(version, resource);

                    // Events are served by two groups from one store.
                    if (!kinds.Any(known => known.Kind == kind.Kind && known.Plural == kind.Plural && kind.Kind == "Event"))
                    {
                        kinds.Add(kind);
                    }
                }
            }
        }

        return kinds;
    }

    /// <summary>Finds the path of a kind by its version and name; null when the server does not have it.</summary>
    public async Task<ResourceKind?> FindAsync(string apiVersion, string kind, CancellationToken cancellationToken)
    {
        try
        {
            foreach (JsonElement resource in await ResourcesAsync(apiVersion, cancellationToken))
            {
                if (resource.TextAt("kind") == kind && resource.TextAt("name") is { } name && !name.Contains('/', StringComparison.Ordinal))
                {
                    return KindOf(apiVersion, resource);
                }
            }

            return null;
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }

    private static ResourceKind KindOf(string version, JsonElement resource) =>
        new(version, resource.TextAt("kind") ?? "", resource.TextAt("name") ?? "", resource.FlagAt("namespaced") ?? true);

    private static bool HasVerb(JsonElement resource, string verb) => resource.ItemsAt("verbs").Any(known => known.GetString() == verb);

    private async Task<IReadOnlyList<JsonElement>> ResourcesAsync(string version, CancellationToken cancellationToken)
    {
        string path = new ResourceKind(version, "", "").GroupPath;
        return [.. (await client.ListPageAsync(path, "", cancellationToken)).ItemsAt("resources")];
    }

    private async Task<IReadOnlyList<string>> PreferredVersionsAsync(CancellationToken cancellationToken)
    {
        JsonElement groups = await client.ListPageAsync("/apis", "", cancellationToken);
        return ["v1", .. groups.ItemsAt("groups").Select(group => group.TextAt("preferredVersion", "groupVersion") ?? group.ItemsAt("versions").First().TextAt("groupVersion") ?? "").Where(version => version.Length > 0)];
    }
}
