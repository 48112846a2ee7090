using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Operator.Cli.Verbs;

namespace Ordinal.Tests.Cli;

/// <summary>What uninstall says before it begins is what the operator will do.</summary>
public sealed class LetGoPlanTests
{
    private const string Stays = "prod/web: a change waits on web: the hold stays, and the policy with it";
    private const string IsGiven = "prod/web: the update strategy is given back, no pod moves";

    [Test]
    public void A_set_at_rest_gets_its_strategy_back() => Assert.That(Plan(Set()), Is.EqualTo(IsGiven));

    [TestCase("updateRevision", "web-b")]
    [TestCase("observedGeneration", 7)]
    [TestCase("updatedReplicas", 2)]
    public void A_change_that_the_policy_has_not_seen_yet_keeps_it(string field, object value)
    {
        var set = Set();
        set["status"]![field] = JsonValue.Create(value);
        Assert.Multiple(() =>
        {
            Assert.That(Plan(set), Is.EqualTo(Stays));
            Assert.That(LetGoPlan.Of(Policy(), [set], [], releases: true), Does.EndWith("on web: its pods are rolled at once, WITHOUT GATES"));
        });
    }

    [Test]
    public void A_rollout_that_was_only_just_asked_for_may_keep_it()
    {
        var asked = Rollout();
        Assert.That(Plan(Set(), asked), Is.EqualTo(
            "prod/web: web-restart is not at the end, and is stopped: if a change waits by then, the hold stays, and the policy with it; else the update strategy is given back"));
        asked["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Finished", ["status"] = "True" }) };
        Assert.That(Plan(Set(), asked), Is.EqualTo(IsGiven));
    }

    [Test]
    public void Others_changes_and_rollouts_do_not_count()
    {
        var (set, rollout) = (Set(), Rollout());
        set["metadata"]!["namespace"] = "test";
        set["status"]!["updateRevision"] = "web-b";
        rollout["spec"]!["policyRef"]!["name"] = "db";
        Assert.That(LetGoPlan.Of(Policy(), [set, Set()], [rollout], releases: false), Is.EqualTo(IsGiven));
    }

    [Test]
    public void A_set_that_was_never_adopted_is_let_go_as_it_is()
    {
        var set = Set();
        set["metadata"]!["annotations"] = null;
        set["spec"]!["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" };
        set["status"]!["updateRevision"] = "web-b";
        Assert.That(Plan(set), Is.EqualTo(IsGiven));
    }

    private static string Plan(JsonObject set, params JsonObject[] rollouts) => LetGoPlan.Of(Policy(), [set], rollouts, releases: false);

    private static JsonObject Policy() => (JsonObject)JsonNode.Parse("""
        {"metadata": {"namespace": "prod", "name": "web"}, "spec": {"targets": {"statefulSets": [{"name": "web"}]}},
         "status": {"targets": [{"name": "web", "currentRevision": "web-a", "updateRevision": "web-a"}]}}
        """)!;

    private static JsonObject Set() => (JsonObject)JsonNode.Parse("""
        {"metadata": {"namespace": "prod", "name": "web", "generation": 8, "annotations": {"ordinal.dev/original-strategy": "{}"}},
         "spec": {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1000000000}}},
         "status": {"observedGeneration": 8, "replicas": 3, "updatedReplicas": 3, "currentRevision": "web-a", "updateRevision": "web-a"}}
        """)!;

    private static JsonObject Rollout() => (JsonObject)JsonNode.Parse("""
        {"metadata": {"namespace": "prod", "name": "web-restart"}, "spec": {"type": "Restart", "policyRef": {"name": "web"}}}
        """)!;
}
