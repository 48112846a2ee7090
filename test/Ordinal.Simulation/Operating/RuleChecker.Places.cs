using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Simulation.Operating;

/// <summary>What is judged of the place and the moment at which a pod is taken.</summary>
internal sealed partial class RuleChecker
{
    /// <summary>Rule 1, for a pod that serves: with it, no more are away than may be.</summary>
    private string? BudgetOf(SetTruth set, long ordinal)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!set.Pods[ordinal].IsAvailable(now, set.Plan.MinReady))
        {
            return null;
        }

        (int ours, int natural) = set.Away(ordinal, now, MayNotKnow);
        int most = set.MostAway(now, MayNotKnow);
        return ours + natural + 1 > most
            ? $"rule 1: {set.Plan.Name}-{ordinal} is taken while {ours} are away by the operator and {natural} for other causes; at most {most} may be"
            : null;
    }

    /// <summary>A step's pause is not gone past before it is over or approved, by the judge's own clock.</summary>
    private string? StepOf(SetTruth set, long ordinal)
    {
        if (set.Plan.Steps.Count == 0 || (set.EffectivePartition > ordinal && set.EffectivePartition != long.MaxValue))
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (!set.Pods[ordinal].IsAvailable(now, set.Plan.MinReady))
        {
            return null;
        }

        JsonElement rollout = HolderOf(set);
        if (TargetOf(rollout, set).At("revert").ValueKind is JsonValueKind.Object)
        {
            return null;
        }

        long approved = rollout.NumberAt("spec", "approvedStep") ?? 0;

        // A pod that was lost by itself just now may have stood at the old revision when this was decided.
        int stale = set.Pods.Count(pod => pod.Key < set.Replicas && pod.Key != ordinal
            && (pod.Value.TakenUid.Length == 0 || (pod.Value.Uid.Length > 0 && pod.Value.Uid != pod.Value.TakenUid))
            && ((pod.Value.Uid.Length > 0 && !pod.Value.IsTerminating && pod.Value.Revision != set.UpdateRevision)
                || (!pod.Value.IsAvailable(now, set.Plan.MinReady) && now - pod.Value.AwaySince <= MayNotKnow)));
        for (int step = 0; step < set.Plan.Steps.Count; step++)
        {
            (string pods, int pause) = set.Plan.Steps[step];
            int wanted = Math.Min(set.Replicas, SetPlan.PodsOf(pods, set.Replicas));
            bool isOver = pause == 0 || approved > step
                || (pause > 0 && set.ReadyAtUpdateSince(wanted) is { } since && now - since >= TimeSpan.FromSeconds(pause));

            // A set that was scaled just now may have had other percentages when this was decided.
            if (!isOver && now - set.Before.Until > MayNotKnow)
            {
                return set.Replicas - stale > wanted ? $"{set.Plan.Name}-{ordinal} is taken as number {set.Replicas - stale}, and step {step + 1} stops at {wanted}" : null;
            }
        }

        return null;
    }

    /// <summary>Of a group, each set a zone of its own, no pod that serves is taken while a pod of another zone is not ready, but to go back.</summary>
    private string? ZoneOf(SetTruth set, long ordinal)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (set.Plan.Group.Count == 0 || !set.Pods[ordinal].IsAvailable(now, set.Plan.MinReady) || TargetOf(HolderOf(set), set).At("revert").ValueKind is JsonValueKind.Object)
        {
            return null;
        }

        foreach (SetTruth other in set.Plan.Group.Where(name => name != set.Plan.Name).Select(name => truth.Find(name)!))
        {
            foreach ((long which, PodTruth pod) in other.Pods.Where(each => each.Key < other.Replicas))
            {
                if ((pod.Uid.Length == 0 || pod.IsTerminating || pod.ReadySince is null) && now - pod.AwaySince > MayNotKnow && now - other.Before.Until > MayNotKnow)
                {
                    return $"{set.Plan.Name}-{ordinal} is taken while {other.Plan.Name}-{which} of another zone is away";
                }
            }
        }

        return null;
    }

    /// <summary>No pod that serves is taken outside a window, but to go back; a decision may be a little older than the request.</summary>
    private string? WindowOf(SetTruth set, long ordinal)
    {
        DateTimeOffset now = time.GetUtcNow();
        return set.Plan.Windows.Count == 0 || set.Plan.IsWindowOpen(now) || set.Plan.IsWindowOpen(now - DecisionAge)
            || !set.Pods[ordinal].IsAvailable(now, set.Plan.MinReady)
            || TargetOf(HolderOf(set), set).At("revert").ValueKind is JsonValueKind.Object
            ? null
            : $"{set.Plan.Name}-{ordinal} is taken outside a maintenance window";
    }

    /// <summary>Rule 2. Only who named this very incarnation may go past it.</summary>
    private string? GateOf(SetTruth set, string process, string uid, DateTimeOffset sentAt) =>
        set.Forced.Contains(uid) ? null : set.Plan.Ensemble?.WhyNot(process, uid, set.Plan.SuccessThreshold, sentAt, DecisionAge) is { } why
            ? $"rule 2: a pod of {set.Plan.Name} ({uid}) is taken, but its gate was not open: {why}"
            : null;
}
