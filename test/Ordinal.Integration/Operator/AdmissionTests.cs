using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Demo;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>The optional admission policy: nobody but the operator takes the hold off (T26).</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class AdmissionTests(ClusterKind kind)
{
    private const string Admission = "/apis/admissionregistration.k8s.io/v1";

    [Test]
    public async Task T26_nobody_but_the_operator_lowers_the_effective_partition()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await cluster.CreateAsync($"{Admission}/validatingadmissionpolicies", Read("policy"));
        await cluster.CreateAsync($"{Admission}/validatingadmissionpolicybindings", Read("binding"));

        // A server takes a moment to compile a policy: until then a dry run goes through, and moves nothing.
        var refusal = "";
        await cluster.UntilAsync("the policy is in force", async () => (refusal = await RefusalAsync(() => cluster.Api.SendAsync(
            new ApiRequest("PATCH", $"{web.Path}?fieldManager=somebody&dryRun=All")
            {
                ContentType = "application/merge-patch+json",
                Body = """{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"""u8.ToArray(),
            },
            CancellationToken.None))).Length > 0);
        Assert.That(refusal, Does.Contain("StatefulSet web is held by Ordinal").And.Contain("delete the RolloutPolicy"));
        Assert.That(await RefusalAsync(() => web.ReleaseAsync("somebody")), Is.EqualTo(refusal));
        await web.UntilHeldAsync();

        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");
        Assert.That((await web.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v2"), "templates are the user's, and the operator may do what it must");
        await web.UntilHeldAsync();
        Assert.That(await RefusalAsync(() => web.ReleaseAsync("somebody")), Is.Not.Empty);
        Assert.That(
            await RefusalAsync(() => cluster.PatchAsync(web.Path, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["ordinal.dev/original-strategy"] = null } } })),
            Does.Contain("is what Ordinal gives back"));

        await web.DeletePolicyAsync();
        await cluster.UntilAsync("the policy is gone", async () => (await web.PolicyAsync()).ValueKind is System.Text.Json.JsonValueKind.Undefined, web.DescribeAsync);
        Assert.That(await web.PartitionAsync(), Is.Zero);
        await web.ReleaseAsync("somebody");
    }

    private static async Task<string> RefusalAsync(Func<Task> write)
    {
        try
        {
            await write();
            return "";
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.Invalid or ApiErrorKind.Forbidden)
        {
            return error.Message;
        }
    }

    private static JsonObject Read(string name) => YamlText.ParseObject(File.ReadAllBytes(Path.Combine(Programs.Repository, "config/components/admission", $"{name}.yaml")));
}
