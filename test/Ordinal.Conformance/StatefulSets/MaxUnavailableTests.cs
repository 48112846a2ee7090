using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>The feature gate MaxUnavailableStatefulSet, which is off by default in 1.36.</summary>
public sealed class MaxUnavailableTests(ClusterKind kind) : ConformanceTests(kind)
{
    [Test, Rule("S19")]
    public async Task No_more_than_max_unavailable_are_away_and_the_partition_holds()
    {
        var web = await Workload.StartAsync(Space, Document(6, true, """{"type":"RollingUpdate","rollingUpdate":{"partition":2,"maxUnavailable":2}}"""));
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("four are updated", () => web.Pods.Count(pod => pod.Image() is "app:v2" && pod.IsReady()) == 4);
        await Space.SettleAsync();
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v1", "app:v2", "app:v2", "app:v2", "app:v2" }));
        Assert.That(web.MostAway(6), Is.EqualTo(2));
        Assert.That(web.Deleted().Take(2), Is.EquivalentTo(new[] { "web-5", "web-4" }));
    }

    [Test, Rule("S19")]
    public async Task An_unavailable_pod_below_the_partition_uses_up_the_budget()
    {
        var web = await Workload.StartAsync(Space, Document(4, true, """{"type":"RollingUpdate","rollingUpdate":{"partition":2,"maxUnavailable":1}}"""));
        await web.MakeReadyAsync(0, false);
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        await web.MakeReadyAsync(0, true);
        await Space.UntilAsync("two are updated", () => web.Pods.Count(pod => pod.Image() is "app:v2" && pod.IsReady()) == 2);
    }

    [Test, Rule("S20")]
    public async Task Under_OrderedReady_two_are_deleted_at_once_and_made_again_in_order()
    {
        // They take their time to stop, so that the controller has seen both go before the first is gone.
        var web = await Workload.StartAsync(Space, Document(4, false, """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":2}}""") with { PodAnnotations = new() { ["sim.ordinal.dev/stop-delay"] = "2s" } });
        var made = web.Created().Length;
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.Created().Skip(made), Is.EqualTo(new[] { "web-2", "web-3", "web-0", "web-1" }));
        Assert.That(web.MostAway(4), Is.EqualTo(2));
    }

    [Test, Rule("S19")]
    public async Task An_old_broken_pod_uses_up_the_budget_that_would_replace_it()
    {
        // kubernetes #137409; announced to end with #137666 in 1.37.
        var web = await Workload.StartAsync(Space, Document(3, true, """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1}}"""));
        await web.MakeReadyAsync(0, false);
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync() => await Space.CreateAsync(await SharedClusters.GetAsync(Kind, ClusterVariant.MaxUnavailable));

    private static StatefulSetDocument Document(int replicas, bool isParallel, string strategy) => new() { Replicas = replicas, IsParallel = isParallel, Strategy = strategy };
}

/// <summary>What is announced for 1.37. No real cluster at hand can confirm it.</summary>
[NotOn(ClusterKind.Real, "the behaviour is announced for 1.37; the real cluster is a 1.36")]
public sealed class Kubernetes137Tests(ClusterKind kind) : ConformanceTests(kind)
{
    [Test, Rule("S19")]
    public async Task An_old_broken_pod_is_replaced_under_Parallel()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = true, Strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1}}""" });
        await web.MakeReadyAsync(0, false);
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("S14")]
    public async Task OnDelete_completes()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, Strategy = """{"type":"OnDelete"}""" });
        await web.ChangeImageAsync("app:v2");
        await web.LoseAsync(0);
        await web.LoseAsync(1);
        await web.UntilCompleteAsync();
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync() => await Space.CreateAsync(await SharedClusters.GetAsync(Kind, ClusterVariant.Kubernetes137));
}
