using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Crds;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>A simulated cluster with our kinds, some StatefulSets under policies, operators, and a judge.</summary>
internal sealed class OperatorWorld : IDisposable
{
    public static readonly ResourceKind Policies = new("ordinal.dev/v1alpha1", "RolloutPolicy", "rolloutpolicies");
    private static readonly ResourceKind RolloutKind = new("ordinal.dev/v1alpha1", "StatefulSetRollout", "statefulsetrollouts");
    private static readonly ResourceKind Definitions = new("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);
    private static readonly Lazy<IReadOnlyList<string>> OurKinds = new(() => [.. GeneratedFiles.Kinds.Select(kind => CrdGenerator.Generate(kind).ToJsonString())]);
    private readonly List<OperatorProcess> processes = [];
    private readonly Random random;
    private int asked;

    /// <summary>Starts a cluster, creates the sets and waits until their pods are ready. There is no policy and no operator yet.</summary>
    /// <param name="seed">Seed of everything.</param>
    /// <param name="plan">Makes the sets; ensembles are made in the world given.</param>
    /// <param name="cluster">Changes what the cluster consists of; null: one node that never fails.</param>
    public OperatorWorld(int seed, Func<SimulatedWorld, IReadOnlyList<SetPlan>> plan, Func<EmbeddedClusterOptions, EmbeddedClusterOptions>? cluster = null)
    {
        World = new SimulatedWorld(seed);
        random = new Random(World.Random.Next());
        Trace = new Trace(World.Time);
        Truth = new ClusterTruth(World.Time, Trace);
        Checker = new RuleChecker(Truth, World.Time, Trace);
        EmbeddedClusterOptions options = new() { Nodes = 1, Seed = seed, ApiServer = new ApiServerOptions { Faults = Truth } };
        Cluster = World.Run(() => EmbeddedCluster.StartAsync(cluster?.Invoke(options) ?? options, World.Time, CancellationToken.None), Soon);
        Truth.Store = Cluster.Server.Store;
        Client = new ClusterClient(Cluster.Door, "somebody");
        foreach (string definition in OurKinds.Value)
        {
            World.Run(() => Client.CreateAsync(Definitions, "", JsonNode.Parse(definition)!.AsObject(), CancellationToken.None), Soon);
        }

        Sets = plan(World);
        foreach (SetPlan set in Sets)
        {
            Truth.Add(set);
            if (set.Ensemble is { } ensemble)
            {
                ensemble.Set = Truth.Find(set.Name);
            }

            Create(ResourceKind.StatefulSets, set.Document());
            if (set.IsNative)
            {
                Create(new ResourceKind("v1", "Service", "services"), set.Service());
            }

            if (set.Budget is not null)
            {
                Create(ResourceKind.DisruptionBudgets, set.DisruptionBudget());
            }

            Trace.Add("plan", set.ToString());
        }

        Until(() => Truth.Sets.All(set => set.Pods.Count == set.Plan.Replicas && set.Pods.Values.All(pod => set.Plan.IsNative || pod.IsAvailable(World.Time.GetUtcNow(), set.Plan.MinReady))), Soon, "all pods to be ready");
    }

    public SimulatedWorld World { get; }

    public EmbeddedCluster Cluster { get; }

    public ClusterClient Client { get; }

    public ClusterTruth Truth { get; }

    public RuleChecker Checker { get; }

    public Trace Trace { get; }

    public IReadOnlyList<SetPlan> Sets { get; }

    public IReadOnlyList<OperatorProcess> Processes => processes;

    public IEnumerable<OperatorProcess> Alive => processes.Where(process => !process.IsGone);

    /// <summary>Creates the policies.</summary>
    public void AddPolicies()
    {
        foreach (SetPlan set in Sets.DistinctBy(set => set.PolicyName))
        {
            Create(Policies, set.Policy());
        }
    }

    /// <summary>Starts one more operator process.</summary>
    /// <param name="with">Changes what it is made of: planted bugs.</param>
    public OperatorProcess StartOperator(Func<OperatorSetup, OperatorSetup>? with = null)
    {
        OperatorSetup setup = new()
        {
            World = World,
            Door = Cluster.Door,
            Checker = Checker,
            Trace = Trace,
            Ensembles = name => Sets.First(set => set.Name == name).Ensemble!,
        };
        OperatorProcess process = new(with?.Invoke(setup) ?? setup, string.Create(CultureInfo.InvariantCulture, $"op-{processes.Count + 1}"), random.Next());
        processes.Add(process);
        return process;
    }

    /// <summary>Runs the world for a while; a broken rule ends it at once.</summary>
    public void RunFor(TimeSpan span)
    {
        DateTimeOffset end = World.Time.GetUtcNow() + span;
        while (Checker.Violation is null && World.Step(end))
        {
        }

        ThrowIfBroken();
        World.Time.MoveTo(end);
    }

    /// <summary>Runs until a condition holds, which is asked twice a virtual second.</summary>
    /// <exception cref="BrokenRuleException">A rule was broken, or it does not hold within the horizon.</exception>
    public void Until(Func<bool> condition, TimeSpan horizon, string what)
    {
        DateTimeOffset end = World.Time.GetUtcNow() + horizon;
        while (!condition())
        {
            if (World.Time.GetUtcNow() >= end)
            {
                throw new BrokenRuleException(this, $"waited {horizon} in vain for {what}\n{Describe()}");
            }

            RunFor(TimeSpan.FromSeconds(0.5));
        }
    }

    /// <summary>Does something to the cluster as somebody else; what the server refuses is no matter.</summary>
    public void Somebody(string what, Func<ClusterClient, Task> act)
    {
        Trace.Add("somebody", what);
        try
        {
            World.Run(() => act(Client), Soon);
        }
        catch (ApiFailureException refused)
        {
            Trace.Add("somebody", $"refused: {refused.Message}");
        }

        ThrowIfBroken();
    }

    /// <summary>Changes a set's template.</summary>
    /// <param name="fail">How its pods fail, see SimulatedScript; null for pods that work.</param>
    public void ChangeTemplate(string set, string image, string? fail = null)
    {
        JsonObject patch = new()
        {
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["sim.ordinal.dev/fail"] = fail } },
                    ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = image }) },
                },
            },
        };
        Somebody($"changes the template of {set}: {image} {fail}", client => client.MergePatchAsync(ResourceKind.StatefulSets, Key(set), patch, "", CancellationToken.None));
    }

    /// <summary>Changes the spec of a set or a policy.</summary>
    public void PatchSpec(ResourceKind kind, string name, JsonObject spec) => Somebody(
        $"patches {kind.Plural}/{name}: {spec.ToJsonString()}",
        client => client.MergePatchAsync(kind, Key(name), new JsonObject { ["spec"] = spec }, "", CancellationToken.None));

    /// <summary>Replaces a set by what its manifest would say: without annotations and without a strategy, its template and size as they are.</summary>
    public void Replace(SetPlan set)
    {
        SetTruth truth = Truth.Find(set.Name)!;
        JsonObject manifest = JsonNode.Parse(truth.Document.GetRawText())!.AsObject();
        manifest.Remove("status");
        manifest["metadata"] = new JsonObject { ["name"] = set.Name };
        manifest["spec"]!.AsObject().Remove("updateStrategy");
        truth.ClaimTakenOff = (truth.Claim, World.Time.GetUtcNow());
        Somebody($"replaces {set.Name} by its manifest", client => client.ReplaceAsync(ResourceKind.StatefulSets, Key(set.Name), manifest, "", CancellationToken.None));
    }

    /// <summary>Changes the spec of a set's rollouts that have not ended.</summary>
    public void PatchRollouts(SetPlan set, JsonObject spec)
    {
        foreach (JsonElement rollout in Rollouts(set.Name).Where(each => each.TextAt("status", "completionTime") is null).ToList())
        {
            PatchSpec(RolloutKind, rollout.TextAt("metadata", "name")!, (JsonObject)spec.DeepClone());
        }
    }

    /// <summary>Approves the step that a set's rollout waits after, if it waits for that.</summary>
    public void Approve(SetPlan set)
    {
        foreach (JsonElement rollout in Rollouts(set.Name).ToList())
        {
            if (rollout.TextAt("status", "completionTime") is null
                && rollout.ItemsAt("status", "conditions").Any(each => each.TextAt("type") == "Paused" && each.TextAt("reason") == "AwaitingApproval"))
            {
                PatchSpec(RolloutKind, rollout.TextAt("metadata", "name")!, new JsonObject { ["approvedStep"] = rollout.NumberAt("status", "current", "step") ?? 1 });
            }
        }
    }

    /// <summary>Asks for a rollout, as a person or a pipeline does.</summary>
    /// <param name="spec">The request, without policy and target.</param>
    public void Ask(SetPlan set, JsonObject spec)
    {
        spec["policyRef"] = new JsonObject { ["name"] = set.PolicyName };
        string name = string.Create(CultureInfo.InvariantCulture, $"ask-{set.Name}-{++asked}");

        // Of a group, every second request is about all of it.
        spec["targets"] = set.Group.Count > 0 && asked % 2 == 0 ? new JsonArray([.. set.Group.Select(each => JsonValue.Create(each))]) : new JsonArray(set.Name);
        JsonObject request = new() { ["apiVersion"] = RolloutKind.ApiVersion, ["kind"] = RolloutKind.Kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec };
        Somebody($"asks for {name}: {spec.ToJsonString()}", client => client.CreateAsync(RolloutKind, "default", request, CancellationToken.None));
    }

    /// <summary>Cancels all that people asked for and that has not ended.</summary>
    public void CancelRequests(SetPlan set)
    {
        foreach (JsonElement rollout in Rollouts(set.Name).Where(each => each.TextAt("status", "completionTime") is null && each.TextAt("metadata", "name")!.StartsWith("ask-", StringComparison.Ordinal)).ToList())
        {
            PatchSpec(RolloutKind, rollout.TextAt("metadata", "name")!, new JsonObject { ["cancel"] = rollout.TextAt("spec", "cancel") is "Revert" ? "Revert" : "Halt" });
        }
    }

    /// <summary>Forces the pod that a set's rollout is at past the reason for which it waits, if that is one of the gate's.</summary>
    public void Force(SetPlan set)
    {
        SetTruth truth = Truth.Find(set.Name)!;
        foreach (JsonElement rollout in Rollouts(set.Name).Where(each => each.TextAt("status", "completionTime") is null).ToList())
        {
            string reason = rollout.TextAt("status", "current", "reason") ?? "";
            if (!reason.StartsWith("Gate", StringComparison.Ordinal) && !reason.StartsWith("Etcd", StringComparison.Ordinal))
            {
                continue;
            }

            (_, long ordinal) = PodFacts.SplitName(rollout.TextAt("status", "current", "pod") ?? "");
            if (truth.Pods.TryGetValue(ordinal, out PodTruth? pod) && pod.Uid.Length > 0 && rollout.ItemsAt("spec", "force").All(each => each.TextAt("podUID") != pod.Uid))
            {
                JsonArray forced = [.. rollout.ItemsAt("spec", "force").Select(each => JsonNode.Parse(each.GetRawText()))];
                forced.Add(new JsonObject { ["podUID"] = pod.Uid, ["reason"] = reason, ["justification"] = "somebody looked and knows better" });
                truth.Forced.Add(pod.Uid);
                PatchSpec(RolloutKind, rollout.TextAt("metadata", "name")!, new JsonObject { ["force"] = forced });
            }
        }
    }

    /// <summary>Annotates a pod; null takes the annotation away.</summary>
    public void Annotate(string pod, string annotation, string? value) => Somebody(
        $"annotates {pod}: {annotation}={value}",
        client => client.MergePatchAsync(ResourceKind.Pods, Key(pod), new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } }, "", CancellationToken.None));

    /// <summary>Tells whether all is as it is to be at rest after a rollout: every pod at the update revision, held, unclaimed, nothing under way.</summary>
    public bool IsAtRest() => Truth.Sets.All(set => WhyNotAtRest(set) is null);

    /// <summary>Says what a set lacks to be at rest; null when nothing.</summary>
    public string? WhyNotAtRest(SetTruth set)
    {
        DateTimeOffset now = World.Time.GetUtcNow();
        List<PodTruth> expected = [.. set.Pods.Where(pod => pod.Key < set.Replicas).Select(pod => pod.Value)];
        return !set.IsObserved ? "its spec has not been observed"
            : expected.Exists(pod => pod.Revision != set.UpdateRevision || !pod.IsAvailable(now, set.Plan.MinReady)) ? "a pod is not available at the update revision"
            : set.CurrentRevision != set.UpdateRevision ? "its current revision is not the update revision"
            : set.Plan.IsNative ? WhyNativeIsNotAtRest(set)
            : set.EffectivePartition < 999_999_999 || set.EffectivePartition == long.MaxValue ? "it is not held"
            : WhyNotFree(set);
    }

    private string? WhyNativeIsNotAtRest(SetTruth set) => set.EffectivePartition != 0 ? "it is not open" : WhyNotFree(set);

    private string? WhyNotFree(SetTruth set) =>
        set.Claim.Length > 0 ? "it is claimed"
        : Rollouts(set.Plan.Name).Any(rollout => rollout.TextAt("status", "completionTime") is null) ? "a rollout has not ended"
        : Truth.Read("rolloutpolicies.ordinal.dev", set.Plan.PolicyName).ItemsAt("status", "conditions").Any(condition => condition.TextAt("type") == "Ready" && condition.TextAt("status") == "True") ? null
        : "its policy is not Ready";

    public IEnumerable<JsonElement> Rollouts(string set) =>
        Truth.ReadAll("statefulsetrollouts.ordinal.dev").Where(rollout => rollout.ItemsAt("spec", "targets").Any(target => target.GetString() == set));

    /// <summary>Says all that helps to see why something does not end.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        foreach (SetTruth set in Truth.Sets.Where(set => WhyNotAtRest(set) is not null))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{set.Plan}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {WhyNotAtRest(set) ?? "at rest"}; partition {set.EffectivePartition}, claim \"{set.Claim}\", revisions {set.CurrentRevision} to {set.UpdateRevision}, replicas {set.Replicas}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  pods: {string.Join(", ", set.Pods.Select(pod => $"{pod.Key}={(pod.Value.Uid.Length == 0 ? "gone" : pod.Value.Revision)}{(pod.Value.ReadySince is null ? " not ready" : "")}{(pod.Value.IsTerminating ? " terminating" : "")}"))}");
            JsonElement policy = Truth.Read("rolloutpolicies.ordinal.dev", set.Plan.PolicyName);
            text.AppendLine(CultureInfo.InvariantCulture, $"  policy: {Conditions(policy)}");
            foreach (JsonElement rollout in Rollouts(set.Plan.Name).Where(rollout => rollout.ItemsAt("status", "conditions").All(condition => condition.TextAt("type") != "Succeeded" || condition.TextAt("status") != "True")))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  rollout {rollout.TextAt("metadata", "name")}: {rollout.ItemsAt("status", "targets").Select(target => target.TextAt("state")).FirstOrDefault()} {Conditions(rollout)}");
                text.AppendLine(CultureInfo.InvariantCulture, $"    current {Raw(rollout.At("status", "current"))} inFlight {Raw(rollout.At("status", "inFlight"))}");
            }
        }

        return text.ToString();
    }

    public static ObjectKey Key(string name) => new("default", name);

    /// <summary>Leaves the world where it stands: all that waits in it is memory. Only what a process holds outside of it is given back.</summary>
    public void Dispose() => processes.ForEach(process => process.Dispose());

    private static string Conditions(JsonElement item) => string.Join(", ", item.ItemsAt("status", "conditions").Select(each => $"{each.TextAt("type")}={each.TextAt("status")} {each.TextAt("reason")} ({each.TextAt("message")})"));

    private static string Raw(JsonElement element) => element.ValueKind is JsonValueKind.Undefined ? "none" : element.GetRawText();

    private void Create(ResourceKind kind, JsonObject document) => World.Run(() => Client.CreateAsync(kind, "default", document, CancellationToken.None), Soon);

    private void ThrowIfBroken()
    {
        if (Checker.Violation is { } rule)
        {
            throw new BrokenRuleException(this, rule);
        }
    }
}

/// <summary>A rule was broken in a simulated run, or it did not come to its end.</summary>
internal sealed class BrokenRuleException(OperatorWorld world, string rule)
    : Exception($"seed {world.World.Seed}: {rule}\n(repeat with ORDINAL_SIM_SEED={world.World.Seed})\n{world.Trace.Tail(40)}")
{
    /// <summary>Gets the rule, or what was waited for.</summary>
    public string Rule => rule;
}
