using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>
/// <c>ordinal uninstall</c>: lets go of every policy. The operator, which must still run, gives each StatefulSet its own update strategy back,
/// unless a change waits there: that would roll every pod at once, ungated. Such a one keeps its hold, and is named.
/// </summary>
internal static class UninstallCommand
{
    private static readonly Option<bool> Release = new("--release") { Description = "Give the strategy back even where a change waits: the built-in controller then rolls those pods without gates." };

    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be done." };

    private static readonly Option<TimeSpan> Timeout = ClientOptions.Durations("--timeout", "How long to wait for the operator; 0 for as long as it takes.", TimeSpan.FromMinutes(2));

    public static Command Create() => new Command("uninstall", "Let go of every policy, in all namespaces unless -n names one: give each StatefulSet its own update strategy back, so that the operator can be removed.")
    {
        Release, Yes, DryRun, Timeout,
    }.WithCluster(takesAll: true, RunAsync);

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        // Without -n it means the whole cluster, as the name says.
        var ns = ClientOptions.NamesNamespace(parsed) ? session.Namespace : null;
        var policies = await session.ListAsync(TargetRef.Policies, ns, null, cancellationToken);
        if (policies.Count == 0)
        {
            await session.Output.WriteLineAsync($"No RolloutPolicy {(ns is null ? "in any namespace" : $"in namespace {ns}")}: nothing to let go of.");
            return ExitCodes.Success;
        }

        var releases = parsed.GetValue(Release);
        var sets = await session.ListAsync(TargetRef.StatefulSets, ns, null, cancellationToken);
        var rollouts = await session.ListAsync(TargetRef.Rollouts, ns, null, cancellationToken);
        foreach (var policy in policies)
        {
            await session.Error.WriteLineAsync(LetGoPlan.Of(policy, sets, rollouts, releases));
        }

        if (parsed.GetValue(DryRun))
        {
            return ExitCodes.Success;
        }

        if (!parsed.GetValue(Yes) && !await ConfirmAsync(session, policies.Count))
        {
            return ExitCodes.Usage;
        }

        await using var feed = new ChangeFeed(session, ns, TargetRef.Policies);
        foreach (var policy in policies)
        {
            await LetGoAsync(session, policy, releases, cancellationToken);
        }

        return await WaitAsync(session, feed, ns, policies, parsed.GetValue(Timeout), cancellationToken);
    }

    private static async Task<bool> ConfirmAsync(CliSession session, int count)
    {
        if (Console.IsInputRedirected)
        {
            await session.Error.WriteLineAsync("error: there is no terminal to ask on; look at the list with --dry-run, then say --yes.");
            return false;
        }

        await session.Error.WriteAsync($"Let go of {count} policies? [y/N] ");
        return (await Console.In.ReadLineAsync())?.Trim() is "y" or "Y" or "yes";
    }

    private static async Task LetGoAsync(CliSession session, JsonObject policy, bool releases, CancellationToken cancellationToken)
    {
        var uid = policy.Text("metadata", "uid");
        try
        {
            if (releases && !policy.Flag("spec", "release"))
            {
                await session.PatchAsync(TargetRef.Policies, KeyOf(policy), new JsonPatch().TestUid(uid).Add(true, "spec", "release"), cancellationToken);
            }

            await session.Api.DeleteAsync(TargetRef.Policies, KeyOf(policy), new Preconditions(uid), cancellationToken);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound or ApiErrorKind.Conflict)
        {
            // Gone, or another one of this name by now.
        }
    }

    private static async Task<int> WaitAsync(CliSession session, ChangeFeed feed, string? ns, IReadOnlyList<JsonObject> policies, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = session.Time.GetTimestamp();
        var open = policies.ToDictionary(policy => policy.Text("metadata", "uid"), KeyOf, StringComparer.Ordinal);
        while (true)
        {
            var there = (await session.ListAsync(TargetRef.Policies, ns, null, cancellationToken)).ToDictionary(policy => policy.Text("metadata", "uid"), StringComparer.Ordinal);
            foreach (var (uid, key) in open.Where(each => !there.ContainsKey(each.Key)).ToList())
            {
                open.Remove(uid);
                await session.Output.WriteLineAsync($"{key}: let go");
            }

            // What was said before this run asked for anything is no answer.
            List<JsonObject> held = [.. open.Keys.Select(uid => there[uid]).Where(policy => policy.Condition("Ready").Text("reason") == "LeftHeld"
                && (policy.Number("status", "observedGeneration") ?? 0) >= (policy.Number("metadata", "generation") ?? 0))];
            if (open.Count == 0)
            {
                await session.Error.WriteLineAsync("Nothing is held any more. Now the operator and its kinds may go: kubectl delete -k config/default");
                return ExitCodes.Success;
            }

            if (held.Count == open.Count)
            {
                foreach (var policy in held)
                {
                    await session.Output.WriteLineAsync($"{KeyOf(policy)}: still held: {policy.Condition("Ready").Text("message")}");
                }

                await session.Error.WriteLineAsync($"error: {held.Count} of {policies.Count} policies stay. Bring the waiting change to its end or take it back, then repeat; or repeat with --release, which rolls those pods without gates. Do not remove the operator before.");
                return ExitCodes.Failed;
            }

            var left = timeout > TimeSpan.Zero ? timeout - session.Time.GetElapsedTime(start) : TimeSpan.MaxValue;
            if (left <= TimeSpan.Zero)
            {
                await session.Error.WriteLineAsync($"error: after {Ages.Of(timeout)} the operator has not let go of {string.Join(", ", open.Values)}; it must run for that: kubectl get pods -A -l app.kubernetes.io/name=ordinal");
                return ExitCodes.Timeout;
            }

            await feed.WaitAsync(left < TimeSpan.FromSeconds(5) ? left : TimeSpan.FromSeconds(5), cancellationToken);
        }
    }

    private static NamespacedName KeyOf(JsonObject of) => new(of.Text("metadata", "namespace"), of.Name());
}
