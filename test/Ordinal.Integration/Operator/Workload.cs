using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>One StatefulSet of a test, its pods and what the operator says about it.</summary>
internal sealed class Workload(SimulatedCluster cluster, string name, string ns = "default")
{
    private const string Script = "sim.ordinal.dev/";
    private readonly string policies = $"/apis/ordinal.dev/v1alpha1/namespaces/{ns}/rolloutpolicies";
    private readonly string sets = $"/apis/apps/v1/namespaces/{ns}/statefulsets";

    private string Budgets { get; } = $"/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets";

    public string Path => $"{sets}/{name}";

    /// <summary>Gets the path of the rollouts.</summary>
    public string Rollouts { get; } = $"/apis/ordinal.dev/v1alpha1/namespaces/{ns}/statefulsetrollouts";

    /// <summary>Gets the path of the pods of its namespace.</summary>
    public string Pods { get; } = $"/api/v1/namespaces/{ns}/pods";

    /// <summary>Creates the set and waits until its pods are ready.</summary>
    /// <param name="hasGate">Whether its pods wait for the operator's readiness gate; then only their existence is waited for.</param>
    /// <param name="change">What else its document shall say.</param>
    /// <param name="comesUp">False when its pods do not get ready; then it is not waited for.</param>
    public async Task CreateAsync(int replicas = 3, JsonObject? strategy = null, string management = "OrderedReady", bool hasGate = false, Action<JsonObject>? change = null, bool comesUp = true)
    {
        var spec = new JsonObject
        {
            ["serviceName"] = name,
            ["replicas"] = replicas,
            ["podManagementPolicy"] = management,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }) },
            },
        };
        if (strategy is not null)
        {
            spec["updateStrategy"] = strategy;
        }

        if (hasGate)
        {
            spec["template"]!["spec"]!["readinessGates"] = new JsonArray(new JsonObject { ["conditionType"] = "ordinal.dev/gate" });
        }

        var document = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "StatefulSet", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec };
        change?.Invoke(document);
        await cluster.CreateAsync(sets, document);
        if (!comesUp)
        {
            return;
        }

        await cluster.UntilAsync("all pods are ready", async () => (await SetAsync()).Member("status").WholeNumber(hasGate ? "replicas" : "readyReplicas") == replicas);
    }

    public Task AddPolicyAsync(JsonObject? update = null, string? policy = null, JsonArray? gates = null) => AddPolicyAsync(policy ?? name, PolicySpec(update, gates));

    public Task AddPolicyAsync(string policy, JsonObject spec) => cluster.CreateAsync(policies, new JsonObject
    {
        ["apiVersion"] = "ordinal.dev/v1alpha1", ["kind"] = "RolloutPolicy", ["metadata"] = new JsonObject { ["name"] = policy }, ["spec"] = spec,
    });

    public JsonObject PolicySpec(JsonObject? update = null, JsonArray? gates = null)
    {
        var spec = new JsonObject
        {
            ["targets"] = new JsonObject { ["statefulSets"] = new JsonArray(new JsonObject { ["name"] = name }) },
            ["update"] = update ?? Quick(),
        };
        if (gates is not null)
        {
            spec["gates"] = gates;
        }

        return spec;
    }

    /// <summary>An update that waits for nothing but readiness.</summary>
    public static JsonObject Quick(string driver = "Auto", JsonNode? maxUnavailable = null) =>
        new() { ["driver"] = driver, ["minReadyDuration"] = "0s", ["maxUnavailable"] = maxUnavailable ?? 1 };

    public Task ChangeTemplateAsync(string image, JsonObject? annotations = null) => cluster.PatchAsync(Path, new JsonObject
    {
        ["spec"] = new JsonObject
        {
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = annotations ?? [] },
                ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = image }) },
            },
        },
    });

    /// <summary>Annotations of a template whose pods do not get ready by themselves, so that a test meets them on the way however slow it is; <see cref="LetUpAsync"/> lets each go on.</summary>
    public static JsonObject Slow() => new() { [$"{Script}ready-delay"] = "10m" };

    /// <summary>Waits for each of these pods, one after the other, until it runs the image, and lets it get ready then.</summary>
    public async Task LetUpAsync(string image, params string[] pods)
    {
        foreach (var pod in pods)
        {
            await cluster.UntilAsync($"{pod} runs {image}", async () => (await PodsAsync()).TryGetValue(pod, out var found) && found.Image == image, DescribeAsync);
            await ScriptPodAsync(pod, "ready-delay", "1ms");
        }
    }

    /// <summary>Writes an annotation on one pod: the script by which its node runs it, from now on.</summary>
    public Task ScriptPodAsync(string pod, string what, string value) =>
        cluster.PatchAsync($"{Pods}/{pod}", new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Script + what] = value } } });

    /// <summary>Sets the partition to 0, as a manifest that names it would.</summary>
    public Task ReleaseAsync(string manager) => cluster.PatchAsync(Path, new JsonObject
    {
        ["spec"] = new JsonObject { ["updateStrategy"] = new JsonObject { ["rollingUpdate"] = new JsonObject { ["partition"] = 0 } } },
    }, manager);

    /// <summary>Creates a budget for its pods; the operator, if one runs, has seen it when this returns.</summary>
    public async Task AddBudgetAsync(int maxUnavailable)
    {
        var made = await cluster.CreateAsync(Budgets, new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["maxUnavailable"] = maxUnavailable, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } } },
        });
        await cluster.UntilSeenAsync($"{Budgets}/{name}", made);
    }

    public async Task<JsonElement> SetAsync() => (await cluster.FindAsync(Path)).GetValueOrDefault();

    public async Task<JsonElement> PolicyAsync(string? policy = null) => (await cluster.FindAsync($"{policies}/{policy ?? name}")).GetValueOrDefault();

    public Task DeletePolicyAsync(string? policy = null) => cluster.DeleteAsync($"{policies}/{policy ?? name}");

    /// <summary>Changes a policy; the operator, if one runs, has seen it when this returns, so that what a test does next comes after it.</summary>
    public async Task PatchPolicyAsync(JsonObject spec, string? policy = null)
    {
        var path = $"{policies}/{policy ?? name}";
        await cluster.UntilSeenAsync(path, await cluster.PatchAsync(path, new JsonObject { ["spec"] = spec }));
    }

    /// <summary>The rollouts, the newest last.</summary>
    public async Task<IReadOnlyList<JsonElement>> RolloutsAsync() =>
        [.. (await cluster.FindAsync(Rollouts)).GetValueOrDefault().Member("items").Items().OrderBy(rollout => rollout.Member("metadata").Text("creationTimestamp"), StringComparer.Ordinal).ThenBy(Began, StringComparer.Ordinal)];

    /// <summary>Orders rollouts of the same second, which is all that a creation time tells: one that ended before it began has its end, one that has neither comes last.</summary>
    private static string Began(JsonElement rollout) =>
        rollout.Member("status").Text("startTime") is { Length: > 0 } began ? began
        : rollout.Member("status").Text("completionTime") is { Length: > 0 } ended ? ended
        : "none yet";

    public Task PatchRolloutAsync(string rollout, JsonObject spec) => cluster.PatchAsync($"{Rollouts}/{rollout}", new JsonObject { ["spec"] = spec });

    public Task DeleteRolloutAsync(string rollout) => cluster.DeleteAsync($"{Rollouts}/{rollout}");

    public Task CreateRolloutAsync(string rollout, JsonObject spec, JsonObject? annotations = null) => cluster.CreateAsync(Rollouts, new JsonObject
    {
        ["apiVersion"] = "ordinal.dev/v1alpha1", ["kind"] = "StatefulSetRollout", ["metadata"] = new JsonObject { ["name"] = rollout, ["annotations"] = annotations }, ["spec"] = spec,
    });

    /// <summary>Name, UID and image of each pod, by name.</summary>
    public async Task<SortedDictionary<string, (string Uid, string Image)>> PodsAsync()
    {
        var found = new SortedDictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (var pod in (await cluster.FindAsync($"{Pods}?labelSelector=app%3D{name}")).GetValueOrDefault().Member("items").Items())
        {
            found[pod.Member("metadata").Text("name")] = (pod.Member("metadata").Text("uid"), pod.Member("spec").Member("containers")[0].Text("image"));
        }

        return found;
    }

    public async Task<long> PartitionAsync() => (await SetAsync()).Member("spec").Member("updateStrategy").Member("rollingUpdate").WholeNumber("partition", -1);

    public Task UntilHeldAsync() => cluster.UntilAsync($"{name} is held", async () => await PartitionAsync() >= 999_999_999, DescribeAsync);

    /// <summary>Waits until the claim is given back, which follows the status that tells of a rollout's end.</summary>
    public Task UntilUnclaimedAsync() => cluster.UntilAsync($"the claim on {name} is given back", async () => (await SetAsync()).Member("metadata").Member("annotations").Text("ordinal.dev/held-by").Length == 0, DescribeAsync);

    public Task UntilPolicyAsync(string condition, string status, string reason, string? policy = null) => cluster.UntilAsync(
        $"policy {policy ?? name}: {condition} is {status}, {reason}",
        async () => Condition(await PolicyAsync(policy), condition) is var (is_, why, _) && is_ == status && why == reason,
        DescribeAsync);

    public Task UntilRolloutAsync(string status, string reason) => cluster.UntilAsync(
        $"the last rollout's Succeeded is {status}, {reason}",
        async () => await RolloutsAsync() is { Count: > 0 } all && Condition(all[^1], "Succeeded") is var (is_, why, _) && is_ == status && why == reason,
        DescribeAsync);

    public Task UntilRolloutAsync(string rollout, string status, string reason) => cluster.UntilAsync(
        $"rollout {rollout}: Succeeded is {status}, {reason}",
        async () => Condition(await RolloutAsync(rollout), "Succeeded") is var (is_, why, _) && is_ == status && why == reason,
        DescribeAsync);

    public async Task<JsonElement> RolloutAsync(string rollout) => (await cluster.FindAsync($"{Rollouts}/{rollout}")).GetValueOrDefault();

    /// <summary>Reads a condition: status, reason, message.</summary>
    public static (string Status, string Reason, string Message) Condition(JsonElement of, string type)
    {
        foreach (var condition in of.Member("status").Member("conditions").Items())
        {
            if (condition.Text("type") == type)
            {
                return (condition.Text("status"), condition.Text("reason"), condition.Text("message"));
            }
        }

        return ("", "", "");
    }

    private static string DescribePod(JsonElement pod)
    {
        var metadata = pod.Member("metadata");
        var isReady = pod.Member("status").Member("conditions").Items().Any(each => each.Text("type") == "Ready" && each.Text("status") == "True");
        return $"{metadata.Text("name")}={pod.Member("spec").Member("containers")[0].Text("image")} ({pod.Member("status").Text("phase")}, {(isReady ? "ready" : "not ready")}{(metadata.Text("deletionTimestamp") is { Length: > 0 } since ? $", to go since {since}" : "")})";
    }

    /// <summary>All that helps to see why a wait was in vain.</summary>
    public async Task<string> DescribeAsync()
    {
        var all = await RolloutsAsync();
        return $"set: {(await SetAsync()).Member("spec").Member("updateStrategy")} {(await SetAsync()).Member("status")} {(await SetAsync()).Member("metadata").Member("annotations")}\n"
            + $"pods: {string.Join(", ", (await cluster.FindAsync(Pods)).GetValueOrDefault().Member("items").Items().Select(DescribePod))}\n"
            + $"budgets: {string.Join(", ", (await cluster.FindAsync(Budgets)).GetValueOrDefault().Member("items").Items().Select(budget => $"{budget.Member("metadata").Text("name")}: {budget.Member("status")}"))}\n"
            + $"policy: {(await PolicyAsync()).Member("status")}\n"
            + string.Join('\n', all.Select(rollout => $"rollout {rollout.Member("metadata").Text("name")}: {rollout.Member("status")}"));
    }
}
