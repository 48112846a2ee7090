using System.Runtime.CompilerServices;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>Tells how much two statuses differ in what they mean.</summary>
public static class StatusComparison
{
    /// <summary>What was written of the statuses that the stores hold, for as long as they do: each pass compares with the same one.</summary>
    private static readonly ConditionalWeakTable<object, string> Texts = [];

    private static readonly ConditionalWeakTable<StatefulSetRolloutStatus, StatefulSetRolloutStatus> Meanings = [];
    private static readonly ConditionalWeakTable<RolloutPolicyStatus, RolloutPolicyStatus> PolicyMeanings = [];

    /// <summary>Compares two statuses of a rollout.</summary>
    /// <param name="before">As the server has it.</param>
    /// <param name="after">As it would be written.</param>
    /// <param name="change">What the planner says of its memory: Durable must be written before any action.</param>
    public static StatusUrgency Of(StatefulSetRolloutStatus before, StatefulSetRolloutStatus after, MemoryChange change)
    {
        if (AreEqual(before, after))
        {
            return StatusUrgency.None;
        }

        // What is not equal may be written the same, which costs more to see: so it is seen once.
        if (change is not MemoryChange.Durable && Meanings.GetValue(before, Meaning) is var meant && Meaning(after) is var means && !AreEqual(meant, means) && !AreWrittenTheSame(meant, means))
        {
            return StatusUrgency.Now;
        }

        if (!SurelyDiffer(before, after) && AreWrittenTheSame(before, after))
        {
            return StatusUrgency.None;
        }

        return change is MemoryChange.Durable ? StatusUrgency.Now
            : before.Current?.Reason != after.Current?.Reason || before.Current?.Pod != after.Current?.Pod ? StatusUrgency.Reason : StatusUrgency.Progress;
    }

    /// <summary>Compares two statuses of a policy.</summary>
    public static StatusUrgency Of(RolloutPolicyStatus before, RolloutPolicyStatus after)
    {
        if (!SurelyDiffer(before, after) && AreSame(before, after))
        {
            return StatusUrgency.None;
        }

        return AreSame(PolicyMeanings.GetValue(before, Meaning), Meaning(after)) && AreSame(Remembered(before), Remembered(after)) ? StatusUrgency.Progress : StatusUrgency.Now;
    }

    /// <summary>
    /// Tells whether what would be written surely differs, without writing it: progress does so often while its time has not come. Words and numbers that
    /// differ are written differently; what differs in its times only is left to the text.
    /// </summary>
    private static bool SurelyDiffer(StatefulSetRolloutStatus one, StatefulSetRolloutStatus other) =>
        one.Progress != other.Progress || one.Counts != other.Counts || Timeless(one.Current) != Timeless(other.Current)
        || !AreSameBut(one.Pods, other.Pods, static pod => pod with { Since = null })
        || !AreSameBut(one.Gates, other.Gates, static gate => gate with { LastProbeTime = null })
        || !AreSameBut(one.Conditions, other.Conditions, static condition => condition with { LastTransitionTime = default });

    private static bool SurelyDiffer(RolloutPolicyStatus one, RolloutPolicyStatus other) =>
        one.Replicas != other.Replicas || one.Summary != other.Summary || one.ActiveRollout != other.ActiveRollout
        || !AreSameBut(one.Targets, other.Targets, static target => target)
        || !AreSameBut(one.Conditions, other.Conditions, static condition => condition with { LastTransitionTime = default });

    private static CurrentStatus? Timeless(CurrentStatus? current) => current?.Since is null ? current : current with { Since = null };

    private static bool AreSameBut<T>(IReadOnlyList<T>? one, IReadOnlyList<T>? other, Func<T, T> rest)
        where T : class
    {
        if (one is null || other is null || one.Count != other.Count)
        {
            return one is null && other is null;
        }

        for (var i = 0; i < one.Count; i++)
        {
            if (!one[i].Equals(other[i]) && !rest(one[i]).Equals(rest(other[i])))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What is not mere progress. Stages, roles, words and numbers can all be told again from the cluster.</summary>
    private static StatefulSetRolloutStatus Meaning(StatefulSetRolloutStatus status) => status with
    {
        Progress = null,
        Current = null,
        Counts = null,
        Pods = null,
        Gates = null,
        Targets = status.Targets?.Select(Meaning).ToList(),
        InFlight = status.InFlight?.Select(pod => pod with { Stage = null, StageSince = null }).ToList(),
        Conditions = Bare(status.Conditions),
    };

    /// <summary>That one of several StatefulSets is queued is news for the rollout that it waits for; its other words are progress.</summary>
    private static RolloutTargetStatus Meaning(RolloutTargetStatus target) => target with
    {
        State = null,
        StateSince = null,
        Generation = null,
        Counts = null,
        Current = null,
        Message = null,
        Reason = target.Reason == ReasonCodes.Queued.Code ? target.Reason : null,
    };

    private static RolloutPolicyStatus Meaning(RolloutPolicyStatus status) =>
        status with { Summary = null, Replicas = null, Targets = null, Gates = null, Conditions = Bare(status.Conditions) };

    private static List<PolicyTargetStatus>? Remembered(RolloutPolicyStatus status) => status.Targets?
        .Select(target => new PolicyTargetStatus { Name = target.Name, Uid = target.Uid, RejectedRevision = target.RejectedRevision, WrittenGeneration = target.WrittenGeneration, ForeignReleases = target.ForeignReleases, HeldRevision = target.HeldRevision, OriginalStrategy = target.OriginalStrategy })
        .ToList();

    private static List<ConditionStatus>? Bare(IReadOnlyList<ConditionStatus>? conditions) => conditions?
        .Select(condition => condition with { Reason = "", Message = "" })
        .ToList();

    private static bool AreEqual(StatefulSetRolloutStatus one, StatefulSetRolloutStatus other) =>
        one.Equals(other with
        {
            Targets = Shared(one.Targets, other.Targets),
            InFlight = Shared(one.InFlight, WithBaselines(one.InFlight, other.InFlight)),
            UsedForce = Shared(one.UsedForce, other.UsedForce),
            Pods = Shared(one.Pods, other.Pods),
            Gates = Shared(one.Gates, other.Gates),
            Conditions = Shared(one.Conditions, other.Conditions),
        });

    private static bool AreSame(RolloutPolicyStatus one, RolloutPolicyStatus other) =>
        AreSame(one, other, other with
        {
            Targets = Shared(one.Targets, other.Targets),
            Gates = Shared(one.Gates, other.Gates),
            Conditions = Shared(one.Conditions, other.Conditions),
        });

    private static bool AreWrittenTheSame(StatefulSetRolloutStatus one, StatefulSetRolloutStatus other) => WriteOnce(one) == EntityJson.WriteText(other);

    private static bool AreSame(List<PolicyTargetStatus>? one, List<PolicyTargetStatus>? other) => ReferenceEquals(one, other)
        || (one is not null && other is not null && one.SequenceEqual(other)) || EntityJson.WriteText(one) == EntityJson.WriteText(other);

    /// <summary>
    /// Compares what would be written. Most statuses are the same to the last member, which is seen without writing them.
    /// </summary>
    /// <param name="shared">The other one with the lists of the first, where their items are the same.</param>
    private static bool AreSame<T>(T one, T other, T shared)
        where T : class => one.Equals(shared) || WriteOnce(one) == EntityJson.WriteText(other);

    private static string WriteOnce<T>(T value)
        where T : class => Texts.GetValue(value, static each => EntityJson.WriteText((T)each));

    private static IReadOnlyList<T>? Shared<T>(IReadOnlyList<T>? one, IReadOnlyList<T>? other) =>
        one is not null && other is not null && one.SequenceEqual(other) ? one : other;

    /// <summary>A pod in flight has a list of its own.</summary>
    private static IReadOnlyList<InFlightStatus>? WithBaselines(IReadOnlyList<InFlightStatus>? one, IReadOnlyList<InFlightStatus>? other) =>
        one is null || other is null || one.Count != other.Count
            ? other
            : [.. other.Select((pod, index) => pod with { Baselines = Shared(one[index].Baselines, pod.Baselines) })];
}
