using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Integration.Clusters;

namespace Ordinal.Integration.Scenarios;

/// <summary>What is asked while nothing is rolled.</summary>
public sealed class RestScenarios(ClusterKind kind) : ScenarioTests(kind)
{
    [TestCase("BeforePod", GatePhase.BeforeRollout)]
    [TestCase("BeforeRollout", GatePhase.BeforeRollout)]
    [TestCase("AfterPod", GatePhase.Roles)]
    [TestCase("AfterRollout", GatePhase.Roles)]
    public async Task A_gate_is_asked_at_rest_for_what_its_runAt_says(string runAt, GatePhase phase)
    {
        await using var scene = await SceneAsync(gates: Gates(runAt));
        await scene.Web.UntilPolicyAsync("GatesUsable", "True", "Probed");
        Assert.That(scene.Script.Asked, Is.Not.Empty.And.All.EqualTo((phase, "")));
    }
}
