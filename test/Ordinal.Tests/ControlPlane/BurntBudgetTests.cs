using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

/// <summary>How long a burnt budget stays burnt. The other traps of drivers are in Ordinal.Conformance, which has no two minutes to wait.</summary>
[TestFixture]
public sealed class BurntBudgetTests
{
    [Test]
    public void T17_an_eviction_with_a_wrong_uid_burns_the_budget_for_two_minutes()
    {
        SimulatedCluster cluster = RollingUpdateTests.Rolled(13, new StatefulSetDocument());
        cluster.Create(ResourceKind.DisruptionBudgets, Budget("""{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}"""));
        cluster.Settle();
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.EqualTo(1));
        JsonObject eviction = JsonNode.Parse("""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"web-2"},"deleteOptions":{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}}""")!.AsObject();
        ApiAnswer answer = cluster.Send(new ApiCall("POST", "/api/v1/namespaces/default/pods/web-2/eviction")
        {
            ContentType = "application/json",
            Body = System.Text.Encoding.UTF8.GetBytes(eviction.ToJsonString()),
        });
        Assert.That(answer.StatusCode, Is.EqualTo(409));
        cluster.World.RunFor(TimeSpan.FromSeconds(60));
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.Zero);
        cluster.World.RunFor(TimeSpan.FromSeconds(70));
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.EqualTo(1));
    }

    private static JsonObject Budget(string spec) => new()
    {
        ["apiVersion"] = "policy/v1",
        ["kind"] = "PodDisruptionBudget",
        ["metadata"] = new JsonObject { ["name"] = "web" },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static long BudgetStatus(SimulatedCluster cluster, string field) =>
        cluster.World.Run(() => cluster.Client.GetAsync(ResourceKind.DisruptionBudgets, new ObjectKey("default", "web"), CancellationToken.None), TimeSpan.FromMinutes(1))!
            .Root.NumberAt("status", field) ?? 0;
}
