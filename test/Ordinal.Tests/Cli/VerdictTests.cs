using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Operator.Cli.Verbs;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Cli;

/// <summary>Exit codes are what pipelines live on.</summary>
public sealed class VerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 14, 9, 46, 40, TimeSpan.Zero);

    [TestCase("True", "True", "Completed", ExpectedResult = 0)]
    [TestCase("True", "True", "NoChange", ExpectedResult = 0)]
    [TestCase("True", "False", "DeadlineExceeded", ExpectedResult = 1)]
    [TestCase("True", "False", "PreflightFailed", ExpectedResult = 1)]
    [TestCase("True", "False", "RolledBack", ExpectedResult = 1)]
    [TestCase("True", "False", "SomethingThatANewerOperatorSays", ExpectedResult = 1)]
    [TestCase("True", "False", "Cancelled", ExpectedResult = 4)]
    [TestCase("True", "False", "Superseded", ExpectedResult = 4)]
    [TestCase("False", "Unknown", "Running", ExpectedResult = null)]
    [TestCase("False", "Unknown", "Suspended", ExpectedResult = null)]
    public int? A_rollouts_end_is_its_exit_code(string finished, string succeeded, string reason) => Verdict.OfRollout(Rollout(finished, succeeded, reason), Now).ExitCode;

    [Test]
    public void A_rollout_that_nobody_has_looked_at_is_under_way() =>
        Assert.That(Verdict.OfRollout(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web-1" } }, Now), Is.EqualTo(new Verdict(null, "web-1: New: the operator has not looked at it yet")));

    [TestCase("True", "403 Forbidden", "web-1: Running: 3 of 3 pods updated; stalled: ActionRefused: 403 Forbidden")]
    [TestCase("True", "3 of 3 pods", "web-1: Running: 3 of 3 pods updated", Description = "said already")]
    [TestCase("False", "", "web-1: Running: 3 of 3 pods updated")]
    public void A_write_that_is_refused_is_told_too(string status, string words, string line)
    {
        var rollout = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web-1" },
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(
                    new JsonObject { ["type"] = "Succeeded", ["status"] = "Unknown", ["reason"] = "Running", ["message"] = "3 of 3 pods updated" },
                    new JsonObject { ["type"] = "Stalled", ["status"] = status, ["reason"] = "ActionRefused", ["message"] = words }),
            },
        };
        Assert.That(Verdict.OfRollout(rollout, Now), Is.EqualTo(new Verdict(null, line)));
    }

    [Test]
    public void A_write_to_one_set_of_several_that_is_refused_is_told_of_that_set()
    {
        var rollout = (JsonObject)JsonNode.Parse("""
            {"metadata": {"name": "all-1"}, "status": {"targets": [
              {"name": "db", "state": "Running", "reason": "Running", "message": "1 of 3 pods updated.", "stalled": "ActionRefused", "current": {"waitingFor": "403 Forbidden"}},
              {"name": "web", "state": "Running", "reason": "Running", "message": "2 of 3 pods updated"}]}}
            """)!;
        Assert.Multiple(() =>
        {
            Assert.That(Verdict.OfRollout(rollout, "db", Now), Is.EqualTo(new Verdict(null, "all-1, db: Running: 1 of 3 pods updated; stalled: ActionRefused: 403 Forbidden")));
            Assert.That(Verdict.OfRollout(rollout, "web", Now).Line, Is.EqualTo("all-1, web: Running: 2 of 3 pods updated"));
        });
    }

    [Test]
    public void What_the_policy_says_counts_only_once_it_has_seen_the_sets_own_generation()
    {
        Assert.That(Verdict.OfSet(Set(8), Policy(observed: 7), [], Now).ExitCode, Is.Null);
        Assert.That(Verdict.OfSet(Set(8), Policy(observed: 7), [], Now).Line, Does.Contain("has not yet seen generation 8"));
        Assert.That(Verdict.OfSet(Set(8), Policy(observed: 8), [], Now), Is.EqualTo(new Verdict(0, "statefulset web: 3 of 3 pods at web-a, held")));
    }

    [Test]
    public void A_set_that_is_still_being_adopted_is_under_way_although_all_its_pods_are_as_the_template_asks()
    {
        var policy = Policy(observed: 8, message: "default/web: spec.updateStrategy is about to be written");
        policy["status"]!["targets"]![0]!["held"] = false;
        Assert.That(Verdict.OfSet(Set(8), policy, [], Now).ExitCode, Is.Zero, "a policy that leaves it alone for another reason");
        policy["status"]!["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "False", ["reason"] = "Adopting" });
        Assert.That(Verdict.OfSet(Set(8), policy, [], Now), Is.EqualTo(new Verdict(null, "statefulset web: default/web: spec.updateStrategy is about to be written")));
    }

    [Test]
    public void An_end_about_another_revision_says_nothing_about_the_one_that_waits()
    {
        var policy = Policy(observed: 8, update: "web-b", message: "spec.trigger is Manual");
        Assert.That(Verdict.OfSet(Set(8), policy, [Rollout("True", "False", "DeadlineExceeded", "web-x")], Now), Is.EqualTo(new Verdict(null, "statefulset web: spec.trigger is Manual")));
        Assert.That(Verdict.OfSet(Set(8), policy, [Rollout("True", "False", "DeadlineExceeded", "web-b")], Now).ExitCode, Is.EqualTo(1));
        Assert.That(Verdict.OfSet(Set(8), policy, [Rollout("True", "False", "DeadlineExceeded", "web-b"), Rollout("False", "Unknown", "Running", "web-b")], Now).ExitCode, Is.Null, "it is tried again");
    }

    [TestCase("Completed", ExpectedResult = 0)]
    [TestCase("NoChange", ExpectedResult = 0)]
    [TestCase("Failed", ExpectedResult = 1)]
    [TestCase("RolledBack", ExpectedResult = 1)]
    [TestCase("PreflightFailed", ExpectedResult = 1)]
    [TestCase("Cancelled", ExpectedResult = 4)]
    [TestCase("Superseded", ExpectedResult = 4)]
    public int? One_of_several_sets_of_a_rollout_has_an_exit_code_of_its_own(string state)
    {
        var rollout = Rollout("False", "Unknown", "Running");
        rollout["status"]!["targets"] = new JsonArray(
            new JsonObject { ["name"] = "web", ["state"] = state, ["reason"] = "Why", ["message"] = "it was so", ["completionTime"] = "2026-09-14T09:40:00Z", ["toRevision"] = "web-b" },
            new JsonObject { ["name"] = "other", ["state"] = "Running", ["reason"] = "Running", ["message"] = "1 of 3 pods updated" });
        Assert.Multiple(() =>
        {
            Assert.That(Verdict.OfRollout(rollout, Now).ExitCode, Is.Null, "the rollout itself goes on");
            Assert.That(Verdict.OfRollout(rollout, "other", Now), Is.EqualTo(new Verdict(null, "web-1, other: Running: 1 of 3 pods updated")));
            Assert.That(Verdict.OfRollout(rollout, "web", Now).Line, Does.StartWith("web-1, web: ").And.EndWith("it was so"));
            Assert.That(Verdict.OfSet(Set(8), Policy(observed: 8), [rollout], Now), Is.EqualTo(new Verdict(0, "statefulset web: 3 of 3 pods at web-a, held")), "it is over for this set");
        });
        return Verdict.OfRollout(rollout, "web", Now).ExitCode;
    }

    [Test]
    public void Of_several_the_worst_counts_and_one_under_way_goes_before_all()
    {
        Verdict[] ends = [new(0, "a"), new(4, "b"), new(1, "c")];
        Assert.That(Verdict.Of(ends, "").ExitCode, Is.EqualTo(1));
        Assert.That(Verdict.Of(ends[..2], "").ExitCode, Is.EqualTo(4));
        Assert.That(Verdict.Of([.. ends, new(null, "d")], "").ExitCode, Is.Null);
        Assert.That(Verdict.Of([], "nothing").ExitCode, Is.Null);
    }

    [TestCase(1, null, "Running", 1, ExpectedResult = false)]
    [TestCase(2, null, "Running", 1, ExpectedResult = true)]
    [TestCase(1, null, "AwaitingApproval", 1, ExpectedResult = true)]
    [TestCase(1, null, "StepPausing", 1, ExpectedResult = true)]
    [TestCase(1, null, "AwaitingApproval", 2, ExpectedResult = false)]
    [TestCase(null, "True", "Completed", 3, ExpectedResult = true)]
    [TestCase(null, "False", "DeadlineExceeded", 3, ExpectedResult = false)]
    public bool A_step_is_done_when_the_next_one_or_its_pause_has_begun(int? current, string? succeeded, string reason, int step)
    {
        var rollout = Rollout(succeeded is null ? "False" : "True", succeeded ?? "Unknown", reason);
        rollout["status"]!["current"] = current is { } number ? new JsonObject { ["step"] = number } : null;
        return RolloutFacts.HasDoneStep(rollout, step);
    }

    [TestCase("rop/kafka", "Policy")]
    [TestCase("RolloutPolicy/kafka", "Policy")]
    [TestCase("rolloutpolicies.ordinal.dev/kafka", "Policy")]
    [TestCase("statefulsetrollout.ordinal.dev/kafka", "Rollout")]
    [TestCase("stsr/kafka", "Rollout")]
    [TestCase("sts/kafka", "StatefulSet")]
    [TestCase("statefulset.apps/kafka", "StatefulSet")]
    [TestCase("kafka", "Any")]
    public void Objects_are_named_as_kubectl_names_them(string word, string expected) =>
        Assert.That(TargetRef.Parse(word), Is.EqualTo(new TargetRef(Enum.Parse<TargetKind>(expected), "kafka")));

    [TestCase("pod/kafka-0")]
    [TestCase("rop/")]
    [TestCase("")]
    [TestCase("sts/a/b")]
    public void What_names_no_object_is_a_usage_error(string word) => Assert.That(Assert.Throws<CliProblem>(() => TargetRef.Parse(word))!.ExitCode, Is.EqualTo(2));

    [TestCase(ApiErrorKind.Forbidden, ExpectedResult = 5)]
    [TestCase(ApiErrorKind.Unauthorized, ExpectedResult = 5)]
    [TestCase(ApiErrorKind.Connection, ExpectedResult = 5)]
    [TestCase(ApiErrorKind.Timeout, ExpectedResult = 5)]
    [TestCase(ApiErrorKind.NotFound, ExpectedResult = 2)]
    [TestCase(ApiErrorKind.Invalid, ExpectedResult = 2)]
    [TestCase(ApiErrorKind.Conflict, ExpectedResult = 1)]
    [TestCase(ApiErrorKind.InternalError, ExpectedResult = 1)]
    public int A_refusal_of_the_server_is_an_exit_code(ApiErrorKind kind) =>
        CliProblem.Of(new ApiException(kind, "GET /x: 403 Forbidden: users cannot list", 403, "Forbidden"), new Uri("https://server")).ExitCode;

    [Test]
    public void A_forbidden_request_is_told_in_the_servers_words_with_a_remedy() =>
        Assert.That(
            CliProblem.Of(new ApiException(ApiErrorKind.Forbidden, "GET /x: 403 Forbidden: user \"eve\" cannot list pods", 403, "Forbidden"), new Uri("https://server")).Message,
            Does.StartWith("not allowed: user \"eve\" cannot list pods; ask for the role ordinal-view"));

    private static JsonObject Rollout(string finished, string succeeded, string reason, string revision = "web-b") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "web-1" },
        ["status"] = new JsonObject
        {
            ["targets"] = new JsonArray(new JsonObject { ["name"] = "web", ["toRevision"] = revision }),
            ["conditions"] = new JsonArray(
                new JsonObject { ["type"] = "Finished", ["status"] = finished, ["reason"] = reason },
                new JsonObject { ["type"] = "Succeeded", ["status"] = succeeded, ["reason"] = reason, ["message"] = "so it is" }),
        },
    };

    private static JsonObject Set(int generation) => new() { ["metadata"] = new JsonObject { ["name"] = "web", ["generation"] = generation } };

    private static JsonObject Policy(int observed, string update = "web-a", string? message = null) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "web", ["generation"] = 1 },
        ["status"] = new JsonObject
        {
            ["observedGeneration"] = 1,
            ["targets"] = new JsonArray(new JsonObject
            {
                ["name"] = "web", ["observedGeneration"] = observed, ["replicas"] = 3, ["readyReplicas"] = 3, ["updatedReplicas"] = update == "web-a" ? 3 : 0,
                ["held"] = true, ["currentRevision"] = "web-a", ["updateRevision"] = update, ["message"] = message,
            }),
        },
    };
}
