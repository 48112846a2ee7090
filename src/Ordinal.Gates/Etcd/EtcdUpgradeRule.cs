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
            return null;
        }

        var versions = view.Seats.Select(s => (Seat: s, Version: EtcdVersion.Parse(s.Seen?.Status?.Version ?? ""))).ToList();
        if (versions.Find(v => v.Version is null && !stopping.Contains(v.Seat)) is { Seat: { } unknown })
        {
            return Say(input, GateVerdict.Unknown, ReasonCodes.EtcdMemberSilent, $"the version of {unknown.Name} is not known, so nobody can say whether {options.TargetVersion} may come");
        }

        // The cluster's own version is that of its oldest member: that is what it can be gone from, up or down.
        var oldest = versions.Where(v => v.Version is not null).MinBy(v => v.Version);
        if (oldest.Version is not { } cluster)
        {
            return null;
        }

        var begun = view.LeaderStatus.DowngradeTarget;
        if (target.Major != cluster.Major || target.Minor > cluster.Minor + 1)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, $"targetVersion {target} skips a minor version: {oldest.Seat.Name} runs {cluster}");
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

        return (target.Major, target.Minor) == (3, 6) && cluster.Minor == 5 && versions.Where(v => v.Version?.Minor == 5).MinBy(v => v.Version) is { Version: { } least } old && least < LeastBefore36
            ? Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionTooOld, $"{old.Seat.Name} runs {least}; {target} may only follow {LeastBefore36} or newer")
            : null;
    }

    /// <summary>
    /// Compares the checksums. A member that compacted meanwhile summed up other revisions: that says nothing, and is asked again. Across minor
    /// versions the sums are not defined to be the same.
    /// </summary>
    private static GateAnswer? OnHashes(GateInput input, EtcdClusterView view, EtcdGateOptions options)
    {
        if (!options.CompareHashes || input.Question.Phase is not (GatePhase.BeforeRollout or GatePhase.AfterRollout))
        {
            return null;
        }

        if (view.Seats.Select(s => EtcdVersion.Parse(s.Seen?.Status?.Version ?? "")).Where(v => v is not null).Select(v => (v!.Value.Major, v.Value.Minor)).Distinct().Count() > 1)
        {
            return Say(input, GateVerdict.Deny, ReasonCodes.EtcdVersionSkew, "members run different minor versions, so their keys cannot be compared; finish the upgrade first");
        }

        if (view.Seats.FirstOrDefault(s => s.Seen?.Hash is null) is { } silent)
        {
            return Say(input, GateVerdict.Unknown, ReasonCodes.EtcdHashUnknown, $"{silent.Name} gave no checksum of its keys: {silent.Seen?.HashFailure?.Text ?? "it was not asked"}");
        }

        var groups = view.Seats.GroupBy(s => s.Seen!.Hash!.CompactRevision).ToList();
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
