using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// Takes pictures of the cluster, each by plain reads: the screen and the script of the demo then cannot be misled by a watch,
/// which is one of the things that the demo is about.
/// </summary>
internal sealed class Pictures(PlainApi api, Manifest manifest)
{
    private const string Namespace = "default";

    /// <summary>Reads everything once.</summary>
    /// <param name="leader">The pod that leads, as the observer knows it; null when there is none.</param>
    public async Task<ClusterPicture> TakeAsync(string? leader, CancellationToken cancellationToken)
    {
        var policies = api.ListAsync($"/apis/ordinal.dev/v1alpha1/namespaces/{Namespace}/rolloutpolicies", cancellationToken);
        var rollouts = api.ListAsync($"/apis/ordinal.dev/v1alpha1/namespaces/{Namespace}/statefulsetrollouts", cancellationToken);
        var sets = api.ListAsync($"/apis/apps/v1/namespaces/{Namespace}/statefulsets", cancellationToken);
        var pods = api.ListAsync($"/api/v1/namespaces/{Namespace}/pods", cancellationToken);
        var events = api.ListAsync($"/api/v1/namespaces/{Namespace}/events", cancellationToken);
        return new ClusterPicture
        {
            Policy = (await policies).FirstOrDefault(p => p.Name() == manifest.PolicyName),
            // The newest: a drift while one runs supersedes it. RFC 3339 in one form sorts as text.
            Rollout = (await rollouts).Where(r => r.Text("spec", "policyRef", "name") == manifest.PolicyName)
                .OrderBy(r => r.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ThenBy(r => r.Name(), StringComparer.Ordinal).LastOrDefault(),
            StatefulSets = [.. (await sets).Where(s => s.Name() == manifest.SetName)],
            Pods = [.. (await pods).Where(p => p.Items("metadata", "ownerReferences").Any(o => o.Text("name") == manifest.SetName))],
            Events = [.. await events],
            Leader = leader,
        };
    }
}
