using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Demo;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>What <c>make install</c> and <c>make deploy</c> put on a cluster.</summary>
public sealed class DeployTests
{
    [TestCaseSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
    public async Task A_server_takes_all_of_it_without_a_field_that_it_does_not_know(ClusterKind kind)
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        foreach (var document in Documents("config/default"))
        {
            var request = new ApiRequest("PATCH", $"{PathOf(document)}?fieldManager=kubectl&force=true&fieldValidation=Strict")
            {
                ContentType = "application/apply-patch+yaml", Body = JsonSerializer.SerializeToUtf8Bytes(document),
            };
            Assert.That(async () => await cluster.Api.SendAsync(request, CancellationToken.None), Throws.Nothing, PathOf(document));
        }

        var deployment = await cluster.FindAsync("/apis/apps/v1/namespaces/ordinal-system/deployments/ordinal-operator");
        Assert.That(deployment.GetValueOrDefault().Member("spec").WholeNumber("replicas"), Is.EqualTo(2), "one leads, one takes over");
    }

    [Test]
    public void The_operator_runs_with_nothing_that_it_does_not_need()
    {
        var pod = Deployment()["spec"]!["template"]!["spec"]!;
        var container = pod["containers"]!.AsArray().Single()!;
        Assert.Multiple(() =>
        {
            Assert.That(pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
            Assert.That(pod["securityContext"]!["seccompProfile"]!["type"]!.GetValue<string>(), Is.EqualTo("RuntimeDefault"));
            Assert.That(container["securityContext"]!["allowPrivilegeEscalation"]!.GetValue<bool>(), Is.False);
            Assert.That(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
            Assert.That(container["securityContext"]!["capabilities"]!["drop"]!.AsArray().Single()!.GetValue<string>(), Is.EqualTo("ALL"));
            Assert.That(container["resources"]!["limits"]!["memory"], Is.Not.Null);
            Assert.That(container["resources"]!["requests"]!["cpu"], Is.Not.Null);
            Assert.That(container["livenessProbe"]!["httpGet"]!["path"]!.GetValue<string>(), Is.EqualTo("/healthz"));
            Assert.That(container["readinessProbe"]!["httpGet"]!["path"]!.GetValue<string>(), Is.EqualTo("/readyz"));
        });
    }

    [Test]
    public void The_command_line_of_the_deployment_and_of_the_image_can_be_read()
    {
        var container = Deployment()["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Single()!;
        string[] arguments = [.. container["args"]!.AsArray().Select(each => each!.GetValue<string>())];
        Assert.That(CommandRoot.Create().Parse(arguments).Errors, Is.Empty);
        var command = File.ReadLines(Path.Combine(Programs.Repository, "Dockerfile")).Last(line => line.StartsWith("CMD ", StringComparison.Ordinal));
        Assert.That(CommandRoot.Create().Parse(JsonSerializer.Deserialize<string[]>(command["CMD ".Length..])!).Errors, Is.Empty);
    }

    [Test]
    public void No_role_has_a_wildcard_and_the_whole_cluster_is_not_asked_for_leases_or_Secrets()
    {
        var roles = Documents("config/default").Where(document => document["kind"]!.GetValue<string>() is "Role" or "ClusterRole").ToList();
        Assert.That(roles.SelectMany(role => role["rules"]!.AsArray()).Select(rule => rule!.ToJsonString()), Has.None.Contain("*"));
        var clusterWide = roles.Where(role => role["kind"]!.GetValue<string>() == "ClusterRole").SelectMany(role => role["rules"]!.AsArray()).Select(rule => rule!.ToJsonString()).ToList();
        Assert.That(clusterWide, Is.Not.Empty);
        Assert.That(clusterWide, Has.None.Contain("leases").And.None.Contain("secrets"));
    }

    private static JsonObject Deployment() => Documents("config/default").Single(document => document["kind"]!.GetValue<string>() == "Deployment");

    /// <summary>All documents of a kustomization, in its order, as kubectl kustomize would write them.</summary>
    private static IEnumerable<JsonObject> Documents(string folder)
    {
        var kustomization = YamlText.ParseAll(File.ReadAllText(Path.Combine(Programs.Repository, folder, "kustomization.yaml")))[0];
        foreach (var resource in kustomization["resources"]!.AsArray().Concat(kustomization["components"]?.AsArray() ?? []).Select(each => Path.Combine(folder, each!.GetValue<string>())))
        {
            var path = Path.Combine(Programs.Repository, resource);
            foreach (var document in Directory.Exists(path) ? Documents(resource) : YamlText.ParseAll(File.ReadAllText(path)))
            {
                yield return document;
            }
        }
    }

    private static string PathOf(JsonObject document)
    {
        var version = document["apiVersion"]!.GetValue<string>();
        var kind = document["kind"]!.GetValue<string>();
        var space = document["metadata"]!["namespace"]?.GetValue<string>() is { } name ? $"/namespaces/{name}" : "";
        return $"{(version.Contains('/', StringComparison.Ordinal) ? "/apis" : "/api")}/{version}{space}/{kind.ToLowerInvariant()}s/{document["metadata"]!["name"]!.GetValue<string>()}";
    }
}
