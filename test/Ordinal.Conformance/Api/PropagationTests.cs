using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Api;

/// <summary>What becomes of the dependents of a deleted object.</summary>
public sealed class PropagationTests(ClusterKind kind) : ConformanceTests(kind)
{
    private string Maps => $"/api/v1/namespaces/{Space.Name}/configmaps";

    [Test, Rule("API-propagation-background")]
    public async Task In_the_background_the_owner_goes_first_and_the_dependents_follow()
    {
        await MakeAsync();
        var answer = (await Space.SendAsync("DELETE", $"{Maps}/owner", "propagationPolicy=Background")).Ok();
        Assert.That(answer.Text("kind"), Is.EqualTo("Status"));
        await GoneAsync("owner");
        await GoneAsync("dependent");
    }

    [Test, Rule("API-propagation-foreground")]
    public async Task In_the_foreground_the_owner_waits_for_its_dependents()
    {
        var owner = await MakeAsync(dependentFinalizer: "example.com/stay");
        var answer = (await Space.SendAsync("DELETE", $"{Maps}/owner", "propagationPolicy=Foreground")).Ok();
        Assert.That(answer.Child("metadata").List("finalizers")!.Select(f => f.AsText()), Is.EqualTo(new[] { "foregroundDeletion" }));
        Assert.That(answer.Child("metadata").Text("uid"), Is.EqualTo(owner));
        await UntilAsync("the dependent is being deleted", async () =>
            (await Space.SendAsync("GET", $"{Maps}/dependent")).Body.Child("metadata").Text("deletionTimestamp") is not null);
        Assert.That((await Space.SendAsync("GET", $"{Maps}/owner")).Code, Is.EqualTo(200));
        (await Space.SendAsync("PATCH", $"{Maps}/dependent", "", JsonNode.Parse("""{"metadata":{"finalizers":null}}"""), Space.Merge)).Ok();
        await GoneAsync("dependent");
        await GoneAsync("owner");
    }

    [Test, Rule("API-propagation-orphan")]
    public async Task Orphans_stay_and_forget_their_owner()
    {
        await MakeAsync();
        (await Space.SendAsync("DELETE", $"{Maps}/owner", "propagationPolicy=Orphan")).Ok();
        await GoneAsync("owner");
        var dependent = (await Space.SendAsync("GET", $"{Maps}/dependent")).Ok();
        Assert.That(dependent.Child("metadata")!.ContainsKey("ownerReferences"), Is.False);
        Assert.That(dependent.Child("metadata").Text("deletionTimestamp"), Is.Null);
    }

    [Test, Rule("API-garbage-wrong-uid")]
    public async Task A_dependent_of_an_owner_that_never_was_is_collected()
    {
        (await Space.SendAsync("POST", Maps, "", Map("dependent", "11111111-2222-3333-4444-555555555555"))).Ok();
        await GoneAsync("dependent");
    }

    [Test, Rule("API-garbage-networking")]
    public async Task What_is_kept_about_the_network_is_collected_with_its_owner()
    {
        (await Space.SendAsync("POST", Maps, "", Map("owner"))).Ok();
        var owner = (await Space.SendAsync("GET", $"{Maps}/owner")).Ok().Child("metadata").Text("uid");
        var made = new[]
        {
            ("networkpolicies", """{"metadata":{"name":"d"},"spec":{"podSelector":{}}}"""),
            ("ingresses", """{"metadata":{"name":"d"},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":1}}}}}"""),
        };
        foreach (var (kind, text) in made)
        {
            var document = JsonNode.Parse(text)!.AsObject();
            document["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = "owner", ["uid"] = owner });
            (await Space.SendAsync("POST", Networking(kind), "", document)).Ok();
        }

        (await Space.SendAsync("DELETE", $"{Maps}/owner", "propagationPolicy=Background")).Ok();
        foreach (var (kind, _) in made)
        {
            await UntilAsync($"the one of {kind} is gone", async () => (await Space.SendAsync("GET", $"{Networking(kind)}/d")).Code == 404);
        }
    }

    private string Networking(string kind) => $"/apis/networking.k8s.io/v1/namespaces/{Space.Name}/{kind}";

    private static JsonObject Map(string name, string? owner = null, string? finalizer = null)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (owner is not null)
        {
            metadata["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = "owner", ["uid"] = owner, ["blockOwnerDeletion"] = true });
        }

        if (finalizer is not null)
        {
            metadata["finalizers"] = new JsonArray(finalizer);
        }

        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = metadata };
    }

    private async Task<string> MakeAsync(string? dependentFinalizer = null)
    {
        var owner = (await Space.SendAsync("POST", Maps, "", Map("owner"))).Ok().Child("metadata").Text("uid")!;
        (await Space.SendAsync("POST", Maps, "", Map("dependent", owner, dependentFinalizer))).Ok();
        return owner;
    }

    private Task GoneAsync(string name) => UntilAsync($"{name} is gone", async () => (await Space.SendAsync("GET", $"{Maps}/{name}")).Code == 404);

    private static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        // Config maps are not among what a Space watches, so this asks again under one deadline.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (!await isSo())
        {
            if (deadline.IsCancellationRequested)
            {
                Assert.Fail($"not within 60 s: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
