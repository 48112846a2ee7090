using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// What becomes of the StatefulSets of one request that had ended well when the request as a whole did not. Their new revision is the current one, so their pods
/// cannot simply be taken back. Under <c>cancel: Revert</c> they go back by a rollout of type Rollback that the operator makes, if the template that stands there
/// is the one that the request wrote; else they stay, and the message says why and how to take them back.
/// </summary>
/// <remarks>
/// Which of them go back is written into the status together with the end; the rollout is made before the finalizer goes, under a name that follows from the
/// request. So a crash in between makes neither two nor none. Time may pass in between: each StatefulSet is read from the server and judged again right before
/// the rollout is made, and once more before a template is written (<see cref="ExpectedRevisions"/>): a Rollback writes the whole template, and a newer one is the user's (rule 7).
/// </remarks>
[EntityRbac(typeof(V1Alpha1StatefulSetRollout), Verbs = RbacVerb.Create)]
public sealed class GroupReverts(IKubernetesApi api, OperatorStores stores, Announcer announcer)
{
    /// <summary>Most StatefulSets that a message names.</summary>
    private const int MostNamed = 5;

    private const string Changed = "it was changed since";

    private static readonly ResourceKind Kind = ResourceKind.Of<V1Alpha1StatefulSetRollout>();
    private static readonly ResourceKind SetKind = ResourceKind.Of<V1StatefulSet>();

    /// <summary>Completes a status that says for the first time that the request has ended.</summary>
    public StatefulSetRolloutStatus AtEnd(V1Alpha1StatefulSetRollout rollout, StatefulSetRolloutStatus status, DateTimeOffset now)
    {
        if (rollout.Status.CompletionTime is not null || RolloutGroup.EndOf(RolloutEnds.MembersOf(status)) is not { State: RolloutState.Failed or RolloutState.RolledBack or RolloutState.Cancelled })
        {
            return status;
        }

        var ns = rollout.Metadata.NamespaceProperty;
        var name = NameOf(rollout);
        var isAsked = rollout.Spec.Cancel == "Revert" && rollout.Metadata.DeletionTimestamp is null;
        var (back, words) = Judge(
            rollout,
            status,
            isAsked ? name : null,
            target => stores.Sets.Items.Find(new NamespacedName(ns, target)),
            revision => stores.Revisions.Items.Find(new NamespacedName(ns, revision)) is not null);
        if (words.Length == 0)
        {
            return status;
        }

        var marked = status with { Targets = [.. status.Targets!.Select(each => back.Contains(each.Name) ? each with { RevertedBy = name } : each)] };
        return GroupStatuses.Sum(rollout, marked, now, words);
    }

    /// <summary>
    /// Makes the rollout that takes back what an ended request left, if its status says that there is one. What was changed since the end is left out of it. What
    /// will not be made (no policy any more, or refused for good) is told in an event with the command that does the same, and keeps nobody waiting.
    /// </summary>
    /// <exception cref="ApiException">The server did not answer, or not for good; the next pass tries again.</exception>
    public async Task CreateAsync(V1Alpha1StatefulSetRollout rollout, CancellationToken cancellationToken)
    {
        var back = (rollout.Status.Targets ?? []).Where(each => each.RevertedBy is not null).ToList();
        var ns = rollout.Metadata.NamespaceProperty;

        // Once it is made it writes the templates itself: what it has changed must not be taken for somebody else's change.
        if (back.Count == 0 || await api.TryGetAsync<V1Alpha1StatefulSetRollout>(new NamespacedName(ns, NameOf(rollout)), cancellationToken) is not null)
        {
            return;
        }

        back = await StillAsync(rollout, back, cancellationToken);
        if (back.Count == 0)
        {
            return;
        }

        if (stores.Policies.Items.Find(new NamespacedName(ns, rollout.Spec.PolicyRef.Name)) is not { Metadata.DeletionTimestamp: null } policy)
        {
            TellNotMade(rollout, back, ReasonCodes.PolicyMissing, $"policy {rollout.Spec.PolicyRef.Name} is gone; create it again first");
            return;
        }

        try
        {
            await api.CreateAsync(Build(rollout, policy, back), cancellationToken);
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.AlreadyExists)
        {
            // Made by a request whose answer was lost.
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Terminal)
        {
            TellNotMade(rollout, back, ReasonCodes.ActionRefused, error.Message);
        }
    }

    /// <summary>Says which StatefulSets go back, and tells of all that had ended well.</summary>
    /// <param name="rollout">The request.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="by">Name of the rollout that takes back; null when that was not asked for.</param>
    /// <param name="find">Finds a StatefulSet.</param>
    /// <param name="hasRevision">Tells whether a ControllerRevision is there.</param>
    internal static (ImmutableArray<string> Back, string Words) Judge(
        V1Alpha1StatefulSetRollout rollout, StatefulSetRolloutStatus status, string? by, Func<string, StatefulSetItem?> find, Func<string, bool> hasRevision)
    {
        var back = ImmutableArray.CreateBuilder<string>();
        var stay = new List<(RolloutTargetStatus Target, string Why)>();
        foreach (var target in status.Targets!.Where(each => each.State == nameof(RolloutState.Completed)))
        {
            var why = WhyNot(rollout, target, find(target.Name), hasRevision);
            if (why is null && by is not null)
            {
                back.Add(target.Name);
            }
            else
            {
                stay.Add((target, why ?? ""));
            }
        }

        var words = back.Count == 0 ? "" : $" {Some(back.ToImmutable())} had ended and {(back.Count == 1 ? "goes" : "go")} back by rollout {by}.";
        foreach (var (target, why) in stay.Take(MostNamed))
        {
            var reason = why.Length == 0 || (by is null && why != Changed) ? "" : $" ({why})";
            words += $" {target.Name} had ended and stays at {target.ToRevision}{reason}.";
        }

        words += stay.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" {stay.Count - MostNamed} more stay.") : "";

        // The command writes whole templates too: it is offered for nothing that is somebody's newer word.
        return (back.ToImmutable(), words + WayBack(rollout, stay.Where(each => each.Why != Changed && IsThere(each.Target, hasRevision)).Select(each => each.Target)));
    }

    /// <summary>Says with which command StatefulSets are taken back by hand; empty for none.</summary>
    private static string WayBack(V1Alpha1StatefulSetRollout rollout, IEnumerable<RolloutTargetStatus> targets)
    {
        var named = targets.Take(MostNamed).ToList();
        return named.Count == 0
            ? ""
            : $" To take {(named.Count == 1 ? "it" : "them")} back: ordinal start rollback {rollout.Spec.PolicyRef.Name} -n {rollout.Metadata.NamespaceProperty} --targets {string.Join(',', named.Select(each => each.Name))}"
                + string.Concat(named.Select(each => $" --to-revision {each.Name}={each.FromRevision}"));
    }

    /// <summary>Judges again, by what the server has now, what was to go back; tells of what does not any more.</summary>
    private async Task<List<RolloutTargetStatus>> StillAsync(V1Alpha1StatefulSetRollout rollout, List<RolloutTargetStatus> back, CancellationToken cancellationToken)
    {
        var ns = rollout.Metadata.NamespaceProperty;
        List<RolloutTargetStatus> still = [];
        foreach (var target in back)
        {
            var set = await ReadAsync(new NamespacedName(ns, target.Name), cancellationToken);
            if (WhyNot(rollout, target, set, revision => stores.Revisions.Items.Find(new NamespacedName(ns, revision)) is not null) is not { } why)
            {
                still.Add(target);
                continue;
            }

            announcer.AnnounceOnce(
                EventTarget.Of(Kind, rollout),
                isWarning: true,
                why == Changed ? ReasonCodes.Superseded : ReasonCodes.RevisionUnknown,
                "Reverting",
                $"{target.Name} had ended and does not go back by rollout {target.RevertedBy} after all ({why}).");
        }

        return still;
    }

    private async Task<StatefulSetItem?> ReadAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        try
        {
            using var document = EntityJson.Parse(await api.GetRawAsync(SetKind, key, null, cancellationToken));
            return StatefulSetItem.Read(document.RootElement, new StringPool());
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    private void TellNotMade(V1Alpha1StatefulSetRollout rollout, List<RolloutTargetStatus> back, ReasonCode reason, string why) =>
        announcer.AnnounceOnce(
            EventTarget.Of(Kind, rollout),
            isWarning: true,
            reason,
            "Reverting",
            $"{Some([.. back.Select(each => each.Name)])} had ended and {(back.Count == 1 ? "stays" : "stay")}: rollout {NameOf(rollout)} is not made.{WayBack(rollout, back)} ({why})");

    private static string? WhyNot(V1Alpha1StatefulSetRollout rollout, RolloutTargetStatus target, StatefulSetItem? set, Func<string, bool> hasRevision) =>
        !IsUntouched(target, set) ? Changed
        : rollout.Spec.Type == "Restart" ? "it was only restarted"
        : !RequestPreparation.WritesTemplate(rollout) ? "its template is not this request's"
        : !IsThere(target, hasRevision) ? $"its revision {target.FromRevision} is kept no more"
        : null;

    /// <summary>
    /// Tells whether a set is as the request left it. A rollout ends when its last write is observed; what is not observed came later, and the revision that the
    /// status names is not that of the template.
    /// </summary>
    private static bool IsUntouched(RolloutTargetStatus target, StatefulSetItem? set) =>
        set is { IsTerminating: false, Snapshot.IsObserved: true } && set.Uid == target.Uid && set.Snapshot.UpdateRevision == target.ToRevision;

    private static bool IsThere(RolloutTargetStatus target, Func<string, bool> hasRevision) =>
        target.FromRevision is { Length: > 0 } from && from != target.ToRevision && hasRevision(from);

    private static string Some(ImmutableArray<string> names) =>
        names.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(MostNamed))} and {names.Length - MostNamed} more") : string.Join(", ", names);

    private static string NameOf(V1Alpha1StatefulSetRollout rollout) => RolloutName.For(rollout.Spec.PolicyRef.Name, rollout.Metadata.Uid, "Revert", 0);

    /// <summary>
    /// The way back is like that of the ones that had not ended: it waits for gates and budget, and not for windows and approvals.
    /// </summary>
    private static V1Alpha1StatefulSetRollout Build(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy policy, List<RolloutTargetStatus> back) => new()
    {
        Metadata = MetadataOf(rollout, policy, back),
        Spec = new StatefulSetRolloutSpec
        {
            PolicyRef = new PolicyRefSpec { Name = policy.Metadata.Name },
            Type = "Rollback",
            Targets = [.. back.Select(each => each.Name)],
            Rollback = new RollbackRequestSpec { Revisions = [.. back.Select(each => new TargetRevisionSpec { Target = each.Name, Revision = each.FromRevision! })] },
            Reason = $"spec.cancel of rollout {rollout.Metadata.Name} is Revert, and these had ended",
            Overrides = new OverridesSpec { IgnoreWindows = true, Justification = $"spec.cancel of rollout {rollout.Metadata.Name} is Revert" },
            ApprovedStep = policy.Spec.Update?.Steps is { Count: > 0 } steps ? steps.Count : null,
            TtlSecondsAfterFinished = rollout.Spec.TtlSecondsAfterFinished,
        },
    };

    private static V1ObjectMeta MetadataOf(V1Alpha1StatefulSetRollout rollout, V1Alpha1RolloutPolicy policy, List<RolloutTargetStatus> back)
    {
        var metadata = RolloutMetadata.Of(policy, NameOf(rollout), "Rollback", follows: false);
        metadata.Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [OrdinalNames.RevertAnnotation] = rollout.Metadata.Name,
            [OrdinalNames.ExpectAnnotation] = ExpectedRevisions.Format(back),
        };
        return metadata;
    }
}
