using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.Runtime.Client;
using Ordinal.Simulation.Harness;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Planted;

/// <summary>The bugs, one or more for each rule of the judge. docs/development.md lists them.</summary>
internal static partial class PlantedBugs
{
    private const string Held = "\"partition\":1000000000";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("maxUnavailable is read larger than it is", "rule 1:")
        {
            Sets = Batches,
            Reads = text => text.Contains("RolloutPolicy", StringComparison.Ordinal) ? text.Replace("\"maxUnavailable\":2", "\"maxUnavailable\":5", StringComparison.Ordinal) : text,
        },
        new("one write of the partition releases several pods", "rule 1: one write releases")
        {
            Sets = (_, _) => [Plain with { Driver = "Partition" }],
            Asks = (request, body) => !IsOfSet(request) ? body : Partition().Replace(body, match => match.Value == Held ? Held
                : string.Create(CultureInfo.InvariantCulture, $"\"partition\":{Math.Max(0, long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) - 2)}")),
        },
        new("gates open whatever they were told", "rule 2: a pod of")
        {
            Sets = (world, random) => [Gated(world, random) with { Driver = "OnDelete" }],
            GatesLie = true,
            Storm = Deny,
        },
        new("readiness gates open before the workload's gate has passed", "rule 2: the readiness gate of")
        {
            Sets = (world, random) => [Gated(world, random) with { Driver = "Native", StartDelay = TimeSpan.FromSeconds(6) }],
            GatesLie = true,
            Storm = Deny,
        },
        new("readiness gates let the next pod go beside one that is away", "rule 1: the readiness gate of")
        {
            Sets = (_, _) => [Plain with { Driver = "Native" }],
            Reads = text => text.Contains("\"name\":\"s0-0\"", StringComparison.Ordinal) ? ReadyCondition().Replace(text, match => match.Value.Replace("\"False\"", "\"True\"", StringComparison.Ordinal)) : text,
            Storm = stage => stage.Annotate("s0-0", "sim.ordinal.dev/ready", "false"),
        },
        new("the intent is not written before the eviction", "without an intent in the status")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Asks = (request, body) => request.Path.EndsWith("/status", StringComparison.Ordinal) ? InFlight().Replace(body, "\"inFlight\":[]") : body,
        },
        new("the eviction tests no resourceVersion", "is taken without UID and resourceVersion")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Asks = (request, body) => request.Path.EndsWith("/eviction", StringComparison.Ordinal) ? Version().Replace(body, "") : body,
        },
        new("the strategy is written over whatever is there", "is written without a test")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Asks = (request, body) => IsOfSet(request) ? Untested(body) : body,
        },
        new("a policy says that it is up to date and held before its set is", "says that it is Ready while")
        {
            Sets = (_, _) => [Plain with { Driver = "Partition" }],
            Asks = (request, body) => request.Path.Contains("/rolloutpolicies/", StringComparison.Ordinal) ? body.Replace("\"held\":true", "\"held\":false", StringComparison.Ordinal) : body,
        },
        new("the claim is written under another name", "without a claim of a rollout")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Asks = (request, body) => body.Replace("ordinal.dev~1held-by", "ordinal.dev~1held-up", StringComparison.Ordinal).Replace("ordinal.dev/held-by", "ordinal.dev/held-up", StringComparison.Ordinal),
            Reads = text => text.Replace("ordinal.dev/held-up", "ordinal.dev/held-by", StringComparison.Ordinal),
        },
        new("a pod that came back is read at its old revision", "although it is at the target already")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Reads = OldRevisions(),
        },
        new("the operator acts without the lease", "rule 4:")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            HasNoLease = true,
            HasTwo = true,
        },
        new("a write of the strategy changes the template too", "changed spec.template")
        {
            Sets = (_, _) => [Plain with { Driver = "Partition" }],
            Asks = (request, body) => IsOfSet(request) && body.Contains("/spec/updateStrategy", StringComparison.Ordinal)
                ? body[..body.LastIndexOf(']')] + ",{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"app:evil\"}]"
                : body,
        },
        new("a write of the strategy changes the size too", "changed spec.replicas")
        {
            Sets = (_, _) => [Plain with { Driver = "Partition" }],
            Asks = (request, body) => IsOfSet(request) && body.Contains("/spec/updateStrategy", StringComparison.Ordinal)
                ? body[..body.LastIndexOf(']')] + ",{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]"
                : body,
        },
        new("the hold that was written is none", "it is not held")
        {
            Sets = (_, _) => [Plain with { Driver = "Partition" }],
            Asks = (request, body) => IsOfSet(request) ? body.Replace(Held, "\"partition\":0", StringComparison.Ordinal) : body,
            Reads = text => text.Replace("\"partition\":0", Held, StringComparison.Ordinal),
        },
        new("steps are not read", "stops at")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete", Steps = [("1", -1)] }],
            Reads = text => text.Replace("\"steps\":", "\"stepz\":", StringComparison.Ordinal),
        },
        new("windows are not read", "outside a maintenance window")
        {
            Sets = (world, _) => [Plain with { Driver = "OnDelete", Windows = [((int)(world.Time.GetUtcNow().TimeOfDay.TotalMinutes + 600) % 1440, 1)] }],
            Reads = text => text.Replace("\"windows\":", "\"windowz\":", StringComparison.Ordinal),
        },
        new("the pods of other zones are read as ready", "of another zone is away")
        {
            Sets = (_, _) => [.. Zones.Select(name => Plain with { Name = name, Driver = "OnDelete", Group = Zones })],
            Reads = text => text.Contains("\"name\":\"s1-", StringComparison.Ordinal) ? ReadyCondition().Replace(text, match => match.Value.Replace("\"False\"", "\"True\"", StringComparison.Ordinal)) : text,
            Storm = stage => stage.Annotate("s1-0", "sim.ordinal.dev/ready", "false"),
        },
        new("a rollout that has ended is asked for again", "it did not stay at rest")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Follows = request => request.Path.Contains("/statefulsetrollouts/", StringComparison.Ordinal) && Text(request).Contains("\"completionTime\"", StringComparison.Ordinal) ? RestartAgain() : null,
            FollowsAfter = TimeSpan.FromSeconds(20),
        },
        new("the policies are listed with each renewal of the lease", "times at rest")
        {
            Sets = (_, _) => [Plain with { Driver = "OnDelete" }],
            Follows = request => request.Method != "GET" && request.Path.Contains("/leases", StringComparison.Ordinal)
                ? new ApiRequest("GET", "/apis/ordinal.dev/v1alpha1/namespaces/default/rolloutpolicies")
                : null,
            ChecksIdleness = true,
        },
    ];

    private static string[] Zones => ["s0", "s1"];

    private static SetPlan Plain => new() { Name = "s0", Replicas = 5, IsParallel = true, StartDelay = TimeSpan.FromSeconds(3) };

    private static IReadOnlyList<SetPlan> Batches(SimulatedWorld world, Random random) => [Plain with { Driver = "OnDelete", MaxUnavailable = "2", Replicas = 7 }];

    private static SetPlan Gated(SimulatedWorld world, Random random) => Plain with { Ensemble = new Ensemble(world, new Random(random.Next())), GatesAfter = true };

    private static void Deny(OperatorWorld stage)
    {
        foreach (SetPlan set in stage.Sets)
        {
            set.Ensemble!.DeniesUntil = stage.World.Time.GetUtcNow() + TimeSpan.FromHours(1);
        }
    }

    private static string Text(ApiRequest request) => Encoding.UTF8.GetString(request.Body.Span);

    private static ApiRequest RestartAgain() => new("POST", "/apis/ordinal.dev/v1alpha1/namespaces/default/statefulsetrollouts")
    {
        ContentType = "application/json",
        Body = Encoding.UTF8.GetBytes(
            """{"apiVersion":"ordinal.dev/v1alpha1","kind":"StatefulSetRollout","metadata":{"generateName":"again-"},"spec":{"type":"Restart","policyRef":{"name":"s0"},"targets":["s0"],"reason":"nobody asked"}}"""),
    };

    private static bool IsOfSet(ApiRequest request) => request.Path.Contains("/statefulsets/", StringComparison.Ordinal);

    /// <summary>Takes the tests out of a JSON patch.</summary>
    private static string Untested(string body) => JsonNode.Parse(body) is JsonArray patch
        ? new JsonArray([.. patch.Where(each => (string?)each!["op"] != "test").Select(each => each!.DeepClone())]).ToJsonString()
        : body;

    /// <summary>Makes a reader that sees each pod at the revision at which it first saw one of that name.</summary>
    private static Func<string, string> OldRevisions()
    {
        Dictionary<string, string> first = new(StringComparer.Ordinal);
        return text => PodRevision().Replace(text, match =>
        {
            first.TryAdd(match.Groups["set"].Value, match.Groups["hash"].Value);
            return match.Value.Replace(match.Groups["hash"].Value, first[match.Groups["set"].Value], StringComparison.Ordinal);
        });
    }

    [GeneratedRegex("\"partition\":([0-9]+)")]
    private static partial Regex Partition();

    [GeneratedRegex("\\{[^{}]*\"type\":\"Ready\"[^{}]*\\}")]
    private static partial Regex ReadyCondition();

    [GeneratedRegex("\"inFlight\":\\[[^\\]]*\\]")]
    private static partial Regex InFlight();

    [GeneratedRegex(",\"resourceVersion\":\"[0-9]+\"|\"resourceVersion\":\"[0-9]+\",")]
    private static partial Regex Version();

    [GeneratedRegex("\"controller-revision-hash\":\"(?<hash>(?<set>[a-z0-9]+)-[a-z0-9]+)\"")]
    private static partial Regex PodRevision();
}
