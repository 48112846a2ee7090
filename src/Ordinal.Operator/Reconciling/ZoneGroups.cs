using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;

namespace Ordinal.Operator.Reconciling;

/// <summary>Gathers the StatefulSets of one policy as the planner of zones sees them. It sends no request.</summary>
public sealed class ZoneGroups(PolicyTargets targets, Observer observer, RolloutBirths births, RestProbe probe, TimeProvider timeProvider)
{
    /// <summary>Tells why a StatefulSet waits for the others of its policy; null when it does not.</summary>
    public ZoneHold? HoldOf(V1Alpha1RolloutPolicy policy, PolicyReading reading, string target)
    {
        if (reading.ZoneStrategy is ZoneStrategy.Parallel || policy.Spec.Targets.StatefulSets is { Count: < 2 })
        {
            return null;
        }

        var all = targets.Of(policy);

        ImmutableArray<ZoneMember> group = [.. all.Where(each => each is { Set: not null, Contender: null }).Select(each => MemberOf(policy, reading, each))];
        return ZonePlanner.HoldOf(target, group, reading.ZoneStrategy, reading.ZoneSoak, Clock.Now(timeProvider));
    }

    /// <summary>Names a target's zone: as listed, by the label of the StatefulSet, or the set itself.</summary>
    public static string ZoneOf(V1Alpha1RolloutPolicy policy, PolicyTarget target) =>
        (policy.Spec.Targets.StatefulSets ?? []).FirstOrDefault(each => each.Name == target.Name)?.Zone
        ?? (policy.Spec.Targets.ZoneLabel is { } label && target.Set?.Labels.GetValueOrDefault(label) is { Length: > 0 } zone ? zone : target.Name);

    private ZoneMember MemberOf(V1Alpha1RolloutPolicy policy, PolicyReading reading, PolicyTarget target)
    {
        var observation = observer.Observe(target.Set!.Key)!;
        var set = observation.Snapshot.Set;
        return new ZoneMember(target.Name, ZoneOf(policy, target), WorkOf(policy, target, observation))
        {
            Away = Away(observation.Snapshot, births.ActiveOf(policy, target.Name)),
            HasLeader = probe.Known(set.Uid).Any(report => report.Roles.ContainsValue(MemberRole.Leader)),
            EndedAt = births.LastCompletionOf(policy, target.Name),
            Problem = NeedsOnDelete(reading.Policy) && !set.StrategyTypeDeclaredBy.IsEmpty && (set.OriginalStrategy ?? set.Strategy).Type is UpdateStrategyType.RollingUpdate
                ? $"{string.Join(", ", set.StrategyTypeDeclaredBy)} declares spec.updateStrategy.type, so it cannot be rolled; remove updateStrategy from that manifest"
                : "",
        };
    }

    private ZoneWork WorkOf(V1Alpha1RolloutPolicy policy, PolicyTarget target, Observation observation)
    {
        if (births.ActiveOf(policy, target.Name) is { Count: > 0 } active)
        {
            // One that has done nothing yet, a request's above all, may still wait for its zone's turn.
            return active.All(rollout => rollout.Spec.Suspend is true) ? ZoneWork.Paused
                : active.Any(rollout => RolloutEnds.HasBegun(rollout, target.Name, observation.Snapshot.Set.HeldBy)) ? ZoneWork.Rolls
                : ZoneWork.Waits;
        }

        if (HoldPlanner.DriftOf(observation.Snapshot) is not { } drift || observer.SayTheSame(observation, drift.From, drift.To))
        {
            return ZoneWork.None;
        }

        var isRejected = births.LastOf(policy, target.Name, drift.To) is { } last && !RolloutEnds.HasSucceeded(last, target.Name) && !RolloutEnds.WasOvertaken(last, target.Name);
        return isRejected || policy.Spec.Suspend is true || policy.Spec.Trigger is "Manual" ? ZoneWork.Paused : ZoneWork.Waits;
    }

    /// <summary>The pods that are not ready, and those in flight, which count as away until they are proven to be back: an eviction may be on its way to one that still stands.</summary>
    private static ImmutableArray<string> Away(WorkloadSnapshot snapshot, IEnumerable<V1Alpha1StatefulSetRollout> active)
    {
        var set = snapshot.Set;
        var ready = snapshot.Pods.Where(pod => pod.IsReady && !pod.IsTerminating).Select(pod => pod.Ordinal).ToHashSet();
        var inFlight = active.SelectMany(rollout => rollout.Status.InFlight ?? []).Where(pod => pod.Target == set.Name).Select(pod => pod.Pod).ToHashSet(StringComparer.Ordinal);
        var away = ImmutableArray.CreateBuilder<string>();
        for (var ordinal = set.Ordinals.First; ordinal < set.Ordinals.End; ordinal++)
        {
            if (!ready.Contains(ordinal) || inFlight.Contains(set.PodName(ordinal)))
            {
                away.Add(set.PodName(ordinal));
            }
        }

        return away.ToImmutable();
    }

    private static bool NeedsOnDelete(UpdatePolicy policy) => policy.Driver is UpdateDriver.OnDelete
        || (policy.Driver is UpdateDriver.Auto && (policy.Order is not PodOrderKind.OrdinalDescending || policy.MaxUnavailable.IsPercent || policy.MaxUnavailable.Number > 1));
}
