using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>What gates are asked while nothing is rolled, and what the policy says of those that are not.</summary>
public sealed class RestProbeTests
{
    [TestCase(GatePhases.BeforeRollout, false, ExpectedResult = GatePhase.BeforeRollout)]
    [TestCase(GatePhases.BeforePod | GatePhases.AfterPod, false, ExpectedResult = GatePhase.BeforeRollout)]
    [TestCase(GatePhases.AfterPod, true, ExpectedResult = GatePhase.Roles)]
    [TestCase(GatePhases.AfterPod, false, ExpectedResult = null)]
    [TestCase(GatePhases.AfterPod | GatePhases.AfterRollout, false, ExpectedResult = null)]
    public GatePhase? A_gate_is_asked_for_what_its_runAt_says(GatePhases runAt, bool tellsRoles) =>
        RestProbe.PhaseOf(new GatePolicy { Name = "g", Type = "Http", RunAt = runAt, TellsRoles = tellsRoles });

    [Test]
    public void A_gate_that_is_not_asked_at_rest_is_neither_usable_nor_not()
    {
        var policy = new V1Alpha1RolloutPolicy { Metadata = new() { Name = "web", NamespaceProperty = "prod", Generation = 1 } };
        policy.Spec.Targets = new TargetsSpec { StatefulSets = [new TargetSpec { Name = "web" }] };
        policy.Spec.Gates = [new GateSpec { Name = "smoke", Type = "Http", RunAt = ["AfterPod"], Http = new HttpGateSpec { Port = 8080, Path = "/ready" } }];
        var status = PolicyStatuses.Of(policy, PolicyReader.Read("web", policy.Spec), [], null, GatesMode.On, Picture.Noon);
        var usable = status.Conditions!.Single(condition => condition.Type == "GatesUsable");
        Assert.Multiple(() =>
        {
            Assert.That((usable.Status, usable.Message), Is.EqualTo(("Unknown", "no gate is asked at rest: all of them run after pods or rollouts only")));
            Assert.That(status.Summary!.Gates, Is.Null, "none of none passes");
        });
    }
}
