using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
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
    private const string Rollouts = "/apis/ordinal.dev/v1alpha1/namespaces/default/statefulsetrollouts";
    private const string Policy = "/apis/ordinal.dev/v1alpha1/namespaces/default/rolloutpolicies/s0";

    private static readonly SetPlan Plan = new() { Name = "s0", Replicas = 3, StartDelay = TimeSpan.FromSeconds(1), MinReadyDuration = TimeSpan.FromSeconds(5), PodDeadline = TimeSpan.FromHours(1) };

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

    private static OperatorWorld AtRest(SetPlan plan)
    {
        OperatorWorld stage = new(5, _ => [plan]);
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
        JsonObject status = new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = "so says the test", ["code"] = code };
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(status);
        stage.Truth.Refusal = call =>
        {
            string path = call.Path.Split('?')[0];
            if (call.Method != method || call.UserAgent?.StartsWith("ordinal/", StringComparison.Ordinal) is not true || !path.StartsWith(begin, StringComparison.Ordinal) || !path.EndsWith(end, StringComparison.Ordinal) || (end.Length == 0 && path != begin))
            {
                return null;
            }

            sent++;
            return new ApiAnswer(code, body);
        };
        return () => sent;
    }
}
