using NUnit.Framework;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Evictions as a real 1.36.2 answered them, the burnt allowance included.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class EvictionTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    private readonly ApiHarness _api = new();

    [Test]
    public async Task An_allowed_eviction_takes_the_allowance_and_marks_the_pod()
    {
        await MakeAsync(allowed: 1);
        Reply evicted = await EvictAsync("web-2");
        Reply again = await EvictAsync("web-1");
        Reply budget = await _api.GetAsync($"{Budgets}/web");
        Reply pod = await _api.GetAsync($"{Pods}/web-2");
        Assert.Multiple(() =>
        {
            Assert.That(evicted.Text, Is.EqualTo("""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}"""));
            Assert.That(again.Text, Is.EqualTo(
                """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Cannot evict pod as it would violate the pod's disruption budget.","reason":"TooManyRequests","details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget web needs 2 healthy pods and has 3 currently"}]},"code":429}"""));
            Assert.That((long)budget.Body["status"]!["disruptionsAllowed"]!, Is.Zero);
            Assert.That((string?)budget.Body["status"]!["disruptedPods"]!["web-2"], Is.EqualTo("2026-01-01T12:00:00Z"));
            Assert.That((string?)pod.Body["status"]!["conditions"]![1]!["reason"], Is.EqualTo("EvictionByEvictionAPI"));
            Assert.That((string?)pod.Body["metadata"]!["deletionTimestamp"], Is.Not.Null);
        });
    }

    [Test]
    public async Task A_wrong_uid_is_a_conflict_and_burns_the_allowance()
    {
        await MakeAsync(allowed: 1);
        Reply refused = await EvictAsync("web-2", """,{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}""");
        Reply pod = await _api.GetAsync($"{Pods}/web-2");
        Reply budget = await _api.GetAsync($"{Budgets}/web");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(409));
            Assert.That(refused.Message, Is.EqualTo(
                $"Operation cannot be fulfilled on Pod \"web-2\": the UID in the precondition (11111111-2222-3333-4444-555555555555) does not match the UID in record ({pod.Body["metadata"]!["uid"]}). The object might have been deleted and then recreated"));
            Assert.That(pod.Body["metadata"]!["deletionTimestamp"], Is.Null);
            Assert.That((long)budget.Body["status"]!["disruptionsAllowed"]!, Is.Zero);
        });
    }

    [Test]
    public async Task A_stale_resourceVersion_is_a_conflict_and_a_fresh_one_goes_through()
    {
        await MakeAsync(allowed: 2);
        Reply stale = await _api.GetAsync($"{Pods}/web-2");
        Reply fresh = await _api.MergeAsync($"{Pods}/web-2", """{"metadata":{"labels":{"x":"y"}}}""");
        Reply refused = await EvictAsync("web-2", $$$""",{"preconditions":{"resourceVersion":"{{{stale.ResourceVersion}}}"}}""");
        Reply evicted = await EvictAsync("web-2", $$$""",{"preconditions":{"resourceVersion":"{{{fresh.ResourceVersion}}}"}}""");
        Assert.That((refused.Code, evicted.Code), Is.EqualTo((409, 201)));
    }

    [Test]
    public async Task Two_budgets_on_one_pod_are_a_server_error()
    {
        await MakeAsync(allowed: 1);
        await _api.PostAsync(Budgets, Budget("other"));
        Reply refused = await EvictAsync("web-2");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(500));
            Assert.That(refused.Message, Is.EqualTo("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
        });
    }

    [Test]
    public async Task An_unready_pod_goes_only_when_enough_are_healthy_or_the_policy_lets_it()
    {
        await MakeAsync(allowed: 0, healthy: 1);
        await SetReadyAsync("web-0", ready: false);
        Reply refused = await EvictAsync("web-0");
        await SetStatusAsync(allowed: 0, healthy: 2, generation: 1);
        Reply enough = await EvictAsync("web-0");
        await SetReadyAsync("web-1", ready: false);
        await SetStatusAsync(allowed: 0, healthy: 1, generation: 1);
        await _api.MergeAsync($"{Budgets}/web", """{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}""");
        Reply always = await EvictAsync("web-1");
        Assert.That((refused.Code, enough.Code, always.Code), Is.EqualTo((429, 201, 201)));
    }

    [Test]
    public async Task A_budget_that_is_behind_its_spec_asks_to_come_back()
    {
        await MakeAsync(allowed: 1);
        await _api.MergeAsync($"{Budgets}/web", """{"spec":{"maxUnavailable":2}}""");
        Reply refused = await EvictAsync("web-2");
        Assert.Multiple(() =>
        {
            Assert.That(refused.Code, Is.EqualTo(429));
            Assert.That(refused.Answer.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(10)));
            Assert.That((string?)refused.Body["details"]!["causes"]![0]!["message"], Is.EqualTo("The disruption budget web is still being processed by the server."));
        });
    }

    [Test]
    public async Task A_pending_pod_costs_no_allowance()
    {
        await MakeAsync(allowed: 0);
        await _api.MergeAsync($"{Pods}/web-2/status", """{"status":{"phase":"Pending"}}""");
        Assert.That((await EvictAsync("web-2")).Code, Is.EqualTo(201));
    }

    [Test]
    public async Task A_dry_run_takes_nothing()
    {
        await MakeAsync(allowed: 1);
        Reply dry = await EvictAsync("web-2", """,{"dryRun":["All"]}""");
        Reply budget = await _api.GetAsync($"{Budgets}/web");
        Reply pod = await _api.GetAsync($"{Pods}/web-2");
        Assert.Multiple(() =>
        {
            Assert.That(dry.Code, Is.EqualTo(201));
            Assert.That((long)budget.Body["status"]!["disruptionsAllowed"]!, Is.EqualTo(1));
            Assert.That(pod.Body["metadata"]!["deletionTimestamp"], Is.Null);
        });
    }

    [Test]
    public async Task A_missing_pod_is_not_found()
    {
        Reply gone = await EvictAsync("web-9");
        Assert.That(gone.Message, Is.EqualTo("pods \"web-9\" not found"));
    }

    private static string Budget(string name) => $$$"""
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"{{{name}}}"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"} } } }
        """;

    private async Task MakeAsync(int allowed, int healthy = 3)
    {
        foreach (string name in (string[])["web-0", "web-1", "web-2"])
        {
            await _api.PostAsync(Pods, ApiHarness.Pod(name, "\"nodeName\":\"n\","));
            await SetReadyAsync(name, ready: true);
        }

        await _api.PostAsync(Budgets, Budget("web"));
        await SetStatusAsync(allowed, healthy, generation: 1);
    }

    private Task<Reply> SetReadyAsync(string pod, bool ready) => _api.StrategicAsync(
        $"{Pods}/{pod}/status", $$$"""{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}""");

    private Task<Reply> SetStatusAsync(int allowed, int healthy, int generation) => _api.MergeAsync(
        $"{Budgets}/web/status",
        $$$"""{"status":{"observedGeneration":{{{generation}}},"disruptionsAllowed":{{{allowed}}},"currentHealthy":{{{healthy}}},"desiredHealthy":2,"expectedPods":3}}""");

    private Task<Reply> EvictAsync(string pod, string options = "") => _api.PostAsync(
        $"{Pods}/{pod}/eviction",
        $$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{pod}}}"} {{{options.Replace(",{", ",\"deleteOptions\":{", StringComparison.Ordinal)}}} }""");
}
