using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Replay;

/// <summary>
/// Does on a cluster what was done in a recording, and compares: each answer, each settled state (pods, revisions, claims, set, events
/// about it), and the counters that the set's status went through on the way.
/// </summary>
internal sealed class Replayer(Trace trace, IReplayCluster cluster)
{
    private readonly ReplayState theirs = new();
    private readonly ReplayState ours = new();
    private readonly List<string> differences = [];
    private int taken;

    /// <summary>Gets the calls of kubectl that were left out, and why.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>Replays the recording and returns what differs and is not meant.</summary>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        long last = 0;
        for (var index = 0; index < trace.Entries.Length; index++)
        {
            var entry = trace.Entries[index];
            switch (entry)
            {
                case TraceEntry.Sight seen:
                    theirs.Take(seen.Type, seen.Item);
                    break;
                case TraceEntry.Act step:
                    if (cluster.IsVirtual)
                    {
                        await cluster.PassAsync(TimeSpan.FromMilliseconds(step.Time - last), () => true);
                    }

                    last = step.Time;
                    await (step.IsKubectl ? CallKubectlAsync(step) : RequestAsync(step));
                    break;
                case TraceEntry.Settled:
                    await cluster.PassAsync(TimeSpan.FromMilliseconds(entry.Time - last), () => Difference().Count == 0);
                    last = entry.Time;
                    await CompareAsync(entry.Time, mayMove: NextIsSettled(index));
                    break;
                default:
                    throw new InvalidOperationException($"unknown entry {entry.GetType().Name}");
            }
        }

        return differences;
    }

    /// <summary>Tells whether the recorder looked again without doing anything in between: things were still moving then.</summary>
    private bool NextIsSettled(int index) => trace.Entries.Skip(index + 1).FirstOrDefault(entry => entry is not TraceEntry.Sight) is TraceEntry.Settled;

    private async Task RequestAsync(TraceEntry.Act step)
    {
        var (path, query) = step.Request.Text("path")!.Split('?') switch
        {
            [var only] => (only, ""),
            [var first, var rest] => (first, rest),
            _ => throw new FormatException(step.Request.Text("path")),
        };
        var call = new ApiCall(step.Request.Text("method")!, path, query) { ContentType = step.Request.Text("contentType"), UserAgent = "Python-urllib/3.11" };
        if (step.Request["body"] is { } body)
        {
            call = call with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
        }

        var answer = await cluster.SendAsync(call);
        Catch();
        var where = $"t={step.Time} {step.What}: answer";
        Expect($"{where}.code", step.Answer.Number("code")!.Value.ToString(CultureInfo.InvariantCulture), answer.StatusCode.ToString(CultureInfo.InvariantCulture));
        Expect($"{where}.retryAfter", step.Answer.Text("retryAfter") ?? "", answer.RetryAfter is { } after ? after.TotalSeconds.ToString(CultureInfo.InvariantCulture) : "");
        if (step.Answer.Child("body") is { } expected)
        {
            var actual = JsonNode.Parse(answer.Body.Span);
            Differ(Canonical.Lines(where, expected, theirs.Names), Canonical.Lines(where, actual, ours.Names));
        }
    }

    private async Task CallKubectlAsync(TraceEntry.Act step)
    {
        if (cluster.Kubectl is not { } kubectl)
        {
            LeftOut.Add($"{step.What}: kubectl needs a socket");
            return;
        }

        var (code, output, error) = await kubectl.ExecuteAsync(["-n", trace.Namespace, .. step.What.Split(' ').Skip(1)]);
        Catch();
        if (await KubectlVersions.WhyNotAsync(kubectl, step.What) is { } why)
        {
            LeftOut.Add($"{step.What}: {why}");
            return;
        }

        var where = $"t={step.Time} {step.What}:";
        Expect($"{where} exit", step.Answer.Number("exit")!.Value.ToString(CultureInfo.InvariantCulture), code.ToString(CultureInfo.InvariantCulture));
        Print($"{where} stdout", step.Answer.Text("stdout")!, output);
        Print($"{where} stderr", step.Answer.Text("stderr")!, error);

        void Print(string stream, string expected, string actual)
        {
            var wanted = Canonical.Print(expected, theirs.Names);
            var got = Canonical.Print(actual, ours.Names);
            if (step.What.Contains("get controllerrevisions", StringComparison.Ordinal) || step.What.Contains("describe", StringComparison.Ordinal))
            {
                // In the order of their hashes, of which one contains a time; events in the order of their seconds.
                (wanted, got) = ([.. wanted.Order(StringComparer.Ordinal)], [.. got.Order(StringComparer.Ordinal)]);
            }

            var isWatch = step.What.Contains("rollout status", StringComparison.Ordinal) && wanted.Length > 3;
            if (isWatch ? WatchingWords.AreOfOneRollout([.. wanted], [.. got]) : wanted.SequenceEqual(got))
            {
                return;
            }

            Add($"{stream}\n  recorded: {string.Join("\n            ", wanted)}\n  ours:     {string.Join("\n            ", got)}");
        }
    }

    private async Task CompareAsync(long time, bool mayMove)
    {
        if (!mayMove)
        {
            await cluster.QuietAsync();
        }

        foreach (var line in Difference())
        {
            Add($"t={time} state: {line}");
        }

        var recorded = theirs.TakeCounters();
        var seen = ours.TakeCounters();
        var isRight = cluster.IsVirtual && theirs.IsMonotonic ? recorded.SequenceEqual(seen) : Counters.AreMerged(recorded, seen) || mayMove;
        if (!isRight && !MeantDifferences.Covers(trace.Scenario, "counters"))
        {
            Add($"t={time} counters\n  recorded: {string.Join("\n            ", recorded)}\n  ours:     {string.Join("\n            ", seen)}");
        }
    }

    private List<string> Difference()
    {
        Catch();
        return [.. Only(theirs.Lines(), ours.Lines())];
    }

    /// <summary>Takes what the watcher saw since the last time.</summary>
    private void Catch()
    {
        var events = cluster.Events;
        for (; taken < events.Length; taken++)
        {
            ours.Take(events[taken]);
        }
    }

    private void Expect(string what, string expected, string actual)
    {
        if (expected != actual)
        {
            Add($"{what}: recorded {expected}, ours {actual}");
        }
    }

    private void Differ(ImmutableSortedSet<string> recorded, ImmutableSortedSet<string> actual)
    {
        foreach (var line in Only(recorded, actual))
        {
            Add(line);
        }
    }

    private IEnumerable<string> Only(ImmutableSortedSet<string> recorded, ImmutableSortedSet<string> actual) =>
    [
        .. recorded.Except(actual).Where(line => !MeantDifferences.Covers(trace.Scenario, line)).Select(line => $"recorded: {line}"),
        .. actual.Except(recorded).Where(line => !MeantDifferences.Covers(trace.Scenario, line)).Select(line => $"ours:     {line}"),
    ];

    private void Add(string difference)
    {
        if (!MeantDifferences.Covers(trace.Scenario, difference))
        {
            differences.Add(difference);
        }
    }
}
