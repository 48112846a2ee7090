using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>Somebody releases a held set while a change waits on it and no rollout is about it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class ReleasedAtRestTests
{
    [Test]
    public void U34_A_release_at_rest_is_undone_once_the_second_is_told_and_the_next_change_is_held_again([Values] bool isParallel)
    {
        SetPlan plan = new() { Name = "s0", Replicas = 6, IsParallel = isParallel, Trigger = "Manual", MayBeReleasedByOthers = true, StartDelay = TimeSpan.FromSeconds(5), MinReadyDuration = TimeSpan.FromSeconds(5) };
        using OperatorWorld stage = new(5, _ => [plan]);
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(10));
        SetTruth set = stage.Truth.Find(plan.Name)!;
        string[] pods = [.. Uids()];
        stage.ChangeTemplate(plan.Name, "app:v2");
        stage.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(Uids(), Is.EqualTo(pods), "a change waits, and nobody asked for it");

        Release();
        stage.Until(() => set.EffectivePartition >= plan.Replicas, TimeSpan.FromSeconds(5), "the hold to be put back");
        stage.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(Uids().Take(5), Is.EqualTo(pods.Take(5)), "at most the one pod that the built-in controller took at once");
        Assert.That(set.Pods.Values.Select(pod => pod.ReadySince), Has.None.Null);
        Assert.That(stage.Policy(plan, "Ready").Reason, Is.Not.EqualTo("FieldConflict"));

        Release();
        stage.Until(() => stage.Policy(plan, "Ready").Reason == "FieldConflict", TimeSpan.FromSeconds(10), "the second release to be told");
        Assert.That(stage.Policy(plan, "Ready").Message, Does.Contain("somebody set partition 0, for the second time: rolling ungated; remove updateStrategy from its manifests"));
        stage.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(set.EffectivePartition, Is.Zero, "no fight");
        Assert.That(set.Pods.Values.Select(pod => pod.Revision), Is.All.EqualTo(set.UpdateRevision), "rolling ungated, as it said");

        pods = [.. Uids()];
        stage.ChangeTemplate(plan.Name, "app:v3");
        stage.Until(() => set.EffectivePartition >= plan.Replicas, TimeSpan.FromSeconds(5), "the next change to be held");
        stage.RunFor(TimeSpan.FromMinutes(3));
        Assert.That(Uids().Take(5), Is.EqualTo(pods.Take(5)), "at most the one pod that the built-in controller took at once");
        stage.Ask(plan, new() { ["type"] = "Update" });
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(10), "the rollout that somebody asks for to end");

        IEnumerable<string> Uids() => set.Pods.Values.Select(pod => pod.Uid);

        void Release() => stage.PatchSpec(ResourceKind.StatefulSets, plan.Name, new JsonObject
        {
            ["updateStrategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 0 } },
        });
    }
}
