using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Kafka;

/// <summary>The Kafka gate's judgement. Pure: the same input and observation give the same answer.</summary>
public static class KafkaRule
{
    /// <summary>Judges one question.</summary>
    public static GateAnswer Evaluate(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(observation);
        ArgumentNullException.ThrowIfNull(options);
        var answer = input.Question.Phase switch
        {
            GatePhase.Roles => Roles(input, observation, options),
            GatePhase.AfterPod => KafkaReturnRule.Evaluate(input, observation, options),
            GatePhase.BeforePod => KafkaStopRule.Evaluate(input, observation, options),
            GatePhase.BeforeRollout or GatePhase.AfterRollout => KafkaHealthRule.Evaluate(input, observation, options),
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

    internal static GateAnswer Say(GateInput input, KafkaTrouble trouble) => Say(input, trouble.Verdict, trouble.Reason, trouble.Text);

    internal static string Warning(ReasonCode reason, string fact) => $"{reason.Code}: {fact}";

    /// <summary>Adds what is known of the cluster to an answer.</summary>
    internal static GateAnswer With(this GateAnswer answer, KafkaClusterView view, KafkaCensus? census = null) => answer with
    {
        Roles = view.Roles,
        Facts =
        [
            Fact("partitions", view.Partitions.Count),
            Fact("brokers", view.Live.Others.Count),
            .. view.Quorum is { } quorum ? [Fact("controllers", quorum.Voters.Length), Fact("activeController", quorum.LeaderId), Fact("controllerEpoch", quorum.LeaderEpoch)] : Array.Empty<GateFact>(),
            .. census?.Facts().Take(5).Select(f => new GateFact(f.Name, f.Value)) ?? [],
        ],
    };

    private static GateFact Fact(string name, long value) => new(name, value.ToString(CultureInfo.InvariantCulture));

    private static GateAnswer Roles(GateInput input, KafkaObservation observation, KafkaGateOptions options)
    {
        var (view, trouble) = KafkaClusterView.Build(input, observation, options);
        if (view is null)
        {
            return Say(input, trouble!);
        }

        if (view.Roles.ContainsValue(MemberRole.Unknown))
        {
            return Say(input, GateVerdict.Unknown, ReasonCodes.KafkaControllerUnknown, "brokers name different controllers, or none").With(view);
        }

        var leader = view.Roles.FirstOrDefault(r => r.Value is MemberRole.Leader).Key;
        return Say(input, GateVerdict.Allow, ReasonCodes.GateOpen, leader is null ? "no pod of this StatefulSet is the active controller" : $"{leader} is the active controller").With(view);
    }
}
