using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Gates.Probing;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary><c>ordinal gates</c>: what the operator wrote down, and what is seen from here.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class GatesCommandTests(ClusterKind kind)
{
    [Test]
    public async Task Gates_are_shown_as_the_operator_knows_them_and_as_they_are_seen_from_here()
    {
        var status = 200;
        await using var server = await ProbeServer.StartAsync(context =>
        {
            context.Response.StatusCode = Volatile.Read(ref status);
            return Task.CompletedTask;
        });
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        var ordinal = new CommandLine(cluster);
        await web.CreateAsync();
        await web.AddPolicyAsync();
        Assert.That((await ordinal.RunAsync("gates sts/web")).Error, Does.Contain("RolloutPolicy default/web has no gates"));
        await cluster.PatchAsync("/apis/ordinal.dev/v1alpha1/namespaces/default/rolloutpolicies/web", new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["gates"] = new JsonArray(new JsonObject { ["name"] = "health", ["type"] = "Http", ["http"] = new JsonObject { ["scope"] = "Url", ["url"] = $"http://127.0.0.1:{server.Port}/{{statefulset}}" } }),
            },
        });

        var (code, output, error) = await ordinal.RunAsync("gates sts/web");
        Assert.That(code, Is.EqualTo(3), "nobody has asked yet");
        Assert.That(output, Does.Match("health +Http +NotAsked"), error);
        (code, output, _) = await ordinal.RunAsync("gates web --probe");
        Assert.That(code, Is.Zero, output);
        Assert.That(output, Does.Match(@"GATE +TYPE +ABOUT +PHASE +STATE").And.Match(@"health +Http +web +BeforeRollout +Passing +GateOpen +\d+s +status=200"));

        Volatile.Write(ref status, 503);
        (code, output, _) = await ordinal.RunAsync("gates web --probe --pod web-1 -o json");
        Assert.That(code, Is.EqualTo(1));
        var gate = JsonDocument.Parse(output).RootElement.Member("gates")[0];
        Assert.That((gate.Text("about"), gate.Text("phase"), gate.Text("state"), gate.Text("reason"), gate.Text("observed")), Is.EqualTo(("web-1", "BeforePod", "Failing", "HttpStatusRefused", "status=503")));
        Assert.That(gate.Text("message"), Does.Contain($"127.0.0.1:{server.Port}/web answers HTTP 503"));
        Assert.That((await ordinal.RunAsync("gates web --probe --pod web-9")).Error, Does.Contain("no pod web-9"));
        Assert.That((await ordinal.RunAsync("gates web --pod web-1")).Code, Is.EqualTo(2));

        await using var running = new RunningOperator(cluster);
        await cluster.UntilAsync("the operator has written down what the gate says", async () => (await ordinal.RunAsync("gates rop/web")).Code == 1, web.DescribeAsync);
        (_, output, _) = await ordinal.RunAsync("gates rop/web");
        Assert.That(output, Does.Match(@"health +Http +BeforeRollout +Failing +HttpStatusRefused +<5m").And.Contain("health: default/web: 127.0.0.1:"));
        Assert.That((await ordinal.RunAsync("gates sts/nope")).Code, Is.EqualTo(2));
    }
}
