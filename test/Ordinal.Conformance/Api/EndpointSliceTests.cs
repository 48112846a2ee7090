using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Api;

/// <summary>The EndpointSlices of Services, as the real controller writes them.</summary>
public sealed class EndpointSliceTests(ClusterKind kind) : ConformanceTests(kind)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    [Test, Rule("API-endpointslices")]
    public async Task A_slice_tells_of_each_pod_of_a_headless_service()
    {
        await ServiceAsync("""{"clusterIP":"None","selector":{"app":"web"},"ports":[{"name":"http","port":80},{"name":"named","port":81,"targetPort":"nowhere"}]}""");
        await Workload.StartAsync(Space, new StatefulSetDocument());
        var slice = (await UntilAsync(slices => slices.Length == 1 && Endpoints(slices[0]).Count(each => each.Child("conditions").Flag("ready") == true) == 3)).Single();
        Assert.That(slice.Meta().Text("generateName"), Is.EqualTo("web-"));
        Assert.That(slice.Meta().Child("labels")!.Select(label => $"{label.Key}={label.Value}"), Is.EquivalentTo(new[]
        {
            "team=a", "kubernetes.io/service-name=web", "endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io", "service.kubernetes.io/headless=",
        }));
        var owner = (slice.Meta().List("ownerReferences")!.Single() as JsonObject)!;
        Assert.That((owner.Text("apiVersion"), owner.Text("kind"), owner.Text("name"), owner.Flag("controller"), owner.Flag("blockOwnerDeletion")), Is.EqualTo(("v1", "Service", "web", (bool?)true, (bool?)true)));
        Assert.That(slice.Text("addressType"), Is.EqualTo("IPv4"));

        // A port that no container has by that name is left out.
        Assert.That(slice["ports"]!.ToJsonString(), Is.EqualTo("""[{"name":"http","protocol":"TCP","port":80}]"""));
        foreach (var endpoint in Endpoints(slice))
        {
            var pod = await Space.GetAsync(ResourceKind.Pods, endpoint.Child("targetRef").Text("name")!);
            Assert.That(endpoint["addresses"]!.ToJsonString(), Is.EqualTo(new JsonArray(pod.Child("status").Text("podIP")).ToJsonString()));
            Assert.That(endpoint["conditions"]!.ToJsonString(), Is.EqualTo("""{"ready":true,"serving":true,"terminating":false}"""));
            Assert.That(endpoint.Text("hostname"), Is.EqualTo(pod.Name()));
            Assert.That(endpoint.Text("nodeName"), Is.EqualTo(pod.Child("spec").Text("nodeName")));
            Assert.That(endpoint["targetRef"]!.ToJsonString(), Is.EqualTo(
                new JsonObject { ["kind"] = "Pod", ["namespace"] = Space.Name, ["name"] = pod.Name(), ["uid"] = pod.Uid() }.ToJsonString()));
            var node = (await Space.SendAsync("GET", ResourceKind.Nodes.ObjectPath(new ObjectKey("", endpoint.Text("nodeName")!)))).Ok();
            Assert.That(endpoint.Text("zone"), Is.EqualTo(node.Label("topology.kubernetes.io/zone")));
        }
    }

    [Test, Rule("API-endpointslices")]
    public async Task Readiness_counts_unless_the_service_publishes_all_and_the_slice_goes_with_the_service()
    {
        await ServiceAsync("""{"clusterIP":"None","selector":{"app":"web"},"publishNotReadyAddresses":true}""");
        await ServiceAsync("""{"clusterIP":"None","selector":{"app":"web"},"ports":[{"port":80}]}""", "other");
        var web = await Workload.StartAsync(Space, new StatefulSetDocument());
        await web.MakeReadyAsync(1, isReady: false);
        static string? Conditions(JsonObject[] slices, string pod) =>
            slices.SelectMany(Endpoints).FirstOrDefault(each => each.Child("targetRef").Text("name") == pod)?["conditions"]!.ToJsonString();
        await UntilAsync(slices => Conditions(slices, "web-1") == """{"ready":false,"serving":false,"terminating":false}""", "other");
        await UntilAsync(slices => Conditions(slices, "web-1") == """{"ready":true,"serving":false,"terminating":false}""");
        await Space.DeleteAsync(ResourceKind.Services, "web");
        await UntilAsync(slices => slices.Length == 0);
    }

    [Test, Rule("API-endpointslices")]
    public async Task A_service_without_pods_has_an_empty_slice_and_one_without_a_selector_none()
    {
        await ServiceAsync("""{"clusterIP":"None","ports":[{"port":80}]}""", "manual");
        await ServiceAsync("""{"clusterIP":"None","selector":{"app":"nothing"},"ports":[{"port":80}]}""");
        var slice = (await UntilAsync(slices => slices.Length == 1)).Single();
        Assert.That(Endpoints(slice), Is.Empty);
        Assert.That(slice.List("ports") ?? [], Is.Empty);
        Assert.That(await SlicesAsync("manual"), Is.Empty);
    }

    private static IEnumerable<JsonObject> Endpoints(JsonObject slice) => (slice.List("endpoints") ?? []).OfType<JsonObject>();

    private async Task ServiceAsync(string spec, string name = "web") => await Space.CreateAsync(ResourceKind.Services, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["team"] = "a" } },
        ["spec"] = JsonNode.Parse(spec),
    });

    private async Task<JsonObject[]> SlicesAsync(string service) =>
        [.. (await Space.SendAsync("GET", Space.Path(ResourceKind.EndpointSlices), $"labelSelector=kubernetes.io/service-name={service}")).Ok().List("items")!.OfType<JsonObject>()];

    private async Task<JsonObject[]> UntilAsync(Predicate<JsonObject[]> isSo, string service = "web")
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var slices = await SlicesAsync(service);
            if (isSo(slices))
            {
                return slices;
            }

            Assert.That(TimeProvider.System.GetElapsedTime(began), Is.LessThan(Longest), $"the slices of {service} are {string.Join('\n', slices.Select(slice => slice.ToJsonString()))}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}
