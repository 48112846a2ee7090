using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>The etcd gate's judgement. Pure: the same input and observation give the same answer.</summary>
public static class EtcdRule
{
    /// <summary>How often moving leadership away is tried before the pod goes anyway: etcd itself tries once more when it is told to stop.</summary>
    public const int MaxPreparations = 3;

    /// <summary>Judges one question.</summary>
    public static GateAnswer Evaluate(GateInput input, EtcdObservation observation, EtcdGateOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(observation);
        ArgumentNullException.ThrowIfNull(options);
        var answer = input.Question.Phase switch
        {
            GatePhase.Roles => Roles(input, observation, options),
            GatePhase.AfterPod => EtcdReturnRule.Evaluate(input, observation, options),
            GatePhase.BeforePod or GatePhase.BeforeRollout or GatePhase.AfterRollout => EtcdStopRule.Evaluate(input, observation, options),
        };
        return answer with { ValidFor = options.ValidFor };
    }

    /// <summary>Makes an answer whose message is object, fact and the registry's remedy.</summary>
    internal static GateAnswer Say(GateInput input, GateVerdict verdict, ReasonCode reason, string fact) => new()
    {
        Verdict = verdict,
        Reason = reason,
        Message = $"{input.Context.Namespace}/{input.Context.Name}: {fact}{(verdict is GateVerdict.Allow ? "" : $". {reason.Remedy}")}",
    };

    internal static GateAnswer Say(GateInput input, EtcdTrouble trouble) => Say(input, trouble.Verdict, trouble.Reason, trouble.Text);

    /// <summary>Adds what is known of the cluster to an answer.</summary>
    internal static GateAnswer With(this GateAnswer answer, EtcdClusterView view) => answer with
    {
        Roles = view.Roles,
        Facts =
        [
            Fact("voters", view.VoterCount),
            Fact("quorum", view.Quorum),
            Fact("participating", view.Participating),
            new("leader", view.Leader.Pod),
            Fact("term", view.LeaderStatus.RaftTerm),
            Fact("commitIndex", view.LeaderStatus.RaftIndex),
            .. view.Seats.Where(s => !s.Participates).Take(4).Select(s => new GateFact(s.Name, s.Trouble!.Text)),
        ],
    };

    /// <summary>Gets the alarms that count: the leader's, and those of Ready pods. An alarm goes through Raft, so every member that keeps up knows it.</summary>
    internal static ImmutableArray<EtcdAlarm> Alarms(EtcdClusterView view, IReadOnlySet<string> targets) =>
    [
        .. view.Leader.Alarms
            .Concat(view.Seats.Where(s => s.Pod is { IsReady: true } pod && !targets.Contains(pod.Uid)).SelectMany(s => s.Seen?.Alarms ?? []))
            .Distinct().OrderBy(a => a.MemberId).ThenBy(a => a.Type, StringComparer.Ordinal),
    ];

    internal static string AlarmText(EtcdClusterView view, EtcdAlarm alarm) =>
        $"member {view.Seats.FirstOrDefault(s => s.Member.Id == alarm.MemberId)?.Name ?? EtcdId.Text(alarm.MemberId)} raised the {alarm.Type} alarm";

    private static GateFact Fact(string name, ulong value) => new(name, value.ToString(CultureInfo.InvariantCulture));

    private static GateFact Fact(string name, int value) => Fact(name, (ulong)value);

    private static GateAnswer Roles(GateInput input, EtcdObservation observation, EtcdGateOptions options)
    {
        var (view, trouble) = EtcdClusterView.Build(input.Context, observation, ImmutableHashSet<string>.Empty, options);
        if (view is null)
        {
            return Say(input, trouble!);
        }

        // A leader that has lost its quorum still believes in itself for a while: who leads is known only while a quorum takes part.
        return view.Participating < view.Quorum
            ? EtcdStopRule.QuorumLost(input, view).With(view)
            : Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, $"{view.Leader.Pod} leads in term {view.LeaderStatus.RaftTerm}").With(view);
    }
}
