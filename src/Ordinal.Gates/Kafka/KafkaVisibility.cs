using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Proves that no topic is hidden. Kafka leaves topics out of the list that the principal may not describe, so a gate with too few rights sees
/// a healthy, empty cluster. What brokers have on their disks is not filtered: every topic there must be listed, or be said to exist no more.
/// </summary>
internal static class KafkaVisibility
{
    private const int Describe = 1 << 8;
    private const int DescribeConfigs = 1 << 10;

    /// <summary>The metadata log is on the disks of KRaft nodes, and never in a list of topics.</summary>
    internal const string MetadataLog = "__cluster_metadata";

    internal static KafkaTrouble? Unproven(KafkaObservation observation, KafkaLiveness live)
    {
        if (observation.AuthorizedOperations is { } operations && (operations & (Describe | DescribeConfigs)) != (Describe | DescribeConfigs))
        {
            var lacks = (operations & Describe) == 0 ? "Describe" : "DescribeConfigs";
            return new(GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, $"the gate's principal lacks {lacks} on the cluster");
        }

        if (observation.AuthorizedOperations is null)
        {
            return new(GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, "no broker told what the gate's principal may do");
        }

        var hidden = observation.Unlisted.Where(t => KafkaError.IsAccess(t.Value)).Select(t => KafkaFailures.Clean(t.Key)).ToList();
        if (hidden.Count > 0)
        {
            return new(GateVerdict.Misconfigured, ReasonCodes.KafkaAccessDenied, $"the gate may not describe {hidden.Count} topics that exist: {string.Join(", ", hidden.Take(3))}{(hidden.Count > 3 ? "…" : "")}");
        }

        return OnDisks(observation, live);
    }

    /// <summary>Gets the topics on disks that no broker lists.</summary>
    internal static ImmutableSortedSet<string> Unlisted(IEnumerable<KafkaMemberObservation> members, IEnumerable<KafkaSnapshot> snapshots)
    {
        var listed = snapshots.SelectMany(s => s.Topics).Select(t => t.Name).Append(MetadataLog).ToHashSet(StringComparer.Ordinal);
        return members.SelectMany(m => m.LogDirs ?? []).SelectMany(d => d.Topics).Select(t => t.Name)
            .Where(name => !listed.Contains(name)).ToImmutableSortedSet(StringComparer.Ordinal);
    }

    private static KafkaTrouble? OnDisks(KafkaObservation observation, KafkaLiveness live)
    {
        // Every live target must prove itself; when none is, any broker's disks are better than nothing.
        var must = live.ListedTargets.Order().Select(id => observation.Members.FirstOrDefault(m => m.Id == id) ?? new KafkaMemberObservation { Id = id }).ToList();
        var dark = must.Count > 0
            ? must.FirstOrDefault(m => m.LogDirs is null)
            : observation.Members.Any(m => m.LogDirs is not null) ? null : observation.Members.FirstOrDefault(m => m.LogDirsFailure is not null) ?? observation.Members.FirstOrDefault();
        if (must.Count == 0 && observation.Members.IsEmpty)
        {
            return new(GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, "no broker told what is on its disks");
        }

        if (dark is not null)
        {
            return dark.LogDirsFailure is { Kind: KafkaFailureKind.AccessDenied } denied
                ? KafkaTrouble.Of(denied)
                : new(GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, $"broker {dark.Id} did not tell what is on its disks{(dark.LogDirsFailure is { } why ? $": {why.Text}" : "")}");
        }

        var unanswered = Unlisted(observation.Members, observation.Snapshots).Where(name => !observation.Unlisted.ContainsKey(name)).ToList();
        if (unanswered.Count > 0)
        {
            return new(
                GateVerdict.Unknown,
                ReasonCodes.KafkaVisibilityUnproven,
                $"{unanswered.Count} topics are on disks but in no list, e.g. {KafkaFailures.Clean(unanswered[0])}{(observation.UnlistedFailure is { } why ? $": {why.Text}" : "")}");
        }

        // What exists and answers by name but is in no list was made just now: the next look will have it.
        var fresh = observation.Unlisted.FirstOrDefault(t => t.Value != KafkaError.UnknownTopicOrPartition).Key;
        return fresh is null ? null : new(GateVerdict.Unknown, ReasonCodes.KafkaVisibilityUnproven, $"topic {KafkaFailures.Clean(fresh)} exists but was in no list");
    }
}
