using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Traps;

/// <summary>Budgets, evictions and readiness gates.</summary>
public sealed class DisruptionTrapTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string Gate = "ordinal.dev/gate";

    [Test, Rule("T12")]
    public async Task The_built_in_update_ignores_a_disruption_budget()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await BudgetAsync("web", """{"minAvailable":3,"selector":{"matchLabels":{"app":"web"}}}""", allowed: 0);
        await web.ChangeImageAsync("app:v2");
        await web.UntilCompleteAsync();
        Assert.That(web.Images, Is.All.EqualTo("app:v2"));
    }

    [Test, Rule("T15")]
    public async Task Under_OrderedReady_a_gated_pod_blocks_the_return_of_a_pod_above_it()
    {
        var web = await Workload.CreateAsync(Space, Gated(5));
        for (var ordinal = 0; ordinal < 5; ordinal++)
        {
            await OpenAsync(web, ordinal, "True");
        }

        await web.UntilCompleteAsync();
        await OpenAsync(web, 2, "False");
        await Space.UntilAsync("the set knows", () => web.Set.Count("readyReplicas") == 4);
        await Space.DeleteAsync(ResourceKind.Pods, "web-4");
        await Space.UntilAsync("web-4 is gone", () => web.Pod(4) is null);
        await Space.SettleAsync();
        Assert.That(web.Pod(4), Is.Null);
        await OpenAsync(web, 2, "True");
        await Space.UntilAsync("web-4 is back", () => web.Pod(4) is not null);
    }

    [Test, Rule("T16")]
    public async Task Under_OrderedReady_with_a_readiness_gate_only_the_first_pod_is_ever_made()
    {
        var web = await Workload.CreateAsync(Space, Gated(3));
        await Space.UntilAsync("its containers are ready", () => web.Pod(0)?.ConditionStatus("ContainersReady") is "True");
        await Space.SettleAsync();
        Assert.That(web.PodNames, Is.EqualTo(new[] { "web-0" }));
        Assert.That(web.Pod(0)!.IsReady(), Is.False);
    }

    [Test, Rule("T17")]
    public async Task An_eviction_with_a_wrong_uid_is_409_and_burns_the_budget()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await BudgetAsync("web", """{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}""", allowed: 1);
        var refused = await EvictAsync("web-2", """{"uid":"11111111-2222-3333-4444-555555555555"}""");
        refused.Refused(409, $"Operation cannot be fulfilled on Pod \"web-2\": the UID in the precondition (11111111-2222-3333-4444-555555555555) does not match the UID in record ({web.Pod(2)!.Uid()}). The object might have been deleted and then recreated");

        // For two minutes, which Ordinal.Tests hold in virtual time.
        await Space.UntilAsync("nothing is allowed", () => Budget("web").Count("disruptionsAllowed") == 0);
        await Space.QuietAsync();
        Assert.That(Budget("web").Count("disruptionsAllowed"), Is.Zero);
        var next = (await EvictAsync("web-1")).Refused(429);
        Assert.That(next.Causes.Select(cause => cause.Reason), Is.EqualTo(new[] { "DisruptionBudget" }));
        Assert.That(web.Deleted(), Is.Empty);
    }

    [Test, Rule("T18")]
    public async Task Two_budgets_on_one_pod_make_every_eviction_a_500()
    {
        await Workload.StartAsync(Space, new StatefulSetDocument());
        await BudgetAsync("one", """{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}""", allowed: 1);
        await BudgetAsync("two", """{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}""", allowed: 1);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            (await EvictAsync("web-2")).Refused(500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }
    }

    [Test, Rule("T19")]
    public async Task A_stale_resourceVersion_as_precondition_is_409_and_a_fresh_one_evicts()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        var old = web.Pod(2)!;
        await Space.PatchAsync(ResourceKind.Pods, "web-2", """{"metadata":{"annotations":{"burnt":"yes"}}}""");
        var fresh = await Space.GetAsync(ResourceKind.Pods, "web-2");
        Assert.That(fresh.Version(), Is.Not.EqualTo(old.Version()));
        var refused = (await EvictAsync("web-2", $$"""{"uid":"{{old.Uid()}}","resourceVersion":"{{old.Version()}}"}""")).Refused(409);
        Assert.That(refused.Message, Does.StartWith($"Operation cannot be fulfilled on Pod \"web-2\": the ResourceVersion in the precondition ({old.Version()}) does not match the ResourceVersion in record ("));
        (await EvictAsync("web-2", $$"""{"uid":"{{old.Uid()}}","resourceVersion":"{{fresh.Version()}}"}""")).Refused(201);
        await Space.UntilAsync("another web-2 is ready", () => web.Pod(2) is { } pod && pod.Uid() != old.Uid() && pod.IsReady());
    }

    [Test, Rule("T20")]
    public async Task An_unhealthy_pod_is_not_evicted_under_a_default_budget_and_is_under_AlwaysAllow()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await BudgetAsync("web", """{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}""", allowed: 1);
        await web.MakeReadyAsync(1, false);
        await web.MakeReadyAsync(0, false);
        await Space.UntilAsync("one is healthy", () => Budget("web").Count("currentHealthy") == 1);
        var refused = (await EvictAsync("web-0")).Refused(429, "Cannot evict pod as it would violate the pod's disruption budget.");
        Assert.That(refused.Causes, Is.EqualTo(new[] { ("DisruptionBudget", (string?)null, "The disruption budget web needs 2 healthy pods and has 1 currently") }));
        var generation = (await Space.PatchAsync(ResourceKind.DisruptionBudgets, "web", """{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}""")).Generation();
        await Space.UntilAsync("the budget is observed", () => Budget("web").Count("observedGeneration") == generation);
        var uid = web.Pod(0)!.Uid();
        (await EvictAsync("web-0")).Refused(201);
        await Space.UntilAsync("web-0 leaves", () => web.Pod(0) is not { } pod || pod.Uid() != uid || pod.IsTerminating());
    }

    private static JsonObject Gated(int replicas)
    {
        var set = new StatefulSetDocument { Replicas = replicas }.Build();
        set["spec"]!["template"]!["spec"]!["readinessGates"] = new JsonArray(new JsonObject { ["conditionType"] = Gate });
        return set;
    }

    private async Task OpenAsync(Workload web, int ordinal, string status)
    {
        await Space.UntilAsync($"web-{ordinal} runs", () => web.Pod(ordinal)?.ConditionStatus("ContainersReady") is "True");
        await Space.PatchAsync(ResourceKind.Pods, web.PodName(ordinal), $$"""{"status":{"conditions":[{"type":"{{Gate}}","status":"{{status}}"}]} }""", Space.Strategic, subresource: "status");
        await Space.UntilAsync($"web-{ordinal} is ready: {status}", () => web.Pod(ordinal)?.ConditionStatus("Ready") == status);
    }

    private JsonObject Budget(string name) => Space.Find(ResourceKind.DisruptionBudgets, name)!;

    private async Task BudgetAsync(string name, string spec, int allowed)
    {
        await Space.CreateAsync(ResourceKind.DisruptionBudgets, new JsonObject
        {
            ["apiVersion"] = "policy/v1", ["kind"] = "PodDisruptionBudget", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec),
        });
        await Space.UntilAsync($"{name} allows {allowed}", () => Space.Find(ResourceKind.DisruptionBudgets, name) is { } budget && budget.Count("observedGeneration") == 1 && budget.Count("disruptionsAllowed") == allowed && budget.Count("expectedPods") == 3);
    }

    private Task<Answer> EvictAsync(string pod, string? preconditions = null)
    {
        var eviction = new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = pod } };
        if (preconditions is not null)
        {
            eviction["deleteOptions"] = new JsonObject { ["preconditions"] = JsonNode.Parse(preconditions) };
        }

        return Space.SendAsync("POST", Space.Path(ResourceKind.Pods, pod, "eviction"), body: eviction);
    }
}
