using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.Clusters;

/// <summary>One StatefulSet of a test and its pods.</summary>
public sealed class Workload(Space space, string name = "web")
{
    /// <summary>Gets the set as last seen.</summary>
    public JsonObject Set => space.Find(ResourceKind.StatefulSets, name) ?? throw new InvalidOperationException($"StatefulSet {name} is not there");

    /// <summary>Gets the set's pods as last seen, lowest ordinal first.</summary>
    public ImmutableArray<JsonObject> Pods => [.. space.Pods.Where(pod => OrdinalOf(pod) >= 0).OrderBy(OrdinalOf)];

    /// <summary>Gets the set's pods' names, lowest ordinal first.</summary>
    public IEnumerable<string> PodNames => Pods.Select(pod => pod.Name());

    /// <summary>Gets the revisions of the pods, lowest ordinal first.</summary>
    public IEnumerable<string> Revisions => Pods.Select(pod => pod.Revision());

    /// <summary>Gets the images of the pods, lowest ordinal first.</summary>
    public IEnumerable<string?> Images => Pods.Select(pod => pod.Image());

    public string CurrentRevision => Set.StatusText("currentRevision") ?? "";

    public string UpdateRevision => Set.StatusText("updateRevision") ?? "";

    /// <summary>Creates the set and waits until its pods are available.</summary>
    public static Task<Workload> StartAsync(Space space, StatefulSetDocument document) => StartAsync(space, document.Build());

    /// <inheritdoc cref="StartAsync(Space, StatefulSetDocument)"/>
    public static async Task<Workload> StartAsync(Space space, JsonObject document)
    {
        var workload = await CreateAsync(space, document);
        await workload.UntilCompleteAsync();
        return workload;
    }

    /// <summary>Creates the set and waits until it is seen.</summary>
    public static Task<Workload> CreateAsync(Space space, StatefulSetDocument document) => CreateAsync(space, document.Build());

    /// <inheritdoc cref="CreateAsync(Space, StatefulSetDocument)"/>
    public static async Task<Workload> CreateAsync(Space space, JsonObject document)
    {
        var workload = new Workload(space, document.Name());
        await space.CreateAsync(ResourceKind.StatefulSets, document);
        await space.UntilAsync($"{document.Name()} is seen", () => space.Find(ResourceKind.StatefulSets, document.Name()) is not null);
        return workload;
    }

    /// <summary>Gets a pod as last seen; null when it is not there.</summary>
    public JsonObject? Pod(long ordinal) => space.Find(ResourceKind.Pods, PodName(ordinal));

    public string PodName(long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{name}-{ordinal}");

    /// <summary>Patches the set (merge patch) and waits until the controller has observed what came of it.</summary>
    public async Task PatchAsync(string patch)
    {
        var generation = (await space.PatchAsync(ResourceKind.StatefulSets, name, patch)).Generation();
        await UntilObservedAsync(generation);
    }

    public Task ChangeImageAsync(string image) => PatchAsync(StatefulSetDocument.NewImage(image));

    public Task ScaleAsync(int replicas) => PatchAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"spec":{"replicas":{{replicas}} } }"""));

    public Task SetPartitionAsync(long partition) =>
        PatchAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":{{partition}} } } } }"""));

    /// <summary>Waits until the controller has observed a generation; what it decided from it is sent by then.</summary>
    public Task UntilObservedAsync(long generation) => space.UntilAsync($"generation {generation} of {name} is observed", () => Set.Count("observedGeneration") >= generation);

    /// <summary>Waits until all replicas are available at the update revision, which is current.</summary>
    public Task UntilCompleteAsync() => space.UntilAsync($"{name} is complete", () =>
        Set.Count("observedGeneration") == Set.Generation() && CurrentRevision == UpdateRevision && IsWhole("updatedReplicas"));

    /// <summary>Waits until all replicas are available, whatever their revision.</summary>
    public Task UntilAvailableAsync() => space.UntilAsync($"{name} is available", () => Set.Count("observedGeneration") == Set.Generation() && IsWhole("availableReplicas"));

    /// <summary>Deletes a pod and waits until another one of its name is ready.</summary>
    public async Task LoseAsync(long ordinal)
    {
        var uid = Pod(ordinal)!.Uid();
        await space.DeleteAsync(ResourceKind.Pods, PodName(ordinal));
        await space.UntilAsync($"another {PodName(ordinal)} is ready", () => Pod(ordinal) is { } pod && pod.Uid() != uid && pod.IsReady());
    }

    /// <summary>Lets a pod's readiness probe fail or pass again, and waits until the statuses of pod and set say so.</summary>
    public async Task MakeReadyAsync(long ordinal, bool isReady)
    {
        var value = isReady ? "null" : "\"false\"";
        await space.PatchAsync(ResourceKind.Pods, PodName(ordinal), $$"""{"metadata":{"annotations":{"sim.ordinal.dev/ready":{{value}} } } }""");
        await space.UntilAsync($"{PodName(ordinal)} is {(isReady ? "" : "un")}ready", () => Pod(ordinal)?.IsReady() == isReady);
        await space.UntilAsync("the set knows", () => Set.Count("readyReplicas") == Pods.Count(pod => pod.IsReady()));
    }

    /// <summary>Gets the names of the pods in the order in which their deletion was asked for.</summary>
    public ImmutableArray<string> Deleted()
    {
        var uids = new HashSet<string>(StringComparer.Ordinal);
        return [.. space.Events.Where(seen => seen.Kind == ResourceKind.Pods && (seen.Item.IsTerminating() || seen.Type is "DELETED") && uids.Add(seen.Item.Uid())).Select(seen => seen.Name)];
    }

    /// <summary>Gets the names of the pods in the order in which they were created.</summary>
    public ImmutableArray<string> Created() => [.. space.Events.Where(seen => seen.Kind == ResourceKind.Pods && seen.Type is "ADDED").Select(seen => seen.Name)];

    /// <summary>Gets the most pods that were unready or gone at a time, from the moment on when all were ready for the first time.</summary>
    public int MostAway(int expected)
    {
        var serving = new Dictionary<string, bool>(StringComparer.Ordinal);
        var (most, hasBegun) = (0, false);
        foreach (var seen in space.Events.Where(seen => seen.Kind == ResourceKind.Pods))
        {
            serving[seen.Name] = seen.Type is not "DELETED" && !seen.Item.IsTerminating() && seen.Item.IsReady();
            var up = serving.Values.Count(each => each);
            hasBegun |= up == expected;
            most = hasBegun ? Math.Max(most, expected - up) : 0;
        }

        Assert.That(hasBegun, Is.True, "all pods were ready once");
        return most;
    }

    private bool IsWhole(string counter)
    {
        var replicas = Set.Child("spec").Number("replicas");
        return Set.Count("replicas") == replicas && Set.Count("availableReplicas") == replicas && Set.Count(counter) == replicas;
    }

    private long OrdinalOf(JsonObject pod)
    {
        var podName = pod.Name();
        return podName.StartsWith(name + "-", StringComparison.Ordinal) && long.TryParse(podName.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal) ? ordinal : -1;
    }
}
