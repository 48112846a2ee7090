using Ordinal.Core.Reasons;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>What is told of a policy's targets whose pass the API server cut short.</summary>
internal sealed class FailedPasses(PolicyParts parts, TimeProvider timeProvider)
{
    private static readonly ResourceKind Kind = ResourceKind.Of<V1Alpha1RolloutPolicy>();

    private readonly LastingFailures failures = new(timeProvider);

    /// <summary>Notes that a target had its pass.</summary>
    public void Forget(V1Alpha1RolloutPolicy policy, PolicyTarget target) => failures.Remove(policy.Metadata.Uid, target.Name);

    /// <summary>Says how a target is whose pass failed. Nothing is told of it yet, until that has lasted for a while or needs a person.</summary>
    public TargetState StateAfter(V1Alpha1RolloutPolicy policy, PolicyTarget target, ApiException error)
    {
        var isRefused = error.Class is ApiErrorClass.Terminal;
        var words = isRefused ? error.Message : failures.Add(policy.Metadata.Uid, target.Name, error);
        var state = new TargetState
        {
            Target = target,
            Observation = target.Set is null ? null : parts.Observer.Observe(target.Set.Key),
            Active = parts.Births.ActiveOf(policy, target.Name) is { Count: > 0 } active ? active[0] : null,
            Rejected = policy.Status.Targets?.FirstOrDefault(each => each.Name == target.Name)?.RejectedRevision,
            IsUntold = words is null,
        };
        if (words is null)
        {
            return state;
        }

        var (reason, message) = (isRefused ? ReasonCodes.ActionRefused : ReasonCodes.ServerFails, $"{policy.Metadata.NamespaceProperty}/{target.Name}: {words}");
        parts.Announcer.AnnounceOnce(EventTarget.Of(Kind, policy), isWarning: true, reason, "Holding", message);
        return state with { Concern = (reason, message) };
    }
}
