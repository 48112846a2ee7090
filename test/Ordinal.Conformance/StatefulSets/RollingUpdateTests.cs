using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>Which pod moves when, under RollingUpdate and OnDelete.</summary>
public sealed class RollingUpdateTests(ClusterKind kind) : ConformanceTests(kind)
{
    [Test, Rule("S08")]
    public async Task A_rolling_update_goes_from_the_highest_ordinal_down_with_one_pod_away_at_a_time()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        var before = web.CurrentRevision;
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.UpdateRevision, Is.Not.EqualTo(before));
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
        Assert.That(web.MostAway(3), Is.EqualTo(1));
    }

    [Test, Rule("S14")]
    public async Task OnDelete_moves_nothing_by_itself_and_a_lost_pod_returns_at_the_update_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        await web.LoseAsync(1);
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v2", "app:v1" }));
        Assert.That(web.Pod(1)!.Revision(), Is.EqualTo(web.UpdateRevision));
    }

    [Test, Rule("S29")]
    public async Task Another_podManagementPolicy_is_refused_with_the_list_of_what_may_change()
    {
        await Workload.CreateAsync(Space, new StatefulSetDocument());
        var refused = await Space.TryPatchAsync(ResourceKind.StatefulSets, "web", """{"spec":{"podManagementPolicy":"Parallel"}}""");
        refused.Refused(422, "StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
        Assert.That(refused.Causes, Has.Count.EqualTo(1));
    }
}
