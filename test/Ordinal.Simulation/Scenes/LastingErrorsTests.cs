using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>The server goes on answering a write in the same bad way, while a busy StatefulSet has events all the time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class LastingErrorsTests
{
    /// <summary>A few dozen; the events of a minute are four times as many.</summary>
    private const int MostInAMinute = 40;

    private const string Set = "/apis/apps/v1/namespaces/default/statefulsets/s0";
    private const string Evictions = "/api/v1/namespaces/default/pods/";
    private const string Rollouts = "/apis/ordinal.dev/v1alpha1/namespaces/default/statefulsetrollouts";
    private const string Policy = "/apis/ordinal.dev/v1alpha1/namespaces/default/rolloutpolicies/s0";

    private static readonly SetPlan Plan = new() { Name = "s0", Replicas = 3, StartDelay = TimeSpan.FromSeconds(1), MinReadyDuration = TimeSpan.FromSeconds(5), PodDeadline = TimeSpan.FromHours(1) };

    private static readonly IReadOnlyList<SetPlan> Two = [Plan with { Group = ["s0", "s1"] }, Plan with { Name = "s1", Group = ["s0", "s1"] }];

    [TestCase("PATCH", Set, "", 500)]
    [TestCase("PATCH", Set, "", 503)]
    [TestCase("PATCH", Set, "", 409)]
    [TestCase("PATCH", Set, "", 422)]
    [TestCase("PATCH", Set, "", 403)]
    [TestCase("PATCH", Rollouts, "/status", 500)]
    [TestCase("PATCH", Rollouts, "/status", 409)]
    [TestCase("PATCH", Rollouts, "/status", 403)]
    [TestCase("PATCH", Policy, "/status", 500)]
    [TestCase("POST", Rollouts, "", 500)]
    public void A_write_that_goes_on_failing_is_sent_a_few_dozen_times_a_minute_and_goes_through_when_that_ends(string method, string begin, string end, int code)
    {
        using OperatorWorld stage = AtRest(Plan);
        Func<int> sent = Refuse(stage, method, begin, end, code);
        stage.ChangeTemplate(Plan.Name, "app:v2");
        ABusyMinute(stage);
        Assert.That(sent(), Is.InRange(1, MostInAMinute));
        int before = sent();
        ABusyMinute(stage);
        Assert.That(sent() - before, Is.LessThanOrEqualTo(MostInAMinute));

        stage.Truth.Refusal = null;
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(7), "everything to come to rest");
        Assert.That(stage.HasEnded(Plan.Name, "Completed"), Is.True);
    }

    [TestCase(403)]
    [TestCase(422, Description = "A webhook's refusal can look like a failed test of the patch.")]
    public void A_request_whose_template_is_refused_says_so_and_is_tried_again_now_and_then(int code)
    {
        using OperatorWorld stage = AtRest(Plan);
        Func<int> sent = Refuse(stage, "PATCH", Set, "", code);
        stage.Ask(Plan, new() { ["type"] = "Restart" });
        stage.Until(() => stage.Rollout(Plan.Name).Condition("Stalled").Status == "True", TimeSpan.FromSeconds(30), "the refusal to be told");
        Assert.That(stage.Rollout(Plan.Name).Condition("Stalled").Reason, Is.EqualTo("ActionRefused"));
        Assert.That(stage.Rollout(Plan.Name).Condition("Stalled").Message, Does.Contain("so says the test"));

        int before = sent();
        ABusyMinute(stage);
        Assert.That(sent() - before, Is.InRange(1, 4), "each 30 s");
        stage.Truth.Refusal = null;
        stage.Until(() => stage.HasEnded(Plan.Name, "Completed"), TimeSpan.FromMinutes(2), "the restart to end");
        Assert.That(stage.Rollout(Plan.Name).Condition("Stalled").Status, Is.EqualTo("False"));
    }

    [TestCase("PATCH", Set, false, "PATCH /apis/apps/v1/namespaces/default/statefulsets/s0: 500")]
    [TestCase("PATCH", Set, true, "PATCH /apis/apps/v1/namespaces/default/statefulsets/s0: 500")]
    [TestCase("POST", Evictions, false, "POST /api/v1/namespaces/default/pods/s0-2/eviction: 500")]
    public void What_the_server_goes_on_failing_is_told_once_it_has_lasted_and_no_more_when_it_is_over(string method, string begin, bool isAsked, string words)
    {
        SetPlan plan = begin == Evictions ? Plan with { Driver = "OnDelete" } : Plan;
        using OperatorWorld stage = AtRest(plan);
        Refuse(stage, method, begin, begin == Evictions ? "/eviction" : "", 500);
        if (isAsked)
        {
            stage.Ask(plan, new() { ["type"] = "Restart" });
        }
        else
        {
            stage.ChangeTemplate(plan.Name, "app:v2");
        }

        stage.RunFor(TimeSpan.FromSeconds(20));
        Assert.That(stage.Rollout(plan.Name).Condition("Stalled").Status, Is.Not.EqualTo("True"), "it may be over in a moment");

        stage.Until(() => stage.Rollout(plan.Name).Condition("Stalled").Status == "True", TimeSpan.FromMinutes(2), "the failure to be told");
        (_, string reason, string message) = stage.Rollout(plan.Name).Condition("Stalled");
        Assert.That(reason, Is.EqualTo("ServerFails"));
        Assert.That(message, Does.Contain("default/s0").And.Contain(words).And.Contain("so says the test").And.Contain("look at the API server"));

        Func<ApiCall, ApiAnswer?> refusal = stage.Truth.Refusal!;
        int said = 0;
        stage.Truth.Refusal = call =>
        {
            said += call.Method == "PATCH" && call.Path.StartsWith(Rollouts, StringComparison.Ordinal) ? 1 : 0;
            return refusal(call);
        };
        ABusyMinute(stage);
        Assert.That(stage.Rollout(plan.Name).Condition("Stalled"), Is.EqualTo(("True", reason, message)), "it goes on, and is said once");
        Assert.That(said, Is.LessThanOrEqualTo(6));

        stage.Truth.Refusal = null;
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(5), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
        Assert.That(stage.Rollout(plan.Name).Condition("Stalled").Status, Is.EqualTo("False"));
    }

    [TestCase(500, "ServerFails")]
    [TestCase(403, "ActionRefused")]
    public void A_rollout_that_cannot_be_made_is_told_on_the_policy(int code, string reason)
    {
        using OperatorWorld stage = AtRest(Plan);
        Refuse(stage, "POST", Rollouts, "", code);
        stage.ChangeTemplate(Plan.Name, "app:v2");
        stage.Until(() => stage.Policy(Plan, "Stalled") is ("True", var why, var message) && why == reason && message.Contains("default/s0: POST", StringComparison.Ordinal), TimeSpan.FromMinutes(2), "the failure to be told");
        Assert.That(stage.Policy(Plan, "Ready"), Is.EqualTo(("False", reason, stage.Policy(Plan, "Stalled").Message)));

        stage.Truth.Refusal = null;
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(30), "everything to come to rest");
        Assert.That(stage.Policy(Plan, "Stalled").Status, Is.EqualTo("False"));
    }

    [Test]
    public void One_set_of_a_policy_that_the_server_fails_keeps_no_other_from_being_adopted([Values(0, 1)] int bad)
    {
        using OperatorWorld stage = new(5, _ => Two);
        (string failed, string other) = (Two[bad].Name, Two[1 - bad].Name);
        Func<int> sent = Refuse(stage, "PATCH", Set[..^2] + failed, "", 500);
        stage.AddPolicies();
        stage.StartOperator();
        stage.Until(() => stage.Truth.Find(other)!.EffectivePartition == 1_000_000_000, TimeSpan.FromSeconds(10), "the other set to be held");
        Assert.That(sent(), Is.Positive);
        Assert.That(stage.Policy(Two[0], "Stalled").Status, Is.Not.EqualTo("True"), "it may be over in a moment");

        stage.Until(() => stage.Policy(Two[0], "Stalled") is ("True", "ServerFails", _), TimeSpan.FromMinutes(2), "the failure to be told");
        Assert.That(stage.Policy(Two[0], "Stalled").Message, Does.Contain($"default/{failed}: adopted").And.Contain("so says the test").And.Contain("look at the API server"));
        stage.Truth.Refusal = null;
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(2), "everything to come to rest");
        Assert.That(stage.Policy(Two[0], "Stalled").Status, Is.EqualTo("False"));
    }

    [TestCase(0, 500)]
    [TestCase(1, 500)]
    [TestCase(0, 409)]
    [TestCase(0, 403)]
    public void One_set_of_a_policy_whose_rollout_cannot_be_made_keeps_no_other_from_its_own(int bad, int code)
    {
        using OperatorWorld stage = AtRest(Two);
        stage.PatchSpec(OperatorWorld.Policies, Two[0].PolicyName, new() { ["update"] = new JsonObject { ["zoneStrategy"] = "Parallel" } });
        (string failed, string other) = (Two[bad].Name, Two[1 - bad].Name);
        int sent = 0;
        stage.Truth.Refusal = call => call.Method == "POST" && call.Path.Split('?')[0] == Rollouts && Encoding.UTF8.GetString(call.Body.Span).Contains($"[\"{failed}\"]", StringComparison.Ordinal)
            ? AnswerOf(code, ref sent)
            : null;
        stage.ChangeTemplate(failed, "app:v2");
        stage.ChangeTemplate(other, "app:v2");
        stage.Until(() => stage.HasEnded(other, "Completed"), TimeSpan.FromMinutes(2), "the other set to be rolled");
        Assert.That(sent, Is.Positive);
        Assert.That(stage.Rollouts(failed), Is.Empty);

        stage.Truth.Refusal = null;
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(30), "everything to come to rest");
        Assert.That(stage.HasEnded(failed, "Completed"), Is.True);
    }

    [Test]
    public void One_set_of_a_request_that_the_server_fails_says_so_and_keeps_no_other_from_its_end()
    {
        using OperatorWorld stage = AtRest(Two);
        stage.PatchSpec(OperatorWorld.Policies, Two[0].PolicyName, new() { ["update"] = new JsonObject { ["zoneStrategy"] = "Parallel" } });
        stage.Ask(Two[0], new() { ["type"] = "Restart" });
        stage.Until(() => stage.HasEnded("s0", "Completed") && stage.IsAtRest(), TimeSpan.FromMinutes(2), "the first request, which is about one set, to end");

        Refuse(stage, "PATCH", Set[..^2] + "s1", "", 500);
        stage.Ask(Two[0], new() { ["type"] = "Restart" });
        stage.Until(() => stage.Rollout("s1").ItemsAt("status", "targets").Any(each => each.TextAt("name") == "s1" && each.TextAt("stalled") == "ServerFails"), TimeSpan.FromMinutes(2), "the failure to be told");
        Assert.That(stage.Rollout("s1").Condition("Stalled").Message, Does.Contain("default/s1: PATCH").And.Contain("so says the test"));
        stage.Until(() => stage.Rollout("s1").ItemsAt("status", "targets").Any(each => each.TextAt("name") == "s0" && each.TextAt("completionTime") is not null), TimeSpan.FromMinutes(1), "the other set to be restarted");
        Assert.That(stage.Rollout("s1").Condition("Stalled"), Is.EqualTo(("True", "ServerFails", stage.Rollout("s1").Condition("Stalled").Message)));

        stage.Truth.Refusal = null;
        stage.Until(() => stage.HasEnded("s1", "Completed"), TimeSpan.FromMinutes(2), "the whole to end");
        Assert.That(stage.Rollout("s1").Condition("Stalled").Status, Is.EqualTo("False"));
    }

    private static OperatorWorld AtRest(SetPlan plan) => AtRest([plan]);

    private static OperatorWorld AtRest(IReadOnlyList<SetPlan> plans)
    {
        OperatorWorld stage = new(5, _ => plans);
        stage.AddPolicies();
        stage.StartOperator();
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(1), "the set to be adopted");
        return stage;
    }

    /// <summary>Something about a pod changes each half second, which is no business of a rollout, and brings a pass each time.</summary>
    private static void ABusyMinute(OperatorWorld stage)
    {
        for (int i = 0; i < 120; i++)
        {
            stage.Annotate("s0-0", "example.com/seen", $"{i} {stage.World.Time.GetUtcNow():O}");
            stage.RunFor(TimeSpan.FromSeconds(0.5));
        }
    }

    private static Func<int> Refuse(OperatorWorld stage, string method, string begin, string end, int code)
    {
        int sent = 0;
        stage.Truth.Refusal = call =>
        {
            string path = call.Path.Split('?')[0];
            if (call.Method != method || call.UserAgent?.StartsWith("ordinal/", StringComparison.Ordinal) is not true || !path.StartsWith(begin, StringComparison.Ordinal) || !path.EndsWith(end, StringComparison.Ordinal) || (end.Length == 0 && path != begin))
            {
                return null;
            }

            return AnswerOf(code, ref sent);
        };
        return () => sent;
    }

    private static ApiAnswer AnswerOf(int code, ref int sent)
    {
        sent++;
        JsonObject status = new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = "so says the test", ["code"] = code };
        return new ApiAnswer(code, JsonSerializer.SerializeToUtf8Bytes(status));
    }
}
