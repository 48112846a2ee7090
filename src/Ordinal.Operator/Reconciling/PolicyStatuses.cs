using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>Turns the states of a policy's targets into the status that people and tools read.</summary>
public static class PolicyStatuses
{
    /// <summary>Builds the status.</summary>
    /// <param name="policy">The policy, with the status before.</param>
    /// <param name="reading">What came of reading its spec.</param>
    /// <param name="states">Its targets.</param>
    /// <param name="lastSuccess">Its last successful rollout; null when there is none.</param>
    /// <param name="gates">Whether gates are asked.</param>
    /// <param name="now">Now.</param>
    public static RolloutPolicyStatus Of(
        V1Alpha1RolloutPolicy policy, PolicyReading reading, ImmutableArray<TargetState> states, V1Alpha1StatefulSetRollout? lastSuccess, GatesMode gates, DateTimeOffset now)
    {
        var seen = states.Where(state => state.Observation is not null).Select(state => state.Observation!).ToList();
        var active = states.Select(state => state.Active).FirstOrDefault(rollout => rollout is not null);
        var reports = states.SelectMany(state => state.Reports).ToList();
        var stands = MayStand(policy, reading, states);
        var total = seen.Sum(each => each.Snapshot.Set.Replicas);
        return policy.Status with
        {
            ObservedGeneration = policy.Metadata.Generation,
            Replicas = total,
            Selector = seen.Count == 1 ? Conditions.Cut(seen[0].Item.Selector, 4096) : policy.Status.Selector,
            Summary = new PolicySummaryStatus
            {
                Targets = states.Length == 1 ? "1 StatefulSet" : string.Create(CultureInfo.InvariantCulture, $"{states.Length} StatefulSets"),
                Updated = string.Create(CultureInfo.InvariantCulture, $"{seen.Sum(each => AtUpdate(each.Snapshot))}/{total}"),
                Gates = GatesSummary(reading, reports, gates, stands ? policy.Status.Summary?.Gates : null),
            },
            ActiveRollout = active is null ? null : new ObjectRefStatus { Name = active.Metadata.Name, Uid = active.Metadata.Uid },
            LastSuccessful = lastSuccess is null ? policy.Status.LastSuccessful : LastOf(lastSuccess),
            Targets = states.IsEmpty ? null : [.. states.Select(state => TargetOf(state, policy.Status.Targets?.FirstOrDefault(each => each.Name == state.Target.Name)))],
            Gates = reports.Count == 0 ? policy.Status.Gates : GatesOf(reports),
            Conditions = ConditionsOf(policy, reading, states, reports, gates, stands, now),
        };
    }

    /// <summary>Counts the expected pods at the update revision.</summary>
    internal static int AtUpdate(WorkloadSnapshot snapshot) => snapshot.Pods.Count(pod =>
        pod.Revision == snapshot.Set.UpdateRevision && pod.Ordinal >= snapshot.Set.Ordinals.First && pod.Ordinal < snapshot.Set.Ordinals.End);

    private static LastRolloutStatus LastOf(V1Alpha1StatefulSetRollout rollout) => new()
    {
        Name = rollout.Metadata.Name,
        Target = RolloutMemories.TargetsOf(rollout.Status) is [var target] ? target : null,
        Revision = rollout.Status.Targets is [var only] ? only.ToRevision : null,
        CompletionTime = rollout.Status.CompletionTime,
    };

    private static PolicyTargetStatus TargetOf(TargetState state, PolicyTargetStatus? before)
    {
        var known = before ?? new PolicyTargetStatus { Name = state.Target.Name };
        if (state.Observation is not { } observation)
        {
            return known with { Message = state.Concern?.Message };
        }

        var set = observation.Snapshot.Set;
        var memory = state.Decision?.Memory;
        return new PolicyTargetStatus
        {
            Name = set.Name,
            Uid = set.Uid,
            ObservedGeneration = set.ObservedGeneration,
            Replicas = set.Replicas,
            ReadyReplicas = observation.Snapshot.Pods.Count(pod => pod.IsReady && !pod.IsTerminating),
            UpdatedReplicas = AtUpdate(observation.Snapshot),
            Partition = set.Strategy.Type is UpdateStrategyType.OnDelete ? null : set.Strategy.Partition ?? 0,
            Held = set.Strategy.Holds(set.Replicas),
            CurrentRevision = set.CurrentRevision,
            UpdateRevision = set.UpdateRevision,
            RejectedRevision = state.Rejected,
            WrittenGeneration = memory is null ? known.WrittenGeneration : memory.Generation == 0 ? null : memory.Generation,
            ForeignReleases = memory is null ? known.ForeignReleases : memory.ForeignReleases == 0 ? null : memory.ForeignReleases,
            HeldRevision = memory is null ? known.HeldRevision : memory.ForeignReleases == 0 ? null : memory.Revision,
            OriginalStrategy = memory is null ? (known.Uid == set.Uid ? known.OriginalStrategy : null) : memory.Original is { } original ? StrategyValues.ToJson(original).ToJsonString() : null,
            Message = state.Concern is { } concern ? Conditions.Cut(concern.Message, 1024) : null,
        };
    }

    private static List<GateStatus> GatesOf(IEnumerable<GateReport> reports) => [.. reports
        .GroupBy(report => report.Gate, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => GateStatuses.Of(Worst(group)) with { Observed = null, ConsecutiveSuccesses = null, LastProbeTime = null })];

    private static GateReport Worst(IEnumerable<GateReport> reports) => reports.MinBy(report => report.Verdict switch
    {
        GateVerdict.Misconfigured => 0,
        GateVerdict.Unknown => 1,
        GateVerdict.Deny => 2,
        GateVerdict.Allow => 3,
    })!;

    /// <summary>
    /// Tells whether what gates said at rest may go on being said although none was asked in this pass: while a rollout is under way, which asks them itself,
    /// and over the short waits around one, after which they are asked again. A set that is kept from rolling is not asked about, perhaps for days.
    /// </summary>
    private static bool MayStand(V1Alpha1RolloutPolicy policy, PolicyReading reading, ImmutableArray<TargetState> states) => reading.Problems.IsEmpty && states.Any(state =>
        state.Active is not null || state.IsStarting
        || state.Observation?.Snapshot.Set.HeldBy.StartsWith($"{policy.Metadata.Uid}/", StringComparison.Ordinal) is true
        || (state.Observation is not null && (state.Concern is not { } concern || concern.Reason == ReasonCodes.NotObserved || concern.Reason == ReasonCodes.Adopting)));

    /// <param name="before">What was said before, as long as it may stand; null when it may not.</param>
    private static string? GatesSummary(PolicyReading reading, List<GateReport> reports, GatesMode gates, string? before)
    {
        if (reading.Policy.Gates.IsEmpty)
        {
            return null;
        }

        var passing = reports.GroupBy(report => report.Gate, StringComparer.Ordinal).Count(group => Worst(group).Verdict is GateVerdict.Allow);
        var asked = AskedAtRest(reading);
        var all = string.Create(CultureInfo.InvariantCulture, $"/{asked}");
        return gates is GatesMode.Off ? "off" : asked == 0 ? null
            : reports.Count == 0 ? (before?.EndsWith(all, StringComparison.Ordinal) is true ? before : null)
            : string.Create(CultureInfo.InvariantCulture, $"{passing}{all}");
    }

    private static IReadOnlyList<ConditionStatus> ConditionsOf(
        V1Alpha1RolloutPolicy policy, PolicyReading reading, ImmutableArray<TargetState> states, List<GateReport> reports, GatesMode gates, bool stands, DateTimeOffset now)
    {
        var concern = ConcernOf(reading, states, reports);
        var inProgress = concern?.Reason == ReasonCodes.RolloutInProgress || concern?.Reason == ReasonCodes.Adopting || concern?.Reason == ReasonCodes.AdoptionWaits || concern?.Reason == ReasonCodes.LettingGo;
        var isStalled = concern is { } why && ReasonCodes.Stalls(why.Reason);
        var missing = states.Where(state => state.Target.Set is null).Select(state => state.Target.Name).ToList();
        var isFound = states.Length > 0 && missing.Count == 0;
        var isSuspended = policy.Spec.Suspend is true;
        var (usable, gateReason, gateMessage) = GatesCondition(policy, reading, reports, gates, stands);
        return new Conditions(policy.Status.Conditions, policy.Metadata.Generation ?? 0, now)
            .Set("Ready", concern is null, concern?.Reason ?? ReasonCodes.UpToDate, concern?.Message ?? $"{states.Length} of {states.Length} targets are up to date and held")
            .Set("Reconciling", inProgress, concern?.Reason ?? ReasonCodes.UpToDate, inProgress ? concern!.Value.Message : "")
            .Set("Stalled", isStalled, isStalled ? concern!.Value.Reason : ReasonCodes.NotStalled, isStalled ? concern!.Value.Message : "")
            .Set("TargetsFound", isFound, isFound ? ReasonCodes.AllFound : ReasonCodes.TargetsMissing, isFound ? $"{states.Length} of {states.Length}" : MissingMessage(policy, missing))
            .Set("GatesUsable", usable, gateReason, gateMessage)
            .Set("Suspended", isSuspended, isSuspended ? ReasonCodes.PolicySuspended : ReasonCodes.NotSuspended, "")
            .All;
    }

    /// <summary>Returns what keeps the policy from being Ready: the spec first, then the first target that is not as it should be, then the gates.</summary>
    private static (ReasonCode Reason, string Message)? ConcernOf(PolicyReading reading, ImmutableArray<TargetState> states, List<GateReport> reports)
    {
        if (!reading.Problems.IsEmpty)
        {
            var rest = reading.Problems.Length > 1 ? $" (and {reading.Problems.Length - 1} more)" : "";
            return (reading.Problems[0].Reason, reading.Problems[0].Message + rest);
        }

        if (states.IsEmpty)
        {
            return (ReasonCodes.TargetsMissing, "spec.targets selects no StatefulSet");
        }

        var concerns = states.Where(state => state.Concern is not null).Select(state => state.Concern!.Value).ToList();
        if (concerns.Count > 0)
        {
            // What needs a person first; a rollout under way on one target must not hide a conflict on another.
            return concerns.OrderByDescending(each => each.Reason.NeedsHuman).ThenByDescending(each => ReasonCodes.Stalls(each.Reason)).First();
        }

        return reports.Find(report => report.Verdict is GateVerdict.Misconfigured) is { } misconfigured
            ? (ReasonCodes.GatesUnusable, $"gate {misconfigured.Gate}: {misconfigured.Message}")
            : null;
    }

    private static (bool? Usable, ReasonCode Reason, string Message) GatesCondition(
        V1Alpha1RolloutPolicy policy, PolicyReading reading, List<GateReport> reports, GatesMode gates, bool stands)
    {
        if (gates is GatesMode.Off)
        {
            return (false, ReasonCodes.GatesOff, "the operator runs with --gates off: nothing is asked of the workload");
        }

        if (reading.Policy.Gates.IsEmpty)
        {
            return (true, ReasonCodes.NoGates, "");
        }

        if (reports.Find(report => report.Verdict is GateVerdict.Misconfigured) is { } misconfigured)
        {
            return (false, ReasonCodes.GatesUnusable, $"gate {misconfigured.Gate}: {misconfigured.Reason}: {misconfigured.Message}");
        }

        if (reports.Find(report => report.Verdict is GateVerdict.Unknown) is { } unknown)
        {
            return (false, ReasonCodes.GatesUnreachable, $"gate {unknown.Gate}: {unknown.Reason}: {unknown.Message}");
        }

        var asked = AskedAtRest(reading);
        if (stands && reports.Count == 0 && asked > 0 && Conditions.Find(policy.Status.Conditions, "GatesUsable") is { } before
            && before.Reason == ReasonCodes.GatesProbed.Code && before.ObservedGeneration == policy.Metadata.Generation)
        {
            // While a rollout is under way it asks them, and says what they say; that they answered at rest stays said.
            return (true, ReasonCodes.GatesProbed, before.Message);
        }

        return asked == 0 ? (null, ReasonCodes.GatesNotProbed, "no gate is asked at rest: all of them run after pods or rollouts only")
            : reports.Count == 0 ? (null, ReasonCodes.GatesNotProbed, stands ? "" : "gates are not asked now; condition Ready says why")
            : (true, ReasonCodes.GatesProbed, $"{asked} of {asked} gates answered");
    }

    private static int AskedAtRest(PolicyReading reading) => reading.Policy.Gates.Count(gate => RestProbe.PhaseOf(gate) is not null);

    private static string MissingMessage(V1Alpha1RolloutPolicy policy, List<string> missing) => missing.Count == 0
        ? "spec.targets selects no StatefulSet"
        : $"StatefulSet {policy.Metadata.NamespaceProperty}/{string.Join(", ", missing)} does not exist; create it, or correct spec.targets";
}
