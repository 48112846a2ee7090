using System.Globalization;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
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

    [Test, Rule("S09")]
    public async Task A_canary_moves_only_the_pods_from_the_partition_on_and_ends_with_the_update_revision_current()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":3}}""" });
        var old = web.CurrentRevision;
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        for (var partition = 2; partition >= 0; partition--)
        {
            Assert.That(web.CurrentRevision, Is.EqualTo(old));
            await web.SetPartitionAsync(partition);
            await Space.UntilAsync($"web-{partition} is updated", () => web.Pod(partition) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
            await Space.SettleAsync();
            Assert.That(web.Images.Count(image => image is "app:v2"), Is.EqualTo(3 - partition));
        }

        await web.UntilCompleteAsync();
        Assert.That(web.CurrentRevision, Is.Not.EqualTo(old));
    }

    [Test, Rule("S10")]
    public async Task A_pod_that_is_lost_in_a_canary_returns_at_the_revision_of_its_side()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":2}}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("web-2 is updated", () => web.Pod(2) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
        await web.LoseAsync(0);
        await web.LoseAsync(2);
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v1", "app:v2" }));
    }

    [Test, Rule("S10")]
    public async Task Raising_the_partition_reverts_nothing_but_a_pod_that_is_lost_then_returns_at_the_old_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":1}}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("web-1 is updated", () => web.Pod(1) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
        await web.SetPartitionAsync(3);
        await Space.SettleAsync();
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v2", "app:v2" }));
        await web.LoseAsync(2);
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v2", "app:v1" }));
    }

    [Test, Rule("S14")]
    public async Task OnDelete_moves_nothing_by_itself_and_a_lost_pod_returns_at_the_update_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        var old = web.CurrentRevision;
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        for (var ordinal = 0; ordinal < 3; ordinal++)
        {
            await web.LoseAsync(ordinal);
            Assert.That(web.Pod(ordinal)!.Image(), Is.EqualTo("app:v2"));
            Assert.That(web.Images.Count(image => image is "app:v2"), Is.EqualTo(ordinal + 1));
        }

        // In 1.36 it never completes (kubernetes #106055).
        await Space.SettleAsync();
        Assert.That(web.CurrentRevision, Is.EqualTo(old));
        Assert.That(web.UpdateRevision, Is.EqualTo(web.Pod(0)!.Revision()));
    }

    [Test, Rule("S15")]
    public async Task The_next_pod_goes_only_when_the_one_before_has_been_ready_for_min_ready_seconds()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, MinReadySeconds = 2 });
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-1", "web-0" }));

        // Both are what the cluster wrote, in whole seconds: no clock of the test's.
        var ready = Time(web.Pod(1)!.Child("status").List("conditions")!.Select(condition => condition!.AsObject()).First(condition => condition.Text("type") is "Ready").Text("lastTransitionTime")!);
        var leaving = Space.Events.First(seen => seen.Kind == ResourceKind.Pods && seen.Name is "web-0" && seen.Item.IsTerminating()).Item.Meta();
        var deleted = Time(leaving.Text("deletionTimestamp")!).AddSeconds(-leaving.Number("deletionGracePeriodSeconds")!.Value);
        Assert.That(deleted - ready, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(2)));

        static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
    }

    [Test, Rule("S17")]
    public async Task OnDelete_makes_a_pod_again_without_waiting_for_the_others_availability()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = true, Strategy = """{"type":"OnDelete"}""" });
        await web.PatchAsync("""{"spec":{"minReadySeconds":3600}}""");
        await Space.UntilAsync("none is available", () => web.Set.Count("availableReplicas") == 0);
        await web.ChangeImageAsync("app:v2");
        await web.LoseAsync(2);
        Assert.That(web.Pod(2)!.Image(), Is.EqualTo("app:v2"));
    }

    [Test, Rule("S18")]
    public async Task Available_replicas_follow_min_ready_seconds()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2 });
        await web.PatchAsync("""{"spec":{"minReadySeconds":3600}}""");
        await Space.UntilAsync("none is available, all are ready", () => web.Set.Count("availableReplicas") == 0 && web.Set.Count("readyReplicas") == 2);
        await web.PatchAsync("""{"spec":{"minReadySeconds":0}}""");
        await Space.UntilAsync("all are available", () => web.Set.Count("availableReplicas") == 2);
    }

    [Test, Rule("S21")]
    public async Task An_ordered_rollout_of_a_bad_revision_stays_stuck_after_the_revert_until_the_pod_is_deleted()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await web.ChangeImageAsync("app:bad");
        await Space.UntilAsync("web-2 is at the bad image", () => web.Pod(2)?.Image() is "app:bad");
        await web.ChangeImageAsync("app:v1");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v1", "app:v1", "app:bad" }));
        await web.LoseAsync(2);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
    }

    [Test, Rule("S21")]
    public async Task Under_Parallel_the_controller_replaces_the_bad_pod_itself()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = true });
        await web.ChangeImageAsync("app:bad");
        await Space.UntilAsync("web-2 is at the bad image", () => web.Pod(2)?.Image() is "app:bad");
        await web.ChangeImageAsync("app:v1");
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
    }

    [Test, Rule("S22")]
    public async Task Under_Parallel_an_unready_lower_pod_does_not_stop_the_update_so_two_are_away()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { IsParallel = true });
        await web.MakeReadyAsync(0, false);
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.MostAway(3), Is.EqualTo(2));
        Assert.That(web.Deleted(), Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
    }

    [Test, Rule("S26")]
    public async Task Scaling_to_zero_makes_a_canary_the_stable_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":2}}""" });
        await web.ChangeImageAsync("app:v2");
        await Space.UntilAsync("web-2 is updated", () => web.Pod(2) is { } pod && pod.Image() is "app:v2" && pod.IsReady());
        await web.ScaleAsync(0);
        await Space.UntilAsync("the canary is current", () => web.Pods.IsEmpty && web.CurrentRevision == web.UpdateRevision);
        await web.ScaleAsync(3);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }
}
