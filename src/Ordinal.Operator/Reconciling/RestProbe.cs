using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Asks a policy's gates while nothing is rolled: at adoption, when policy or workload changed, and every 5 minutes. A gate that would hold the
/// next rollout is found before it is needed. What it says opens nothing: every rollout asks anew. One that says no, perhaps since its workload has only just
/// started, is asked again sooner: after 10 s, and twice as long each time that all say the same again, up to the 5 minutes.
/// </summary>
/// <remarks>
/// A gate is asked for what its runAt says, as far as it can be at rest. One that runs before a rollout or before a pod is asked whether a rollout could begin:
/// that names no pod and disturbs nothing, whereas BeforePod may take a snapshot. One that runs after pods or rollouts only is left alone, since what it looks at
/// may be there only then; but a gate that knows roles is still asked who leads, which the order of zones depends on.
/// </remarks>
public sealed class RestProbe(GateBook book, GateKeeper keeper, TimeProvider timeProvider)
{
    private readonly Dictionary<string, Probed> last = [];
    private readonly Lock gate = new();

    /// <summary>How often one is asked that could not be asked: whoever repairs it wants to see that.</summary>
    private static readonly TimeSpan UnaskedInterval = TimeSpan.FromSeconds(30);

    /// <summary>Gets how often gates are asked at rest.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets when a gate that said no is asked again.</summary>
    public static TimeSpan DeniedInterval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Returns what a gate is asked at rest; null when it is not asked.</summary>
    public static GatePhase? PhaseOf(GatePolicy gate) =>
        (gate.RunAt & (GatePhases.BeforeRollout | GatePhases.BeforePod)) != 0 ? GatePhase.BeforeRollout
        : gate.TellsRoles ? GatePhase.Roles
        : null;

    /// <summary>Returns what the gates say of one workload, from the last probe if it is young enough, and when to ask again.</summary>
    public async Task<(ImmutableArray<GateReport> Reports, TimeSpan Next)> AskAsync(V1Alpha1RolloutPolicy policy, UpdatePolicy rules, Observation observation, CancellationToken cancellationToken)
    {
        var version = $"{policy.Metadata.Uid}/{policy.Metadata.Generation}/{Ready(observation)}";
        Probed? known;
        lock (gate)
        {
            known = last.GetValueOrDefault(observation.Item.Uid);
        }

        var isSame = known?.Version == version;
        if (isSame && known!.Interval - timeProvider.GetElapsedTime(known.At) is var left && left > TimeSpan.Zero)
        {
            return (known.Reports, left);
        }

        var context = Observer.GateContextOf(observation, await book.BindAsync(policy, rules, cancellationToken));
        ImmutableArray<GateQuestion> questions = [.. rules.Gates.Where(each => PhaseOf(each) is not null).Select(each => new GateQuestion(each.Name, PhaseOf(each)!.Value, [], observation.Item.Snapshot.UpdateRevision))];
        var reports = questions.IsEmpty ? [] : await keeper.AskAsync(context, questions, cancellationToken);
        var denials = !reports.Any(report => report.Verdict is GateVerdict.Deny) ? 0
            : isSame && known!.Reports.Select(report => report.Verdict).SequenceEqual(reports.Select(report => report.Verdict)) ? known.Denials + 1
            : 1;
        var probed = new Probed(version, reports, timeProvider.GetTimestamp(), denials, IntervalOf(reports, denials));
        lock (gate)
        {
            last[observation.Item.Uid] = probed;
        }

        return (reports, probed.Interval);
    }

    /// <summary>Returns what the last probe of a workload said; it may be minutes old, and there may have been none.</summary>
    public ImmutableArray<GateReport> Known(string setUid)
    {
        lock (gate)
        {
            return last.GetValueOrDefault(setUid)?.Reports ?? [];
        }
    }

    /// <summary>Forgets a workload.</summary>
    public void Forget(string setUid)
    {
        lock (gate)
        {
            last.Remove(setUid);
        }

        keeper.Forget(setUid);
    }

    /// <summary>The pods that are there and ready: when that changes, so may the gate's answer.</summary>
    private static string Ready(Observation observation) =>
        string.Join(',', observation.Snapshot.Pods.Where(pod => pod.IsReady && !pod.IsTerminating).Select(pod => pod.Ordinal));

    private static TimeSpan IntervalOf(ImmutableArray<GateReport> reports, int denials)
    {
        var interval = reports.All(report => report.Verdict is GateVerdict.Allow or GateVerdict.Deny) ? Interval : UnaskedInterval;
        var denied = denials == 0 ? Interval : DeniedInterval * Math.Pow(2, Math.Min(denials - 1, 10));
        return denied < interval ? denied : interval;
    }

    /// <param name="Denials">How often in a row all said the same, with a no among it.</param>
    /// <param name="Interval">When to ask again.</param>
    private sealed record Probed(string Version, ImmutableArray<GateReport> Reports, long At, int Denials, TimeSpan Interval);
}
