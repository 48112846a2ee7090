using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal status TARGET</c>: one line, and the verdict as exit code.</summary>
internal static class StatusCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "rop/NAME, stsr/NAME, sts/NAME or a bare name." };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until the target has come to an end, or to what --for names." };

    private static readonly Option<TimeSpan> Timeout = ClientOptions.Durations("--timeout", "How long to wait; 0 for as long as it takes. Exit code 3 when the time is up.", TimeSpan.Zero);

    private static readonly Option<string> For = new("--for") { Description = "What to wait for: Finished, or Step=N, which is when step N is done.", DefaultValueFactory = _ => "Finished" };

    public static Command Create() => new Command("status", "Say in one line how a rollout, a policy or a StatefulSet stands; the exit code is the verdict. Without --wait, 3 says that it is still under way.")
    {
        Target, Wait, Timeout, For,
    }.WithCluster(takesAll: false, async (session, parsed, cancellationToken) =>
    {
        var target = TargetRef.Parse(parsed.GetRequiredValue(Target));
        var step = StepOf(parsed.GetRequiredValue(For));
        return parsed.GetValue(Wait)
            ? await WaitAsync(session, target, step, parsed.GetValue(Timeout), cancellationToken)
            : await TellAsync(session, await JudgeAsync(session, target, step, cancellationToken));
    });

    /// <summary>Waits until a target has come to its end; the lines on the way are progress, the last one is the result.</summary>
    /// <param name="step">The step to wait for; null for the end.</param>
    /// <param name="timeout">Zero for no limit.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> WaitAsync(CliSession session, TargetRef target, int? step, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var feed = new ChangeFeed(session, session.Namespace, TargetRef.Policies, TargetRef.Rollouts, TargetRef.StatefulSets);
        var start = session.Time.GetTimestamp();
        var told = "";
        while (true)
        {
            var verdict = await JudgeAsync(session, target, step, cancellationToken);
            var left = timeout > TimeSpan.Zero ? timeout - session.Time.GetElapsedTime(start) : TimeSpan.MaxValue;
            if (verdict.ExitCode is not null)
            {
                return await TellAsync(session, verdict);
            }

            if (left <= TimeSpan.Zero)
            {
                return await TellAsync(session, verdict with { Line = $"{verdict.Line}: still under way after {Ages.Of(timeout)}" });
            }

            // How long it has taken moves all the time: that alone is no news.
            var news = verdict.Line[..(verdict.Line.LastIndexOf(" (", StringComparison.Ordinal) is > 0 and var at ? at : verdict.Line.Length)];
            if (news != told)
            {
                await session.Error.WriteLineAsync(verdict.Line);
                told = news;
            }

            await feed.WaitAsync(left < TimeSpan.FromSeconds(5) ? left : TimeSpan.FromSeconds(5), cancellationToken);
        }
    }

    private static async Task<int> TellAsync(CliSession session, Verdict verdict)
    {
        await session.Output.WriteLineAsync(verdict.Line);
        return verdict.ExitCode ?? ExitCodes.Timeout;
    }

    private static async Task<Verdict> JudgeAsync(CliSession session, TargetRef target, int? step, CancellationToken cancellationToken)
    {
        var lookup = new Lookup(session);
        var subject = await lookup.FindAsync(target, cancellationToken);
        if (subject.Kind is TargetKind.Rollout)
        {
            return Reached(subject.Object, step) ?? Verdict.OfRollout(subject.Object, session.Now);
        }

        var rollouts = await lookup.RolloutsOfAsync(subject, cancellationToken);
        if (rollouts is [.., var newest] && Reached(newest, step) is { } reached)
        {
            return reached;
        }

        if (subject.Policy is null)
        {
            throw CliProblem.Usage($"StatefulSet {subject.Key} belongs to no RolloutPolicy; create one, or ask: kubectl rollout status sts/{subject.Key.Name} -n {subject.Key.Namespace}");
        }

        if (subject.Kind is TargetKind.StatefulSet)
        {
            return Verdict.OfSet(subject.Object, subject.Policy, rollouts, session.Now);
        }

        return await JudgePolicyAsync(session, subject, rollouts, cancellationToken);
    }

    private static async Task<Verdict> JudgePolicyAsync(CliSession session, Subject subject, IReadOnlyList<JsonObject> rollouts, CancellationToken cancellationToken)
    {
        var names = PolicyFacts.TargetsOf(subject.Policy);
        var sets = (await session.ListAsync(TargetRef.StatefulSets, subject.Key.Namespace, null, cancellationToken)).Where(set => names.Contains(set.Name(), StringComparer.Ordinal));
        List<Verdict> verdicts = [.. sets.Select(set => Verdict.OfSet(set, subject.Object, [.. rollouts.Where(each => RolloutFacts.IsAbout(each, set.Name()))], session.Now))];
        var stalled = subject.Object.Condition("Stalled");
        if (stalled.Text("status") == "True" && verdicts.TrueForAll(each => each.ExitCode is null or ExitCodes.Success))
        {
            // Nothing will come of waiting: the policy itself is wrong, or a target is not there.
            verdicts.Add(new Verdict(ExitCodes.Failed, $"policy {subject.Key.Name}: {stalled.Text("reason")}: {stalled.Text("message")}"));
            return new Verdict(ExitCodes.Failed, verdicts[^1].Line);
        }

        return Verdict.Of(verdicts, $"policy {subject.Key.Name}: {subject.Object.Condition("Ready").Text("message")}");
    }

    private static Verdict? Reached(JsonObject rollout, int? step) => step is { } number && RolloutFacts.HasDoneStep(rollout, number)
        ? new Verdict(ExitCodes.Success, $"{rollout.Name()}: step {number} is done, {rollout.Text("status", "progress")} pods updated")
        : null;

    private static int? StepOf(string text) => text == "Finished" ? null
        : text.StartsWith("Step=", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step > 0 ? step
        : throw CliProblem.Usage($"--for is \"{text}\"; write Finished, or Step=N with N from 1.");
}
