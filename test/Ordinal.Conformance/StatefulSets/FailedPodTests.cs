using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>Pods that end for good. They run under the kubelet of the recordings, which leaves alone what others write.</summary>
public sealed class FailedPodTests(ClusterKind kind) : ConformanceTests(kind)
{
    [TestCase("Failed", false), TestCase("Succeeded", false), TestCase("Failed", true), Rule("S03")]
    public async Task A_pod_that_ended_is_deleted_and_made_again(string phase, bool isParallel)
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = isParallel });
        var uid = web.Pod(1)!.Uid();
        await Space.PatchAsync(ResourceKind.Pods, "web-1", $$"""{"status":{"phase":"{{phase}}"} }""", subresource: "status");
        await Space.UntilAsync("another web-1 is ready", () => web.Pod(1) is { } pod && pod.Uid() != uid && pod.IsReady());
        await web.UntilCompleteAsync();
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-1" }));
    }

    [Test, Rule("S03")]
    public async Task A_pod_that_ended_below_the_partition_is_made_again_at_the_current_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":2}}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("web-2 is updated", () => web.Pod(2) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
        var uid = web.Pod(0)!.Uid();
        await Space.PatchAsync(ResourceKind.Pods, "web-0", """{"status":{"phase":"Failed"}}""", subresource: "status");
        await Space.UntilAsync("another web-0 is ready", () => web.Pod(0) is { } pod && pod.Uid() != uid && pod.IsReady());
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v1", "app:v2" }));
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync() => await Space.CreateAsync(await SharedClusters.GetAsync(Kind, ClusterVariant.Recorded));
}
