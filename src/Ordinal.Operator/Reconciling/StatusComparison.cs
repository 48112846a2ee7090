using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>Tells how much two statuses differ in what they mean.</summary>
public static class StatusComparison
{
    /// <summary>Compares two statuses of a rollout.</summary>
    /// <param name="before">As the server has it.</param>
    /// <param name="after">As it would be written.</param>
    /// <param name="change">What the planner says of its memory: Durable must be written before any action.</param>
    public static StatusUrgency Of(StatefulSetRolloutStatus before, StatefulSetRolloutStatus after, MemoryChange change)
    {
        if (AreSame(before, after))
        {
            return StatusUrgency.None;
        }

        if (change is MemoryChange.Durable || !AreSame(Meaning(before), Meaning(after)))
        {
            return StatusUrgency.Now;
        }

        return before.Current?.Reason != after.Current?.Reason || before.Current?.Pod != after.Current?.Pod ? StatusUrgency.Reason : StatusUrgency.Progress;
    }

    /// <summary>Compares two statuses of a policy.</summary>
    public static StatusUrgency Of(RolloutPolicyStatus before, RolloutPolicyStatus after)
    {
        if (AreSame(before, after))
        {
            return StatusUrgency.None;
        }

        var meant = before with { Summary = null, Replicas = null, Targets = null, Gates = null, Conditions = Bare(before.Conditions) };
        var means = after with { Summary = null, Replicas = null, Targets = null, Gates = null, Conditions = Bare(after.Conditions) };
        return AreSame(meant, means) && AreSame(Remembered(before), Remembered(after)) ? StatusUrgency.Progress : StatusUrgency.Now;
    }

    /// <summary>What is not mere progress. Stages, roles, words and numbers can all be told again from the cluster.</summary>
    private static StatefulSetRolloutStatus Meaning(StatefulSetRolloutStatus status) => status with
    {
        Progress = null,
        Current = null,
        Counts = null,
        Pods = null,
        Gates = null,
        Targets = status.Targets?.Select(target => target with { State = null, StateSince = null, Generation = null }).ToList(),
        InFlight = status.InFlight?.Select(pod => pod with { Stage = null, StageSince = null }).ToList(),
        Conditions = Bare(status.Conditions),
    };

    private static List<PolicyTargetStatus>? Remembered(RolloutPolicyStatus status) => status.Targets?
        .Select(target => new PolicyTargetStatus { Name = target.Name, Uid = target.Uid, RejectedRevision = target.RejectedRevision, WrittenGeneration = target.WrittenGeneration, ForeignReleases = target.ForeignReleases, HeldRevision = target.HeldRevision })
        .ToList();

    private static List<ConditionStatus>? Bare(IReadOnlyList<ConditionStatus>? conditions) => conditions?
        .Select(condition => condition with { Reason = "", Message = "" })
        .ToList();

    private static bool AreSame<T>(T one, T other) => EntityJson.Write(one).AsSpan().SequenceEqual(EntityJson.Write(other));
}
