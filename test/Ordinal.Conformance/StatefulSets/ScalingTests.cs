using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>How pods come and go with the number of replicas and the range of ordinals.</summary>
public sealed class ScalingTests(ClusterKind kind) : ConformanceTests(kind)
{
    [Test, Rule("S04")]
    public async Task A_predecessor_that_fails_and_recovers_leaves_no_deadlock()
    {
        var web = await Workload.CreateAsync(Space, new StatefulSetDocument());
        await Space.UntilAsync("web-1 is there", () => web.Pod(1) is not null);
        await web.MakeReadyAsync(0, false);
        await web.MakeReadyAsync(0, true);
        await web.UntilCompleteAsync();
    }

    [Test, Rule("S05")]
    public async Task An_ordered_scale_up_waits_for_an_unready_pod()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 1 });
        await web.MakeReadyAsync(0, false);
        await web.ScaleAsync(3);
        await Space.SettleAsync();
        Assert.That(web.PodNames, Is.EqualTo(new[] { "web-0" }));
        await web.MakeReadyAsync(0, true);
        await web.UntilCompleteAsync();
    }

    [Test, Rule("S06")]
    public async Task An_ordered_scale_down_halts_with_two_unhealthy_pods_and_goes_from_the_top_once_they_are_healthy()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await web.MakeReadyAsync(0, false);
        await web.MakeReadyAsync(2, false);
        await web.ScaleAsync(0);
        await Space.SettleAsync();
        Assert.That(web.Deleted(), Is.Empty);
        await web.MakeReadyAsync(2, true);
        await Space.UntilAsync("all are gone", () => web.Pods.IsEmpty);
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
    }

    [Test, Rule("S06")]
    public async Task One_unhealthy_condemned_pod_is_in_nobodys_way()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await web.MakeReadyAsync(0, false);
        await web.ScaleAsync(0);
        await Space.UntilAsync("all are gone", () => web.Pods.IsEmpty);
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
    }

    [Test, Rule("S06")]
    public async Task An_unhealthy_wanted_pod_blocks_an_ordered_scale_down()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await web.MakeReadyAsync(0, false);
        await web.ScaleAsync(1);
        await Space.SettleAsync();
        Assert.That(web.Deleted(), Is.Empty);
        await web.MakeReadyAsync(0, true);
        await Space.UntilAsync("one is left", () => web.Pods.Length == 1);
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-2", "web-1" }));
    }

    [Test, Rule("S06")]
    public async Task An_ordered_scale_down_takes_one_pod_at_a_time()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 4 });
        await web.ScaleAsync(1);
        await Space.UntilAsync("one is left", () => web.Pods.Length == 1);
        var leaving = 0;
        foreach (var seen in Space.Events.Where(seen => seen.Kind == ResourceKind.Pods))
        {
            leaving += seen.Type is "DELETED" ? -1 : seen.Item.Meta().Number("deletionGracePeriodSeconds") > 0 && seen.Item.IsTerminating() && IsFirst(seen) ? 1 : 0;
            Assert.That(leaving, Is.LessThan(2));
        }

        bool IsFirst(Seen seen) => Space.Events.First(each => each.Kind == ResourceKind.Pods && each.Item.Uid() == seen.Item.Uid() && each.Item.IsTerminating()) == seen;
    }

    [Test, Rule("S07")]
    public async Task A_parallel_set_scales_up_and_down_whatever_the_pods_health()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = true });
        await web.MakeReadyAsync(0, false);
        await web.MakeReadyAsync(2, false);
        await web.ScaleAsync(5);
        await Space.UntilAsync("five are there", () => web.Pods.Length == 5);
        await web.ScaleAsync(0);
        await Space.UntilAsync("none is there", () => web.Pods.IsEmpty && web.Set.Count("replicas") == 0);
        await web.ScaleAsync(3);
        await web.UntilCompleteAsync();
    }

    [Test, Rule("S07")]
    public async Task A_parallel_set_makes_many_pods_at_once()
    {
        var web = await Workload.CreateAsync(Space, new StatefulSetDocument { IsParallel = true, Replicas = 60 });
        await web.UntilCompleteAsync();
        Assert.That(web.Pods, Has.Length.EqualTo(60));
    }

    [Test, Rule("S16")]
    public async Task An_ordered_scale_down_waits_until_the_pods_are_available()
    {
        var web = await Workload.CreateAsync(Space, new StatefulSetDocument { Replicas = 2, IsParallel = false, MinReadySeconds = 0 });
        await web.UntilCompleteAsync();
        await web.PatchAsync("""{"spec":{"minReadySeconds":3600}}""");
        await web.ScaleAsync(1);
        await Space.SettleAsync();
        Assert.That(web.Deleted(), Is.Empty);
        await web.PatchAsync("""{"spec":{"minReadySeconds":0}}""");
        await Space.UntilAsync("one is left", () => web.Pods.Length == 1);
    }

    [Test, Rule("S23")]
    public async Task Pods_follow_the_start_ordinal_up_down_and_away()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2 });
        await web.PatchAsync("""{"spec":{"ordinals":{"start":3}}}""");
        await UntilAsync("web-3", "web-4");
        Assert.That(web.Pod(3)!.Label("apps.kubernetes.io/pod-index"), Is.EqualTo("3"));
        await web.PatchAsync("""{"spec":{"ordinals":{"start":2}}}""");
        await UntilAsync("web-2", "web-3");
        await web.PatchAsync("""{"spec":{"ordinals":null}}""");
        await UntilAsync("web-0", "web-1");

        Task UntilAsync(params string[] names) => Space.UntilAsync(string.Join(' ', names), () => web.PodNames.SequenceEqual(names) && web.Pods.All(pod => pod.IsReady()));
    }

    [Test, Rule("S23")]
    public async Task The_partition_counts_from_the_start_ordinal()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Start = 5, Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":2}}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("web-7 is updated", () => web.Pod(7) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
        await Space.SettleAsync();
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v1", "app:v2" }));
    }

    [TestCase(1_000_000_000), TestCase(2147483647), Rule("T21")]
    public async Task A_hold_far_beyond_the_range_holds_with_a_start_ordinal_too(long partition)
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Start = 5 });
        await web.SetPartitionAsync(partition);
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        await web.LoseAsync(6);
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
    }
}
