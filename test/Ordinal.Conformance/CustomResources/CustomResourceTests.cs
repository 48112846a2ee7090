using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Crds;

namespace Ordinal.Conformance.CustomResources;

/// <summary>What fixtures about custom resources share: definitions are made once per cluster.</summary>
public abstract class CustomResourceTests(ClusterKind kind) : ConformanceTests(kind)
{
    protected static readonly ResourceKind Definitions = new("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
    protected static readonly ResourceKind Policies = new("ordinal.dev/v1alpha1", "RolloutPolicy", "rolloutpolicies");
    protected static readonly ResourceKind Rollouts = new("ordinal.dev/v1alpha1", "StatefulSetRollout", "statefulsetrollouts");

    private static readonly ConditionalWeakTable<ConformanceCluster, Dictionary<string, Task>> Installed = [];
    private static readonly Lock Gate = new();

    /// <summary>Makes the operator's own definitions and waits until their kinds are served.</summary>
    protected async Task InstallOwnAsync()
    {
        foreach (var entity in GeneratedFiles.Kinds)
        {
            await InstallAsync(CrdGenerator.Generate(entity));
        }
    }

    /// <summary>Makes a definition, once on each cluster, and waits until its kind is served.</summary>
    protected Task InstallAsync(JsonObject definition)
    {
        lock (Gate)
        {
            var installed = Installed.GetOrCreateValue(Cluster);
            var name = definition.Metadata().Text("name")!;
            return installed.TryGetValue(name, out var made) ? made : installed[name] = InstallOnceAsync(definition);
        }
    }

    private async Task InstallOnceAsync(JsonObject definition)
    {
        (await Space.SendAsync("POST", Definitions.CollectionPath(), body: definition)).Ok();
        var spec = definition.Child("spec")!;
        var version = (spec.List("versions")![0] as JsonObject).Text("name");
        var path = $"/apis/{spec.Text("group")}/{version}/{spec.Child("names").Text("plural")}";
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);

        // The server serves a kind a moment after its definition, and stores it another moment later (429 until then).
        while (!(await Cluster.Door.SendAsync(new ApiCall("GET", path), deadline.Token)).IsSuccess)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }
    }

    /// <summary>Merges a patch into a document.</summary>
    protected static JsonObject With(string document, string patch)
    {
        var target = (JsonObject)JsonNode.Parse(document)!;
        Merge(target, (JsonObject)JsonNode.Parse(patch)!);
        return target;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject inner && target[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }
}
