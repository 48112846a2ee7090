using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>A quota or a webhook refuses the pods that the built-in controller makes, which tries again with ever longer pauses.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class RefusedPodsTests
{
    private const string Quota = "pods \"s0-4\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5";
    private const string Webhook = "Internal error occurred: failed calling webhook \"check.example.com\": failed to call webhook: context deadline exceeded";
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1000);

    private static readonly SetPlan Plan = new()
    {
        Name = "s0",
        Replicas = 6,
        StartDelay = TimeSpan.FromSeconds(1),
        MinReadyDuration = TimeSpan.FromSeconds(5),
        PodDeadline = TimeSpan.FromHours(3),
    };

    [TestCase("Partition", false, 403, Quota)]
    [TestCase("Partition", true, 500, Webhook)]
    [TestCase("OnDelete", true, 403, Quota)]
    [TestCase("OnDelete", false, 500, Webhook)]
    public void U43_A_pod_that_is_refused_for_half_an_hour_is_told_with_the_servers_words_and_the_rollout_goes_on_when_that_ends(string driver, bool isParallel, int code, string words)
    {
        SetPlan plan = Plan with { Driver = driver, IsParallel = isParallel };
        using OperatorWorld stage = InMidRollout(plan);
        (Func<int> refused, Action lift) = Refuse(stage, code, words);
        stage.Until(() => refused() > 0, TimeSpan.FromMinutes(1), "a pod to be refused");
        long taken = stage.Checker.Taken;

        // From the first moments to the long pauses of the built-in controller, whose last words are all that there is to tell.
        stage.Until(() => stage.Waits(plan.Name).Words.Contains(words, StringComparison.Ordinal), TimeSpan.FromMinutes(1), "the rollout to quote the refusal");
        int before = 0;
        foreach (int minutes in new[] { 5, 10, 15 })
        {
            before = refused();
            stage.RunFor(TimeSpan.FromMinutes(minutes));
            Assert.That(stage.Waits(plan.Name), Is.EqualTo(("PodMissing", stage.Waits(plan.Name).Words)));
            Assert.That(stage.Waits(plan.Name).Words, Does.StartWith("default/s0-4: the pod does not exist").And.Contain(words).And.Contain("tries again within 17 minutes"));
        }

        Assert.That(refused() - before, Is.LessThanOrEqualTo(2), "the built-in controller is in back-off");
        Assert.That(stage.Checker.Taken, Is.EqualTo(taken), "no other pod was taken");

        lift();
        stage.Until(() => stage.Truth.Find(plan.Name)!.Pods[4].Uid.Length > 0, LongestPause, "the built-in controller to try again");
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(5), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
    }

    [Test]
    public void U43_An_annotation_on_the_StatefulSet_ends_the_pause_of_the_built_in_controller_as_the_rollout_says()
    {
        using OperatorWorld stage = InMidRollout(Plan);
        (Func<int> refused, Action lift) = Refuse(stage, 403, Quota);
        stage.RunFor(TimeSpan.FromMinutes(25));
        Assert.That(stage.Waits(Plan.Name).Words, Does.Contain("at once when the StatefulSet is annotated"));
        lift();
        stage.RunFor(TimeSpan.FromSeconds(10));
        Assert.That(stage.Truth.Find(Plan.Name)!.Pods[4].Uid, Is.Empty, "it sleeps yet");

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["example.com/try"] = "now" } } };
        stage.Somebody("annotates s0", client => client.MergePatchAsync(ResourceKind.StatefulSets, OperatorWorld.Key(Plan.Name), patch, "", CancellationToken.None));
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(2), "everything to come to rest");
        Assert.That(refused(), Is.Positive);
    }

    [Test]
    public void U37_U43_A_pod_that_is_refused_for_longer_than_podDeadline_ends_the_rollout_with_the_servers_words([Values("Partition", "OnDelete")] string driver)
    {
        SetPlan plan = Plan with { Driver = driver, PodDeadline = TimeSpan.FromMinutes(15) };
        using OperatorWorld stage = InMidRollout(plan);
        (_, Action lift) = Refuse(stage, 403, Quota);
        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromMinutes(16), "the rollout to fail");
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Message, Does.Contain("podDeadline is 15m0s").And.Contain(Quota));
        SetTruth set = stage.Truth.Find(plan.Name)!;
        Assert.That(set.EffectivePartition, Is.GreaterThanOrEqualTo(plan.Replicas), "the hold is back");

        lift();
        stage.Until(() => set.Pods[4].ReadySince is not null, LongestPause + TimeSpan.FromSeconds(5), "the pod to come back");
        Assert.That(set.Pods[4].Revision, Is.EqualTo(set.CurrentRevision), "at the revision that it had");
        stage.Ask(plan, new() { ["type"] = "Update" });
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(5), "the rollout that somebody asks for to end");
    }

    /// <summary>A rollout of which the top pod is done.</summary>
    private static OperatorWorld InMidRollout(SetPlan plan)
    {
        OperatorWorld stage = new(2, _ => [plan]);
        stage.Truth.KeepsEvents = true;
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(10));
        stage.ChangeTemplate(plan.Name, "app:v2");
        stage.Until(() => stage.Checker.Taken == 1, TimeSpan.FromMinutes(1), "the top pod to be taken");
        stage.Until(() => stage.Truth.Find(plan.Name)!.Pods[5] is { IsTerminating: false, ReadySince: not null }, TimeSpan.FromMinutes(1), "its successor to be there");
        return stage;
    }

    /// <summary>Refuses every pod that anybody makes.</summary>
    /// <returns>How many were refused so far, and what ends it.</returns>
    private static (Func<int> Refused, Action Lift) Refuse(OperatorWorld stage, int code, string words)
    {
        int refused = 0;
        JsonObject status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = words,
            ["reason"] = code == 403 ? "Forbidden" : "InternalError",
            ["code"] = code,
        };
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(status);
        stage.Truth.Refusal = call =>
        {
            if (call.Method != "POST" || !call.Path.EndsWith("/pods", StringComparison.Ordinal))
            {
                return null;
            }

            refused++;
            return new ApiAnswer(code, body);
        };
        return (() => refused, () => stage.Truth.Refusal = null);
    }
}
