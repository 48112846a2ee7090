using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Traps;

/// <summary>What a hold by the partition does and does not keep, and where a pod that is lost comes back.</summary>
public sealed class HoldTrapTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const long Hold = 1_000_000_000;

    [Test, Rule("T7")]
    public async Task The_original_partition_restored_while_a_change_waits_rolls_all_pods()
    {
        var web = await HeldAsync();
        await web.SetPartitionAsync(0);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T8")]
    public async Task A_held_set_scaled_to_zero_and_back_comes_up_on_the_waiting_revision()
    {
        var web = await HeldAsync();
        await web.ScaleAsync(0);
        await Space.UntilAsync("the waiting revision is current", () => web.Pods.IsEmpty && web.CurrentRevision == web.UpdateRevision);
        await web.ScaleAsync(3);
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T9")]
    public async Task A_release_that_an_unready_pod_held_up_takes_effect_when_the_pod_turns_ready()
    {
        var web = await HeldAsync();
        await web.MakeReadyAsync(0, false);
        await web.SetPartitionAsync(2);
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        await web.MakeReadyAsync(0, true);
        await UntilUpdatedAsync(web, 2);
    }

    [Test, Rule("T10")]
    public async Task A_new_template_in_mid_run_rolls_the_released_pods_again()
    {
        var web = await HeldAsync(5);
        await web.SetPartitionAsync(2);
        await UntilImagesAsync(web, "app:v1", "app:v1", "app:v2", "app:v2", "app:v2");
        await web.ChangeImageAsync("app:v3");
        await UntilImagesAsync(web, "app:v1", "app:v1", "app:v3", "app:v3", "app:v3");
    }

    [Test, Rule("T11")]
    public async Task Pods_added_above_the_partition_in_mid_run_come_up_updated()
    {
        var web = await HeldAsync(5);
        await web.SetPartitionAsync(2);
        await UntilImagesAsync(web, "app:v1", "app:v1", "app:v2", "app:v2", "app:v2");
        await web.ScaleAsync(8);
        await UntilImagesAsync(web, "app:v1", "app:v1", "app:v2", "app:v2", "app:v2", "app:v2", "app:v2", "app:v2");
    }

    [Test, Rule("T13")]
    public async Task Once_the_last_pod_is_ready_a_hold_and_a_deletion_bring_the_new_revision_back()
    {
        var web = await HeldAsync();
        await web.SetPartitionAsync(0);
        await web.UntilCompleteAsync();
        await web.SetPartitionAsync(Hold);
        await web.LoseAsync(2);
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T14")]
    public async Task A_hold_put_back_before_the_last_pod_of_an_OnDelete_run_is_ready_returns_that_pod_to_the_old_revision()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        await web.ChangeImageAsync("app:v2");
        foreach (var ordinal in new[] { 0, 2, 1 })
        {
            await web.LoseAsync(ordinal);
        }

        var other = await Workload.StartAsync(Space, new StatefulSetDocument { Name = "other", Replicas = 1 });
        await web.MakeReadyAsync(1, false);

        // That two are ready, the status has said before, while web-1 was away. The controller has seen it fall when it has seen a pod go that went after it.
        await other.LoseAsync(0);
        await web.SetPartitionAsync(Hold);
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
        await web.LoseAsync(1);
        Assert.That(web.Images, Is.EqualTo(new[] { "app:v2", "app:v1", "app:v2" }));
    }

    [Test, Rule("T14")]
    public async Task The_hold_after_a_whole_OnDelete_run_completes_it()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 2, Strategy = """{"type":"OnDelete"}""" });
        await web.ChangeImageAsync("app:v2");
        await web.LoseAsync(0);
        await web.LoseAsync(1);
        await web.SetPartitionAsync(Hold);
        await web.UntilCompleteAsync();
    }

    [Test, Rule("T23"), NotOn(ClusterKind.InProcess, "kubectl needs a socket")]
    public async Task A_client_side_apply_of_the_unchanged_manifest_keeps_the_hold()
    {
        var document = new StatefulSetDocument { Strategy = """{"type":"RollingUpdate"}""" }.Build();
        await Space.Kubectl.RunAsync($"-n {Space.Name} apply -f -", document.ToJsonString());
        var web = new Workload(Space);
        await Space.UntilAsync("web is complete", () => Space.Find(ResourceKind.StatefulSets, "web") is { } set && set.Count("availableReplicas") == 3);
        await web.SetPartitionAsync(Hold);
        await web.ChangeImageAsync("app:v2");
        document.Child("spec").Child("template").Child("spec").List("containers")![0]!["image"] = "app:v2";
        await Space.Kubectl.RunAsync($"-n {Space.Name} apply -f -", document.ToJsonString());
        await Space.SettleAsync();
        Assert.That(web.Set.Child("spec").Child("updateStrategy").Child("rollingUpdate").Number("partition"), Is.EqualTo(Hold));
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
    }

    [Test, Rule("T25"), NotOn(ClusterKind.InProcess, "kubectl needs a socket")]
    public async Task Kubectl_calls_a_held_rollout_complete()
    {
        await HeldAsync();
        var told = await Space.Kubectl.RunAsync($"-n {Space.Name} rollout status statefulset/web");
        Assert.That(told, Is.EqualTo("partitioned roll out complete: 0 new pods have been updated...\n"));
        await Space.Kubectl.RunAsync($"-n {Space.Name} rollout restart statefulset/web");
        await Space.SettleAsync();
        Assert.That(await Space.Kubectl.RunAsync($"-n {Space.Name} rollout status statefulset/web"), Is.EqualTo(told));
    }

    /// <summary>A set at the hold with a change waiting.</summary>
    private async Task<Workload> HeldAsync(int replicas = 3)
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = replicas, Strategy = $$"""{"type":"RollingUpdate","rollingUpdate":{"partition":{{Hold}} } }""" });
        await web.ChangeImageAsync("app:v2");
        await Space.SettleAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v1"));
        return web;
    }

    private Task UntilUpdatedAsync(Workload web, int ordinal) =>
        Space.UntilAsync($"web-{ordinal} is updated", () => web.Pod(ordinal) is { } pod && pod.Image() is "app:v2" && pod.IsReady());

    private async Task UntilImagesAsync(Workload web, params string[] images)
    {
        await Space.UntilAsync(string.Join(' ', images), () => web.Images.SequenceEqual(images) && web.Pods.All(pod => pod.IsReady() && !pod.IsTerminating()));
        await Space.SettleAsync();
        Assert.That(web.Images, Is.EqualTo(images));
    }
}
