using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class ScenarioTests
{
    [Test]
    public void Later_rules_override_earlier_ones_and_a_pods_annotations_override_them_all()
    {
        Scenario scenario = Scenario.Parse("""
            rules:
            - behave: {start-delay: 2s, stop-delay: 3s, ready-delay: 4s}
            - match: {statefulset: web}
              behave: {start-delay: 5s}
            - match: {pod: "other-*"}
              behave: {start-delay: 9s}
            """);
        SimulatedScript script = scenario.For(Pod("web-0", [("sim.ordinal.dev/stop-delay", "7s")]), SimulatedRuntime.DefaultScript);
        Assert.Multiple(() =>
        {
            Assert.That(script.StartDelay, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(script.StopDelay, Is.EqualTo(TimeSpan.FromSeconds(7)));
            Assert.That(script.ReadyDelay, Is.EqualTo(TimeSpan.FromSeconds(4)));
        });
    }

    [TestCase("{namespace: prod}", true)]
    [TestCase("{namespace: test}", false)]
    [TestCase("{pod: web-0}", true)]
    [TestCase("{pod: \"*-0\"}", true)]
    [TestCase("{pod: \"*-1\"}", false)]
    [TestCase("{statefulset: web}", true)]
    [TestCase("{ordinal: 0}", true)]
    [TestCase("{ordinal: 1}", false)]
    [TestCase("{revision: web-abc}", true)]
    [TestCase("{revision: web-x*}", false)]
    [TestCase("{image: \"*bad*\"}", true)]
    [TestCase("{image: \"app.bad\"}", false)]
    [TestCase("{node: node-2}", true)]
    [TestCase("{label: app=web}", true)]
    [TestCase("{label: app=w*}", true)]
    [TestCase("{label: app=other}", false)]
    [TestCase("{pod: web-0, namespace: test}", false)]
    public void A_rule_is_about_the_pods_that_every_entry_fits(string match, bool fits)
    {
        Scenario scenario = Scenario.Parse($"rules: [{{match: {match}, behave: {{fail: NeverReady}}}}]");
        Assert.That(scenario.For(Pod("web-0"), SimulatedRuntime.DefaultScript).Failure is SimulatedFailure.NeverReady, Is.EqualTo(fits));
    }

    [Test]
    public void A_rule_for_the_first_pods_leaves_those_that_come_after_alone()
    {
        Scenario scenario = Scenario.Parse("rules: [{first: 2, behave: {fail: NeverReady}}]");
        KubeObject[] pods = [Pod("web-0"), Pod("web-1"), Pod("web-2")];
        Assert.That(pods.Select(Fails), Is.EqualTo(new[] { true, true, false }));
        Assert.That(pods.Select(Fails), Is.EqualTo(new[] { true, true, false }), "asked again, the same");

        bool Fails(KubeObject pod) => scenario.For(pod, SimulatedRuntime.DefaultScript).Failure is SimulatedFailure.NeverReady;
    }

    [TestCase("x: 1", "rules")]
    [TestCase("rules: []\nmore: 1", "the document has no \"more\"")]
    [TestCase("rules: [3]", "rules[0] is not an object")]
    [TestCase("rules: [{match: {pod: a}}]", "rules[0].behave is empty")]
    [TestCase("rules: [{behave: {fail: NeverReady}, wenn: 1}]", "rules[0] has no \"wenn\"; known are match, behave, first")]
    [TestCase("rules: [{match: {pot: a}, behave: {fail: NeverReady}}]", "rules[0].match: there is no \"pot\"")]
    [TestCase("rules: [{behave: {strat-delay: 1s}}]", "rules[0].behave.strat-delay: there is no such name")]
    [TestCase("rules: [{behave: {start-delay: soon}}]", "\"soon\" is no duration")]
    [TestCase("rules: [{behave: {fail: Explode}}]", "there is no failure \"Explode\"; give one of ImagePullBackOff")]
    [TestCase("rules: [{behave: {fail: \"1\"}}]", "there is no failure \"1\"")]
    [TestCase("rules: [{behave: {flip: 10s}}]", "no pair of durations")]
    [TestCase("rules: [{behave: {crashes: -1}}]", "no number")]
    [TestCase("rules: [{behave: {ready: maybe}}]", "neither true nor false")]
    [TestCase("rules: [{behave: {fail: [a]}}]", "is not a text")]
    [TestCase("rules: [{first: 0, behave: {fail: NeverReady}}]", "rules[0].first is no number from 1")]
    [TestCase("rules: [}", "line")]
    public void What_is_no_scenario_is_refused_with_its_place(string yaml, string words) =>
        Assert.That(() => Scenario.Parse(yaml), Throws.TypeOf<FormatException>().With.Message.Contains(words));

    private static KubeObject Pod(string name, params (string Name, string Value)[] annotations)
    {
        JsonObject notes = [];
        foreach ((string note, string value) in annotations)
        {
            notes[note] = value;
        }

        return KubeObject.Of(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = "prod",
                ["uid"] = $"uid-{name}",
                ["annotations"] = notes,
                ["labels"] = new JsonObject { ["app"] = "web", ["controller-revision-hash"] = "web-abc" },
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "StatefulSet", ["name"] = "web", ["uid"] = "u", ["controller"] = true }),
            },
            ["spec"] = new JsonObject { ["nodeName"] = "node-2", ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:bad-1" }) },
        });
    }
}
