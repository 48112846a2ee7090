using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ordinal.Operator.Api;
using Ordinal.Operator.View;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal start update|restart|rollback POLICY</c>: asks for a rollout.</summary>
internal static class StartCommand
{
    private static readonly Argument<string> Policy = new("policy") { Description = "Name of the RolloutPolicy, also as rop/NAME." };

    private static readonly Option<string[]> Images = new("--image") { Description = "CONTAINER=IMAGE to write into the template; may be given several times. Without one, what is pending is rolled.", DefaultValueFactory = _ => [] };

    private static readonly Option<string[]> Revisions = new("--to-revision")
    {
        Description = "What to go back to: a ControllerRevision by name or number, or STATEFULSET=REVISION where there are several. Default: the previous one.",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> Targets = new("--targets") { Description = "Names of StatefulSets, separated by commas. Default: all of the policy's.", DefaultValueFactory = _ => [] };

    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, for those who read the history." };

    private static readonly Option<string?> DryRun = new("--dry-run") { Description = "client prints the request and sends nothing; server lets the API server check it." };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the end; the exit code is the verdict." };

    private static readonly Option<TimeSpan> Timeout = ClientOptions.Durations("--timeout", "How long to wait with --wait; 0 for as long as it takes. Exit code 3 when the time is up.", TimeSpan.Zero);

    public static Command Create()
    {
        DryRun.AcceptOnly("client", "server");
        return new Command("start", "Ask for a rollout.")
        {
            Verb("update", "Roll what is pending, or new images.", "Update", Images),
            Verb("restart", "Restart every pod, as kubectl rollout restart does, behind the policy's gates.", "Restart"),
            Verb("rollback", "Go back to an earlier revision, behind the policy's gates.", "Rollback", Revisions),
        };
    }

    /// <summary>Makes the object of a request.</summary>
    /// <param name="spec">The request; policyRef and type are added.</param>
    public static JsonObject RequestOf(string policy, string ns, string type, JsonObject spec)
    {
        spec["policyRef"] = new JsonObject { ["name"] = policy };
        spec["type"] = type;
        return new JsonObject
        {
            ["apiVersion"] = TargetRef.Rollouts.ApiVersion,
            ["kind"] = TargetRef.Rollouts.Kind,
            ["metadata"] = new JsonObject
            {
                ["generateName"] = policy + "-",
                ["namespace"] = ns,
                ["labels"] = new JsonObject { [OrdinalNames.PolicyLabel] = policy, [OrdinalNames.TypeLabel] = type, [OrdinalNames.CreatedByLabel] = "user" },
            },
            ["spec"] = spec,
        };
    }

    private static Command Verb(string name, string description, string type, params Option[] own)
    {
        var command = new Command(name, description) { Policy };
        foreach (var option in (Option[])[.. own, Targets, Reason, DryRun, Wait, Timeout])
        {
            command.Options.Add(option);
        }

        return command.WithCluster(takesAll: false, (session, parsed, cancellationToken) => RunAsync(session, parsed, type, cancellationToken));
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, string type, CancellationToken cancellationToken)
    {
        var target = TargetRef.Parse(parsed.GetRequiredValue(Policy));
        if (target.Kind is not (TargetKind.Any or TargetKind.Policy))
        {
            throw CliProblem.Usage($"a rollout is started under a RolloutPolicy, and {parsed.GetRequiredValue(Policy)} is none; name the policy, and the StatefulSets with --targets.");
        }

        var policy = await new Lookup(session).FindAsync(target with { Kind = TargetKind.Policy }, cancellationToken);
        var spec = new JsonObject();
        string[] named = [.. parsed.GetRequiredValue(Targets).SelectMany(each => each.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal)];
        Check(policy, named);
        if (named.Length > 0)
        {
            spec["targets"] = new JsonArray([.. named.Select(each => JsonValue.Create(each))]);
        }

        if (type == "Update" && ImagesOf(parsed.GetRequiredValue(Images)) is { Count: > 0 } images)
        {
            spec["update"] = new JsonObject { ["images"] = images };
        }

        if (type == "Rollback")
        {
            var revisions = await RevisionsOfAsync(session, policy, named, parsed.GetRequiredValue(Revisions), cancellationToken);
            spec["rollback"] = revisions.Count > 0 ? new JsonObject { ["revisions"] = revisions } : [];
        }

        if (parsed.GetValue(Reason) is { } reason)
        {
            spec["reason"] = reason;
        }

        var request = RequestOf(policy.Key.Name, policy.Key.Namespace, type, spec);
        if (parsed.GetValue(DryRun) == "client")
        {
            await GetCommand.WriteAsync(session.Output, request, "yaml");
            return ExitCodes.Success;
        }

        return await SendAsync(session, request, parsed.GetValue(DryRun) == "server", parsed.GetValue(Wait) ? parsed.GetValue(Timeout) : null, cancellationToken);
    }

    /// <summary>Sends a request, and waits for its end where that is wanted.</summary>
    /// <param name="wait">Null not to wait, zero to wait without a limit.</param>
    public static async Task<int> SendAsync(CliSession session, JsonObject request, bool isDryRun, TimeSpan? wait, CancellationToken cancellationToken)
    {
        var made = await session.CreateAsync(TargetRef.Rollouts, request.Text("metadata", "namespace"), request, isDryRun, cancellationToken);
        await (wait is null || isDryRun ? session.Output : session.Error).WriteLineAsync($"{GetCommand.NameOf(made)} created{(isDryRun ? " (server dry run)" : "")}");
        return wait is { } timeout && !isDryRun
            ? await StatusCommand.WaitAsync(session, new TargetRef(TargetKind.Rollout, made.Name()), null, timeout, cancellationToken)
            : ExitCodes.Success;
    }

    private static void Check(Subject policy, string[] named)
    {
        var known = PolicyFacts.TargetsOf(policy.Policy);
        if (known.Count > 0 && named.FirstOrDefault(each => !known.Contains(each, StringComparer.Ordinal)) is { } stranger)
        {
            throw CliProblem.Usage($"StatefulSet {stranger} is no target of RolloutPolicy {policy.Key}; its targets are {string.Join(", ", known)}.");
        }
    }

    private static JsonArray ImagesOf(string[] words)
    {
        var images = new JsonArray();
        foreach (var word in words)
        {
            // The first "=": an image may have one in its digest's place, a container's name has none.
            var at = word.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == word.Length - 1)
            {
                throw CliProblem.Usage($"--image is \"{word}\"; write CONTAINER=IMAGE.");
            }

            images.Add(new JsonObject { ["container"] = word[..at], ["image"] = word[(at + 1)..] });
        }

        return images;
    }

    private static async Task<JsonArray> RevisionsOfAsync(CliSession session, Subject policy, string[] named, string[] words, CancellationToken cancellationToken)
    {
        var found = new JsonArray();
        var targets = named.Length > 0 ? named : PolicyFacts.TargetsOf(policy.Policy);
        foreach (var word in words)
        {
            var at = word.IndexOf('=', StringComparison.Ordinal);
            if (at < 0 && targets.Count != 1)
            {
                throw CliProblem.Usage($"--to-revision is \"{word}\", and RolloutPolicy {policy.Key} has {targets.Count} StatefulSets; write STATEFULSET=REVISION, once for each.");
            }

            var set = at < 0 ? targets[0] : word[..at];
            found.Add(new JsonObject { ["target"] = set, ["revision"] = await RevisionAsync(session, policy.Key.Namespace, set, word[(at + 1)..], cancellationToken) });
        }

        return found;
    }

    /// <summary>Finds a revision by the number that <c>kubectl rollout history</c> prints, or checks that one of the name is there.</summary>
    private static async Task<string> RevisionAsync(CliSession session, string ns, string set, string asked, CancellationToken cancellationToken)
    {
        var all = (await session.ListAsync(ResourceKind.Of<V1ControllerRevision>(), ns, null, cancellationToken))
            .Where(each => each.Items("metadata", "ownerReferences").Any(owner => owner.Text("kind") == "StatefulSet" && owner.Text("name") == set))
            .OrderBy(each => each.Number("revision"))
            .ToList();
        var isNumber = long.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return all.Find(each => isNumber ? each.Number("revision") == number : each.Name() == asked)?.Name()
            ?? throw CliProblem.Usage($"StatefulSet {ns}/{set} has no ControllerRevision {asked}; it has {(all.Count == 0 ? "none" : string.Join(", ", all.Select(each => $"{each.Number("revision")} ({each.Name()})")))}.");
    }
}
