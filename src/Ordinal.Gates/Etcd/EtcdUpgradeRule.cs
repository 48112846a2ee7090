using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// What must hold before a version changes, as far as the policy asks for it: a version that etcd can go to (one minor up, or a downgrade that was
/// begun), members whose keys are the same, and a snapshot as the way back.
/// </summary>
internal static class EtcdUpgradeRule
{
    /// <summary>
    /// The first 3.5 from which 3.6 may be gone to: before, a promoted learner and a removed member could come back
    /// (CHANGELOG-3.5: 3.5.20 #19563, 3.5.24 #20797, 3.5.26 #20995).
    /// </summary>
    private static readonly EtcdVersion LeastBefore36 = new(3, 5, 26);

    internal static GateAnswer? Evaluate(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> stopping, EtcdObservation observation, EtcdGateOptions options) =>
        OnVersion(input, view, stopping, options)
        ?? OnHashes(input, view, options)
        ?? OnSnapshot(input, observation, options);

    private static GateAnswer? OnVersion(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> stopping, EtcdGateOptions options)
    {
        if (EtcdVersion.Parse(options.TargetVersion) is not { } target)
        {
            return OnImage(input, view, stopping, options);
        }

        if (Unread(input, view, stopping) is { } unknown)
        {
            return Say(input, GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, NotKnown(unknown, $"targetVersion {options.TargetVersion}"));
        }

        // The cluster's own version is that of its oldest member: that is what it can be gone from, up or down.
        if (Oldest(view, _ => true) is not { } oldest)
        {
            return null;
        }

        var cluster = oldest.Version;
        var begun = view.LeaderStatus.DowngradeTarget;
        if (target.Major != cluster.Major || target.Minor > cluster.Minor + 1)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, $"targetVersion {target} skips a minor version: {oldest.Name} runs {cluster}");
        }

        if (target.Minor < cluster.Minor)
        {
            return target.Minor == cluster.Minor - 1 && EtcdVersion.Parse(begun) is { } to && (to.Major, to.Minor) == (target.Major, target.Minor)
                ? null
                : Say(input, GateVerdict.Deny, ReasonCodes.EtcdDowngradeNotBegun, $"targetVersion {target} is older than the cluster, whose oldest member runs {cluster}{(begun.Length > 0 ? $"; a downgrade to {begun} was begun" : "")}");
        }

        if (begun.Length > 0)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdDowngradeActive, $"a downgrade to {begun} was begun, but targetVersion is {target}");
        }

        return TooOld(input, view, target);
    }

    /// <summary>
    /// Where the policy does not tell the version, the image's tag may, and then it is believed as far as it can do harm: one member that skips a minor
    /// version can take all others down for good (3.6 beside 3.4: they panic over what it writes into the log, and again at each start). An image that is
    /// older than the cluster is left to its own refusal.
    /// </summary>
    private static GateAnswer? OnImage(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> stopping, EtcdGateOptions options)
    {
        if (input.Question.Revision != input.Context.TemplateRevision || EtcdImage.Version(input.Context.TemplateContainers, input.Context.Name, options.Port) is not { } target)
        {
            return null;
        }

        if (Oldest(view, _ => true) is not { } oldest || target.Major != oldest.Version.Major)
        {
            return null;
        }

        if (target.Minor > oldest.Version.Minor + 1)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, $"the template's image is etcd {target}, which skips a minor version: {oldest.Name} runs {oldest.Version}");
        }

        // An upgrade, as far as is known: one that says nothing may be older still. A restart at the same version goes on with a member down.
        return target.Minor > oldest.Version.Minor && Unread(input, view, stopping) is { } unknown
            ? Say(input, GateVerdict.Unknown, ReasonCodes.EtcdVersionUnknown, NotKnown(unknown, $"the template's etcd {target}"))
            : TooOld(input, view, target);
    }

    /// <summary>
    /// Finds a member that stays and does not tell its version; null when there is none. A rollout may begin with one whose pod is down: it may be just
    /// what repairs it, and before each pod this is asked again.
    /// </summary>
    private static EtcdSeat? Unread(GateInput input, EtcdClusterView view, ImmutableArray<EtcdSeat> stopping) => view.Seats.FirstOrDefault(s =>
        EtcdVersion.Parse(s.Seen?.Status?.Version ?? "") is null && !stopping.Contains(s) && (input.Question.Phase is not GatePhase.BeforeRollout || s.Pod is not { IsReady: false }));

    private static string NotKnown(EtcdSeat seat, string target) =>
        $"{seat.Name} does not tell its version{(seat.Trouble is { } trouble ? $" ({trouble.Text})" : "")}, so nobody can say whether {target} may come";

    private static GateAnswer? TooOld(GateInput input, EtcdClusterView view, EtcdVersion target) =>
        (target.Major, target.Minor) == (3, 6) && Oldest(view, v => (v.Major, v.Minor) == (3, 5)) is { } old && old.Version < LeastBefore36
            ? Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionTooOld, $"{old.Name} runs {old.Version}; {target} may only follow {LeastBefore36} or newer")
            : null;

    /// <summary>Finds the member with the oldest of these versions; null when none is known.</summary>
    private static (string Name, EtcdVersion Version)? Oldest(EtcdClusterView view, Predicate<EtcdVersion> counts)
    {
        (string Name, EtcdVersion Version)? oldest = null;
        foreach (var seat in view.Seats)
        {
            if (EtcdVersion.Parse(seat.Seen?.Status?.Version ?? "") is { } version && counts(version) && (oldest is null || version < oldest.Value.Version))
            {
                oldest = (seat.Name, version);
            }
        }

        return oldest;
    }

    /// <summary>Says that not all keys are compared before this rollout; null when they are, or need not be.</summary>
    internal static string? Warning(GateInput input, EtcdClusterView view, EtcdGateOptions options) =>
        options.CompareHashes && input.Question.Phase is GatePhase.BeforeRollout && ByMinor(view).ToList() is { Count: > 1 } minors
            ? $"{ReasonCodes.EtcdHashUnknown.Code}: members run different minor versions, so keys were compared only among {string.Join(", and among ", minors.Select(m => string.Join(", ", m.Select(s => s.Name))))}"
            : null;

    /// <summary>
    /// Compares the checksums. A member that compacted meanwhile summed up other revisions: that says nothing, and is asked again. Across minor
    /// versions the sums are not defined to be the same: there each version is compared with its own before a rollout, since the one that ends such a
    /// state must be let begin; after a rollout it must be over.
    /// </summary>
    private static GateAnswer? OnHashes(GateInput input, EtcdClusterView view, EtcdGateOptions options)
    {
        if (!options.CompareHashes || input.Question.Phase is not (GatePhase.BeforeRollout or GatePhase.AfterRollout))
        {
            return null;
        }

        var minors = ByMinor(view).ToList();
        if (minors.Count(m => m.Key is not null) > 1 && input.Question.Phase is GatePhase.AfterRollout)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "members run different minor versions, so their keys cannot be compared; finish the upgrade first");
        }

        if (view.Seats.FirstOrDefault(s => s.Seen?.Hash is null) is { } silent)
        {
            return Say(input, GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, $"{silent.Name} gave no checksum of its keys: {silent.Seen?.HashFailure?.Text ?? "it was not asked"}");
        }

        var differences = minors.Select(m => Compare(input, m)).OfType<GateAnswer>().ToList();
        return differences.Find(a => a.Verdict is GateVerdict.Deny) ?? differences.FirstOrDefault();
    }

    private static IEnumerable<IGrouping<(int Major, int Minor)?, EtcdSeat>> ByMinor(EtcdClusterView view) =>
        view.Seats.GroupBy(s => EtcdVersion.Parse(s.Seen?.Status?.Version ?? "") is { } version ? (version.Major, version.Minor) : ((int, int)?)null);

    private static GateAnswer? Compare(GateInput input, IEnumerable<EtcdSeat> seats)
    {
        var groups = seats.GroupBy(s => s.Seen!.Hash!.CompactRevision).ToList();
        foreach (var group in groups)
        {
            if (group.DistinctBy(s => s.Seen!.Hash!.Hash).Count() > 1)
            {
                var sums = string.Join(", ", group.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Name} {s.Seen!.Hash!.Hash:x8}")));
                return Say(input, GateVerdict.Deny, ReasonCodes.EtcdHashMismatch, $"the members' keys are not the same: {sums}");
            }
        }

        return groups.Count == 1
            ? null
            : Say(input, GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, "members compacted between the checksums, so they cannot be compared");
    }

    private static GateAnswer? OnSnapshot(GateInput input, EtcdObservation observation, EtcdGateOptions options)
    {
        if (options.Snapshot is not { } policy || input.Question.Phase is not GatePhase.BeforePod || EtcdSnapshots.Serves(observation.Snapshot, input.Question.Revision, input.Now, policy))
        {
            return null;
        }

        return observation.Snapshot switch
        {
            { Phase: EtcdSnapshotPhase.Running } running =>
                Say(input, GateVerdict.Deny, ReasonCodes.EtcdSnapshotMissing, $"a snapshot from {running.Member} is coming in, {running.Bytes} bytes so far"),
            { Phase: EtcdSnapshotPhase.Failed } failed =>
                Say(input, GateVerdict.Deny, ReasonCodes.EtcdSnapshotFailed, $"the snapshot from {failed.Member} failed: {failed.Text}"),
            { Phase: EtcdSnapshotPhase.Verified } old =>
                Say(input, GateVerdict.Deny, ReasonCodes.EtcdSnapshotMissing, $"the last snapshot is of {old.At:yyyy-MM-ddTHH:mm:ssZ}, older than {policy.MaxAge.TotalMinutes:0} min"),
            _ => Say(input, GateVerdict.Deny, ReasonCodes.EtcdSnapshotMissing, "no snapshot has been taken yet"),
        };
    }

    private static GateAnswer Say(GateInput input, GateVerdict verdict, ReasonCode reason, string fact) => EtcdRule.Say(input, verdict, reason, fact);
}
