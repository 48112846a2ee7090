using k8s.Models;
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
    /// <summary>Gets the rollouts of a StatefulSet that have not ended, the oldest first.</summary>
    public IReadOnlyList<V1Alpha1StatefulSetRollout> ActiveOf(V1Alpha1RolloutPolicy policy, string target) =>
        [.. OfPolicy(policy).Where(rollout => rollout.Status.CompletionTime is null && IsAbout(rollout, target))];

    /// <summary>Gets the last ended rollout of a StatefulSet to a revision; null when there is none.</summary>
    public V1Alpha1StatefulSetRollout? LastOf(V1Alpha1RolloutPolicy policy, string target, string revision) => OfPolicy(policy)
        .Where(rollout => rollout.Status.CompletionTime is not null && IsAbout(rollout, target) && RevisionOf(rollout) == revision)
        .MaxBy(rollout => rollout.Status.CompletionTime);

    /// <summary>Gets the last rollout of a policy that succeeded; null when there is none.</summary>
    public V1Alpha1StatefulSetRollout? LastSuccessOf(V1Alpha1RolloutPolicy policy) => OfPolicy(policy)
        .Where(rollout => rollout.Status.CompletionTime is not null && HasSucceeded(rollout))
        .MaxBy(rollout => rollout.Status.CompletionTime);

    /// <summary>Gets when the last rollout of a StatefulSet that moved pods to its end completed; null when none did.</summary>
    public DateTimeOffset? LastCompletionOf(V1Alpha1RolloutPolicy policy, string target) => OfPolicy(policy)
        .Where(rollout => rollout.Status.CompletionTime is not null && IsAbout(rollout, target) && Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Reason == nameof(RolloutState.Completed))
        .Max(rollout => rollout.Status.CompletionTime);

    /// <summary>Tells whether an ended rollout reached its target.</summary>
    public static bool HasSucceeded(V1Alpha1StatefulSetRollout rollout) => Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Status == "True";

    /// <summary>Tells whether an ended rollout was overtaken by a newer revision: that says nothing against its own.</summary>
    public static bool WasOvertaken(V1Alpha1StatefulSetRollout rollout) => Conditions.Find(rollout.Status.Conditions, "Succeeded")?.Reason == nameof(RolloutState.Superseded);

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
            Metadata = new V1ObjectMeta
            {
                Name = key.Name,
                NamespaceProperty = key.Namespace,
                Labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    [OrdinalNames.PolicyLabel] = policy.Metadata.Name,
                    [OrdinalNames.TypeLabel] = type,
                    [OrdinalNames.CreatedByLabel] = "operator",
                    [OrdinalNames.ManagedByLabel] = "ordinal",
                },
                Annotations = type == "Restart" ? new SortedDictionary<string, string>(StringComparer.Ordinal) { [OrdinalNames.RevisionAnnotation] = revision.Key.Name } : null,
                Finalizers = [OrdinalNames.SafeHaltFinalizer],
                OwnerReferences =
                [
                    new V1OwnerReference
                    {
                        ApiVersion = policy.ApiVersion,
                        Kind = policy.Kind,
                        Name = policy.Metadata.Name,
                        Uid = policy.Metadata.Uid,
                        Controller = true,
                        BlockOwnerDeletion = true,
                    },
                ],
            },
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
            .ToLookup(HasSucceeded);
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

    /// <summary>Returns the revision that a rollout goes, or went, to.</summary>
    private static string? RevisionOf(V1Alpha1StatefulSetRollout rollout) =>
        (rollout.Status.Targets is { Count: > 0 } targets ? targets[0].ToRevision : null)
        ?? RequestedRevisions.Of(rollout, rollout.Spec.Targets is { Count: > 0 } named ? named[0] : "");

    private static bool IsAbout(V1Alpha1StatefulSetRollout rollout, string target) =>
        RolloutMemories.TargetOf(rollout.Status) is { } known ? known == target : rollout.Spec.Targets is not { Count: > 0 } named || named.Contains(target);

    private IEnumerable<V1Alpha1StatefulSetRollout> OfPolicy(V1Alpha1RolloutPolicy policy) => stores.RolloutsOf(((IStoreItem)policy).Key)
        .OrderBy(rollout => rollout.Metadata.CreationTimestamp ?? DateTime.MaxValue);
}
