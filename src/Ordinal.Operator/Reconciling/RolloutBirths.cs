using Ordinal.Core.Lifecycles;
using Ordinal.Core.Planning;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Makes a rollout when a template has drifted, and deletes old ones.</summary>
[EntityRbac(typeof(V1Alpha1StatefulSetRollout), Verbs = RbacVerb.Create | RbacVerb.Delete)]
public sealed class RolloutBirths(IKubernetesApi api, OperatorStores stores, WriteExpectations expectations)
{
    /// <summary>Gets the rollouts of a StatefulSet that are not over for it, the oldest first.</summary>
    public IReadOnlyList<V1Alpha1StatefulSetRollout> ActiveOf(V1Alpha1RolloutPolicy policy, string target) =>
        [.. OfPolicy(policy).Where(rollout => RolloutEnds.IsAbout(rollout, target) && !RolloutEnds.HasEnded(rollout, target))];

    /// <summary>Gets the last ended rollout of a StatefulSet to a revision; null when there is none.</summary>
    public V1Alpha1StatefulSetRollout? LastOf(V1Alpha1RolloutPolicy policy, string target, string revision) => OfPolicy(policy)
        .Where(rollout => RolloutEnds.IsAbout(rollout, target) && RolloutEnds.HasEnded(rollout, target) && RolloutEnds.RevisionOf(rollout, target) == revision)
        .MaxBy(rollout => RolloutEnds.EndedAt(rollout, target));

    /// <summary>Gets the last rollout of a policy that succeeded; null when there is none.</summary>
    public V1Alpha1StatefulSetRollout? LastSuccessOf(V1Alpha1RolloutPolicy policy) => OfPolicy(policy)
        .Where(rollout => rollout.Status.CompletionTime is not null && RolloutEnds.HasSucceeded(rollout))
        .MaxBy(rollout => rollout.Status.CompletionTime);

    /// <summary>Gets when the last rollout of a StatefulSet that moved pods to its end completed; null when none did.</summary>
    public DateTimeOffset? LastCompletionOf(V1Alpha1RolloutPolicy policy, string target) => OfPolicy(policy)
        .Where(rollout => RolloutEnds.IsAbout(rollout, target) && RolloutEnds.HasEnded(rollout, target) && RolloutEnds.ReasonOf(rollout, target) == nameof(RolloutState.Completed))
        .Max(rollout => RolloutEnds.EndedAt(rollout, target));

    /// <summary>
    /// Makes the rollout of a template change. Its name is derived from what it is about, so a crash after the call, and a second
    /// operator, meet the same object.
    /// </summary>
    /// <returns>Its name; and false when it is there already.</returns>
    public async Task<(string Name, bool IsNew)> CreateAsync(V1Alpha1RolloutPolicy policy, StatefulSetItem set, RevisionItem revision, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(set.Key.Namespace, RolloutName.For(policy.Metadata.Name, set.Uid, revision.Key.Name, revision.Number));
        var type = TypeOf(stores.Revisions.Items.Find(new NamespacedName(set.Key.Namespace, set.Snapshot.CurrentRevision)), revision);
        var rollout = new V1Alpha1StatefulSetRollout
        {
            Metadata = RolloutMetadata.Of(policy, key.Name, type, follows: true),
            Spec = new StatefulSetRolloutSpec
            {
                PolicyRef = new PolicyRefSpec { Name = policy.Metadata.Name },
                Type = type,
                Targets = [set.Key.Name],
                Update = type == "Update" ? new UpdateRequestSpec { Revisions = [new TargetRevisionSpec { Target = set.Key.Name, Revision = revision.Key.Name }] } : null,
                Rollback = type == "Rollback" ? new RollbackRequestSpec { Revisions = [new TargetRevisionSpec { Target = set.Key.Name, Revision = revision.Key.Name }] } : null,
                Reason = type switch
                {
                    "Restart" => $"StatefulSet {set.Key.Name} was restarted",
                    "Rollback" => $"the template of StatefulSet {set.Key.Name} went back to an earlier revision",
                    _ => $"the template of StatefulSet {set.Key.Name} changed",
                },
            },
        };
        if (type == "Restart")
        {
            rollout.Metadata.Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal) { [OrdinalNames.RevisionAnnotation] = revision.Key.Name };
        }

        var policyKey = ((IStoreItem)policy).Key;
        try
        {
            var made = await api.CreateAsync(rollout, cancellationToken);
            expectations.ExpectPresent(policyKey, stores.Rollouts.Informer, key, made.Metadata.Uid);
            return (key.Name, true);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.AlreadyExists)
        {
            return (key.Name, false);
        }
    }

    /// <summary>Deletes the ended rollouts that are more than the policy keeps, the oldest first.</summary>
    public async Task TidyAsync(V1Alpha1RolloutPolicy policy, CancellationToken cancellationToken)
    {
        var over = OfPolicy(policy)
            .Where(rollout => rollout.Status.CompletionTime is not null && rollout.Metadata.DeletionTimestamp is null)
            .OrderByDescending(rollout => rollout.Status.CompletionTime)
            .ThenBy(rollout => rollout.Metadata.Name, StringComparer.Ordinal)
            .ToLookup(RolloutEnds.HasSucceeded);
        var tooMany = over[true].Skip(policy.Spec.History?.Successful ?? 5).Concat(over[false].Skip(policy.Spec.History?.Failed ?? 10));
        foreach (var rollout in tooMany.ToList())
        {
            try
            {
                await api.DeleteAsync<V1Alpha1StatefulSetRollout>(((IStoreItem)rollout).Key, new Preconditions(rollout.Metadata.Uid, null), cancellationToken);
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound or ApiErrorKind.Conflict)
            {
                // Gone, or another one of this name by now.
            }
        }
    }

    /// <summary>
    /// Tells what somebody did to the template: <c>kubectl rollout restart</c> changes nothing but the mark; <c>kubectl rollout undo</c> brings a revision back that
    /// is older than the one that pods run, or, in mid-rollout, the current one itself.
    /// </summary>
    private static string TypeOf(RevisionItem? from, RevisionItem to) =>
        from is null ? "Update"
        : from.Key == to.Key || to.CreatedAt < from.CreatedAt ? "Rollback"
        : from.Meaning != to.Meaning && from.MeaningBesideRestart.Length > 0 && from.MeaningBesideRestart == to.MeaningBesideRestart ? "Restart"
        : "Update";

    private IEnumerable<V1Alpha1StatefulSetRollout> OfPolicy(V1Alpha1RolloutPolicy policy) => stores.RolloutsOf(((IStoreItem)policy).Key)
        .OrderBy(rollout => rollout.Metadata.CreationTimestamp ?? DateTime.MaxValue);
}
