using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Gates;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>Bad input: each gets a condition with object, fact and remedy, and no pod is touched.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class BadInputTests(ClusterKind kind)
{
    [Test]
    public async Task A_budget_of_zero_is_refused_and_no_pod_is_touched()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var before = await web.PodsAsync();
        try
        {
            await web.AddPolicyAsync(new JsonObject { ["maxUnavailable"] = 0 });
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.Invalid)
        {
            // A server that evaluates the schema's rules does not even take it.
            Assert.That(error.Message, Does.Contain("maxUnavailable is a whole number of at least 1"));
            return;
        }

        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "False", "InvalidPolicy");
        await web.UntilPolicyAsync("Stalled", "True", "InvalidPolicy");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Ready").Message, Does.Contain("spec.update.maxUnavailable is 0"));
        Assert.That(await web.PartitionAsync(), Is.Zero, "a wrong policy adopts nothing");
        Assert.That(await web.PodsAsync(), Is.EqualTo(before));

        await web.PatchPolicyAsync(new JsonObject { ["update"] = new JsonObject { ["maxUnavailable"] = 1 } });
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
    }

    [Test]
    public async Task An_unknown_target_is_named_and_found_when_it_comes()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("TargetsFound", "False", "TargetsMissing");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Ready").Message, Does.Contain("default/web does not exist"));

        await web.CreateAsync();
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.UntilHeldAsync();
    }

    [Test]
    public async Task Of_two_policies_on_one_set_the_older_keeps_it()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync(policy: "first");
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate", "first");
        var generation = (await web.SetAsync()).Member("metadata").WholeNumber("generation");

        // Creation times have whole seconds, and the names are in the wrong order on purpose: age decides.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System);
        await web.AddPolicyAsync(policy: "a-second");
        await web.UntilPolicyAsync("Ready", "False", "TargetConflict", "a-second");
        Assert.That(Workload.Condition(await web.PolicyAsync("a-second"), "Ready").Message, Does.Contain("belongs to RolloutPolicy first"));
        Assert.That((await web.SetAsync()).Member("metadata").WholeNumber("generation"), Is.EqualTo(generation));

        await web.DeletePolicyAsync("first");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate", "a-second");
    }

    [Test]
    public async Task What_is_not_supported_is_refused_with_a_remedy()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var spec = web.PolicySpec();
        spec["scale"] = new JsonObject { ["mode"] = "Gate" };
        await web.AddPolicyAsync("web", spec);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "False", "NotSupported");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "Ready").Message, Does.Contain("scale the StatefulSet itself"));
        Assert.That(await web.PartitionAsync(), Is.Zero);
    }

    [Test]
    public async Task An_unreachable_gate_is_told_at_rest_and_holds_the_rollout()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();

        // Port 1 of the loopback net answers with a refusal at once.
        var gate = new JsonObject { ["name"] = "raft", ["type"] = "Etcd", ["etcd"] = new JsonObject { ["scheme"] = "http", ["port"] = 1, ["hostTemplate"] = "127.0.0.1" } };
        await web.AddPolicyAsync(new JsonObject { ["podOrder"] = "LeaderLast", ["minReadyDuration"] = "0s" }, gates: [gate]);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("GatesUsable", "False", "Unreachable");
        var before = await web.PodsAsync();

        await web.ChangeTemplateAsync("app:v2");
        await cluster.UntilAsync("the rollout says that it waits for the gate", async () => await web.RolloutsAsync() is { Count: 1 } rollouts
            && rollouts[0].Member("status").Member("current").Text("waitingFor") is { } words && words.Contains("raft", StringComparison.Ordinal), web.DescribeAsync);
        Assert.That(await web.PodsAsync(), Is.EqualTo(before), "unknown never opens");
    }

    [TestCase("401 Unauthorized")]
    [TestCase("403 Forbidden")]
    public async Task A_gate_that_is_not_authorised_is_told_at_rest_and_holds_the_rollout(string status)
    {
        await using var server = BadServer.Says(BadServer.Http(status, "go away"));
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var gate = new JsonObject { ["name"] = "raft", ["type"] = "Etcd", ["etcd"] = new JsonObject { ["scheme"] = "http", ["port"] = server.Port, ["hostTemplate"] = "127.0.0.1" } };
        await web.AddPolicyAsync(new JsonObject { ["podOrder"] = "LeaderLast", ["minReadyDuration"] = "0s" }, gates: [gate]);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("GatesUsable", "False", "GatesUnusable");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "GatesUsable").Message, Does.Contain("gate raft: EtcdAccessDenied").And.Contain(status[..3]));
        var before = await web.PodsAsync();

        await web.ChangeTemplateAsync("app:v2");
        await cluster.UntilAsync("the rollout says that it waits for the gate", async () => await web.RolloutsAsync() is { Count: 1 } rollouts
            && rollouts[0].GetRawText().Contains("EtcdAccessDenied", StringComparison.Ordinal), web.DescribeAsync);
        Assert.That(await web.PodsAsync(), Is.EqualTo(before), "misconfigured never opens");
    }

    [TestCase(false, "the operator may not read Secret default/etcd-ca; give it get on that Secret with a Role and RoleBinding in namespace default")]
    [TestCase(true, "Secret default/etcd-ca does not exist; create it with key ca.crt")]
    public async Task A_gate_whose_secret_cannot_be_read_is_misconfigured(bool maySecretsBeRead, string message)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        if (maySecretsBeRead)
        {
            await OperatorAccount.LetReadSecretsAsync(cluster);
        }

        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        var gate = new JsonObject { ["name"] = "raft", ["type"] = "Etcd", ["etcd"] = new JsonObject { ["tls"] = new JsonObject { ["ca"] = new JsonObject { ["secretName"] = "etcd-ca" } } } };
        await web.AddPolicyAsync(gates: [gate]);
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("GatesUsable", "False", "GatesUnusable");
        await web.UntilPolicyAsync("Stalled", "True", "GatesUnusable");
        Assert.That(Workload.Condition(await web.PolicyAsync(), "GatesUsable").Message, Does.Contain(message));
    }

    [Test]
    public async Task A_set_deleted_in_mid_rollout_ends_the_rollout()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilHeldAsync();
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the first pod is released", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);

        await cluster.DeleteAsync(web.Path);
        await web.UntilRolloutAsync("False", "TargetGone");
        await web.UntilPolicyAsync("Ready", "False", "TargetsMissing");
        Assert.That(
            Workload.Condition((await web.RolloutsAsync())[0], "Succeeded").Message,
            Is.EqualTo("StatefulSet default/web was deleted in mid-rollout; nothing is left to roll. Create it again, which needs no rollout, or take it out of the policy."));
    }

    [Test]
    public async Task A_rollout_without_its_policy_fails_its_preflight()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.CreateRolloutAsync("orphan", new JsonObject { ["policyRef"] = new JsonObject { ["name"] = "nobody" }, ["type"] = "Update" });
        await web.UntilRolloutAsync("False", "PolicyMissing");
        Assert.That(Workload.Condition((await web.RolloutsAsync())[0], "Finished").Status, Is.EqualTo("True"));
    }

    [TestCase("Scale")]
    public async Task A_request_that_is_not_supported_fails_its_preflight(string type)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var ordinal = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        var before = await web.PodsAsync();
        var request = new JsonObject { ["policyRef"] = new JsonObject { ["name"] = "web" }, ["type"] = type };
        if (type == "Scale")
        {
            request["scale"] = new JsonObject { ["replicas"] = 5 };
        }

        await web.CreateRolloutAsync("request", request);
        await web.UntilRolloutAsync("False", "NotSupported");
        Assert.That(await web.PodsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_missing_right_is_told_with_the_servers_words()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using (new RunningOperator(cluster))
        {
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        }

        await using var ordinal = new RunningOperator(cluster, inner => new RefusingTransport(inner, "/statefulsets/web"));
        await web.ChangeTemplateAsync("app:v2");
        await cluster.UntilAsync("the rollout is stalled", async () => await web.RolloutsAsync() is { Count: 1 } rollouts
            && Workload.Condition(rollouts[0], "Stalled") is ("True", "ActionRefused", var message) && message.Contains("403", StringComparison.Ordinal), web.DescribeAsync);
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));
    }

    /// <summary>A server that forbids writes to one object.</summary>
    private sealed class RefusingTransport(IApiTransport inner, string path) : IApiTransport
    {
        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) =>
            request.Method == "PATCH" && request.Path.EndsWith(path, StringComparison.Ordinal)
                ? Task.FromResult(new ApiResponse(403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no right to patch\"}"u8.ToArray()))
                : inner.SendAsync(request, cancellationToken);

        public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => inner.OpenAsync(request, cancellationToken);
    }
}
