using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Collects what the rule needs: the bootstrap server tells who is there, two brokers (not those that shall stop, where there is a choice) tell
/// what they know of all partitions, every broker shows that it answers, and those that matter tell what is on their disks.
/// </summary>
internal sealed class KafkaObserver(KafkaGateOptions options, KafkaConnections connections, KafkaMetricsReader? metrics, TimeProvider time)
{
    /// <summary>How many brokers are tried for the two views of the cluster.</summary>
    private const int MaxResponders = 6;

    private readonly KafkaTopicConfigs configs = new(connections, time);
    private readonly Lock guard = new();
    private ImmutableHashSet<string> seenTopics = [];

    internal async Task<KafkaObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        var readingMetrics = ReadMetricsAsync(context, questions, cancellationToken);
        var (bootstrap, greeting, failures) = await BootstrapAsync(context, cancellationToken);
        if (bootstrap is null)
        {
            return new KafkaObservation { BootstrapFailures = failures, Metrics = await readingMetrics };
        }

        var describing = connections.AskAsync(bootstrap, DescribeCluster.Request, cancellationToken);
        var quorumAsked = connections.AskAsync(bootstrap, DescribeQuorum.Request, cancellationToken);
        var cluster = await describing;
        var firstQuorum = Quorum(bootstrap, await quorumAsked);
        var brokers = Brokers(greeting!, cluster.Value);
        var targets = KafkaNodes.IdsOf(context.Pods.Where(p => p.IsTerminating || questions.Any(q => q.Pods.Contains(p.Uid))), options);

        var reassigning = connections.AskAsync(bootstrap, ListPartitionReassignments.Request(connections.RequestTimeout), cancellationToken);
        var members = MembersAsync(brokers, targets, cancellationToken);
        var (snapshots, snapshotFailures) = await SnapshotsAsync(Responders(brokers, targets, firstQuorum.Quorum), cancellationToken);
        var secondQuorum = SecondQuorumAsync(context, firstQuorum, brokers, snapshots, cancellationToken);
        var (topics, configsFailure) = await configs.ReadAsync(
            snapshots.SelectMany(s => s.Topics).Select(t => t.Name).ToHashSet(StringComparer.Ordinal), [.. snapshots.Select(s => EndpointOf(brokers, s.Responder))], cancellationToken);
        snapshots = await WithEligibleAsync(snapshots, topics, brokers, cancellationToken);
        var known = await WithDisksAsync(await members, snapshots, brokers, cancellationToken);
        var (unlisted, unlistedFailure) = await UnlistedAsync(known, snapshots, brokers, cancellationToken);
        var reassignments = await reassigning;
        var (second, controllers) = await secondQuorum;
        return new KafkaObservation
        {
            IsKraft = firstQuorum.IsKraft,
            Brokers = brokers,
            AuthorizedOperations = cluster.Value switch
            {
                null => cluster.Failure!.Kind is KafkaFailureKind.AccessDenied ? 0 : null,
                { ErrorCode: KafkaError.None, AuthorizedOperations: not int.MinValue and var operations } => operations,
                { ErrorCode: var code } => KafkaError.IsAccess(code) ? 0 : null,
            },
            Snapshots = snapshots,
            SnapshotFailures = snapshotFailures,
            Configs = topics,
            ConfigsFailure = configsFailure,
            Reassignments = [.. reassignments.Value?.Reassignments ?? []],
            ReassignmentsFailure = reassignments.Value is { ErrorCode: not KafkaError.None and var error } ? Refused(bootstrap, "ListPartitionReassignments", error) : reassignments.Failure,
            Quorums = [.. new[] { firstQuorum.Quorum, second?.Quorum }.OfType<KafkaQuorum>()],
            QuorumFailure = firstQuorum.Failure ?? second?.Failure,
            Members = known,
            Controllers = controllers,
            Metrics = await readingMetrics,
            Unlisted = unlisted,
            UnlistedFailure = unlistedFailure,
        };
    }

    internal static KafkaFailure Refused(KafkaEndpoint where, string what, short code) =>
        new(KafkaError.IsAccess(code) ? KafkaFailureKind.AccessDenied : KafkaFailureKind.Refused, $"{where} refused {what}: {KafkaError.Name(code)}", code);

    private static KafkaEndpoint EndpointOf(ImmutableArray<KafkaBroker> brokers, int id)
    {
        var broker = brokers.First(b => b.Id == id);
        return new KafkaEndpoint(broker.Host, broker.Port);
    }

    /// <summary>Joins what the two lists say: Metadata leaves fenced brokers out, DescribeCluster marks them from Kafka 4.0 on.</summary>
    private static ImmutableArray<KafkaBroker> Brokers(Metadata metadata, DescribeCluster? cluster) =>
        [.. (cluster?.Brokers ?? []).Concat(metadata.Brokers).Where(b => b.Port is > 0 and < 65536 && b.Host.Length > 0).DistinctBy(b => b.Id).OrderBy(b => b.Id)];

    internal static QuorumReading Quorum(KafkaEndpoint where, KafkaResult<DescribeQuorum> result) => result switch
    {
        // Only KRaft brokers know this request at all.
        { Failure: { Kind: KafkaFailureKind.Unsupported } } => new(false, null, null),
        { Failure: { } failure } => new(true, null, failure),
        { Value: { ErrorCode: KafkaError.None, Quorum: { } quorum } } => new(true, quorum, null),
        { Value: var answer } => new(true, null, Refused(where, nameof(DescribeQuorum), answer!.ErrorCode)),
    };

    private async Task<(KafkaEndpoint? Bootstrap, Metadata? Metadata, ImmutableArray<KafkaFailure> Failures)> BootstrapAsync(GateContext context, CancellationToken cancellationToken)
    {
        var servers = KafkaGateFactory.Servers(options.BootstrapServers, context);
        var asking = servers.Select(async server => (Server: server, Answer: await connections.AskAsync(server, Metadata.NoTopics, cancellationToken))).ToList();
        var failures = new List<KafkaFailure>();
        while (asking.Count > 0)
        {
            var done = await Task.WhenAny(asking);
            asking.Remove(done);
            var (server, answer) = await done;
            if (answer.Value is { } metadata)
            {
                return (server, metadata, []);
            }

            failures.Add(answer.Failure!);
        }

        return (null, null, servers.IsEmpty ? [new KafkaFailure(KafkaFailureKind.Unreachable, "no pod has an address to ask at")] : [.. failures]);
    }

    /// <summary>Brokers in the order in which they are asked about the cluster: those that stay first, no one whose metadata is old.</summary>
    private List<KafkaBroker> Responders(ImmutableArray<KafkaBroker> brokers, HashSet<int> targets, KafkaQuorum? quorum)
    {
        var now = quorum?.Voters.FirstOrDefault(v => v.Id == quorum.LeaderId)?.LastCaughtUp ?? -1;
        var late = quorum is null || now < 0
            ? []
            : quorum.Observers.Concat(quorum.Voters)
                .Where(r => r.LastCaughtUp >= 0 && now - r.LastCaughtUp > options.MaxMetadataLag.TotalMilliseconds).Select(r => r.Id).ToHashSet();
        return [.. brokers.Where(b => !b.IsFenced && !late.Contains(b.Id)).OrderBy(b => targets.Contains(b.Id)).ThenBy(b => b.Id)];
    }

    private async Task<(ImmutableArray<KafkaSnapshot> Snapshots, ImmutableArray<KafkaFailure> Failures)> SnapshotsAsync(List<KafkaBroker> responders, CancellationToken cancellationToken)
    {
        var snapshots = ImmutableArray.CreateBuilder<KafkaSnapshot>();
        var failures = ImmutableArray.CreateBuilder<KafkaFailure>();
        for (var next = 0; snapshots.Count < 2 && next < Math.Min(responders.Count, MaxResponders);)
        {
            var asked = responders.Skip(next).Take(2 - snapshots.Count).ToList();
            next += asked.Count;
            foreach (var (broker, answer) in await Task.WhenAll(asked.Select(async b => (b, await connections.AskAsync(new KafkaEndpoint(b.Host, b.Port), Metadata.AllTopics, cancellationToken)))))
            {
                if (answer.Value is { } metadata)
                {
                    snapshots.Add(new KafkaSnapshot
                    {
                        Responder = broker.Id,
                        ClusterId = metadata.ClusterId ?? "",
                        ControllerId = metadata.ControllerId,
                        Live = [.. metadata.Brokers.Select(b => b.Id).Order()],
                        Topics = [.. metadata.Topics],
                    });
                }
                else
                {
                    failures.Add(answer.Failure!);
                }
            }
        }

        return (snapshots.ToImmutable(), failures.ToImmutable());
    }

    /// <summary>Asks those who told about the cluster, where partitions have too few replicas in sync, who may lead them.</summary>
    private async Task<ImmutableArray<KafkaSnapshot>> WithEligibleAsync(
        ImmutableArray<KafkaSnapshot> snapshots, IReadOnlyDictionary<string, KafkaTopicConfig> topics, ImmutableArray<KafkaBroker> brokers, CancellationToken cancellationToken)
    {
        var ill = KafkaEligibility.Topics(snapshots, topics);
        return ill.Count == 0
            ? snapshots
            : [.. await Task.WhenAll(snapshots.Select(async s => s with { Eligible = await KafkaEligibility.ReadAsync(connections, EndpointOf(brokers, s.Responder), ill, cancellationToken) }))];
    }

    /// <summary>Asks every broker whether it answers, and those that shall stop or came back what is on their disks.</summary>
    private async Task<KafkaMemberObservation[]> MembersAsync(ImmutableArray<KafkaBroker> brokers, HashSet<int> targets, CancellationToken cancellationToken) =>
        await Task.WhenAll(brokers.Where(b => !b.IsFenced).Select(async broker =>
        {
            var where = new KafkaEndpoint(broker.Host, broker.Port);
            var disks = targets.Contains(broker.Id) ? connections.AskAsync(where, DescribeLogDirs.Request, cancellationToken) : null;
            var alive = await connections.AskAsync(where, ApiVersions.Request, cancellationToken);
            var member = new KafkaMemberObservation { Id = broker.Id, Failure = alive.Failure };
            return disks is null ? member : Disks(member, where, await disks);
        }));

    private static KafkaMemberObservation Disks(KafkaMemberObservation member, KafkaEndpoint where, KafkaResult<DescribeLogDirs> answer) => answer.Value switch
    {
        null => member with { LogDirsFailure = answer.Failure },
        { ErrorCode: not KafkaError.None and var code } => member with { LogDirsFailure = Refused(where, nameof(DescribeLogDirs), code) },

        // Before version 3 a refusal is an empty list: a broker without any log directory does not run.
        { Dirs.Length: 0 } => member with { LogDirsFailure = Refused(where, nameof(DescribeLogDirs), KafkaError.ClusterAuthorizationFailed) },
        { Dirs: var dirs } => member with { LogDirs = [.. dirs] },
    };

    /// <summary>Where no target told about its disks, those who told about the cluster do.</summary>
    private async Task<ImmutableArray<KafkaMemberObservation>> WithDisksAsync(
        KafkaMemberObservation[] members, ImmutableArray<KafkaSnapshot> snapshots, ImmutableArray<KafkaBroker> brokers, CancellationToken cancellationToken)
    {
        if (Array.Exists(members, m => m.LogDirs is not null))
        {
            return [.. members];
        }

        var responders = snapshots.Select(s => s.Responder).ToHashSet();
        return [.. await Task.WhenAll(members.Select(async member =>
        {
            if (!responders.Contains(member.Id))
            {
                return member;
            }

            var where = EndpointOf(brokers, member.Id);
            return Disks(member, where, await connections.AskAsync(where, DescribeLogDirs.Request, cancellationToken));
        }))];
    }

    /// <summary>Asks by name about topics that are on disks, or were listed before, and are in no list now: gone, or hidden?</summary>
    private async Task<(ImmutableSortedDictionary<string, short> Unlisted, KafkaFailure? Failure)> UnlistedAsync(
        ImmutableArray<KafkaMemberObservation> members, ImmutableArray<KafkaSnapshot> snapshots, ImmutableArray<KafkaBroker> brokers, CancellationToken cancellationToken)
    {
        if (snapshots.IsEmpty)
        {
            return (ImmutableSortedDictionary<string, short>.Empty, null);
        }

        var listed = snapshots.SelectMany(s => s.Topics).Select(t => t.Name).ToImmutableHashSet(StringComparer.Ordinal);
        ImmutableHashSet<string> before;
        lock (guard)
        {
            before = seenTopics;
        }

        var doubtful = KafkaVisibility.Unlisted(members, snapshots).Union(before.Except(listed));
        var found = ImmutableSortedDictionary.CreateBuilder<string, short>(StringComparer.Ordinal);
        KafkaFailure? failure = null;
        foreach (var chunk in doubtful.Chunk(500))
        {
            var answer = await connections.AskAsync(EndpointOf(brokers, snapshots[0].Responder), Metadata.Request(chunk), cancellationToken);
            failure ??= answer.Failure;
            foreach (var topic in answer.Value?.Topics ?? [])
            {
                found[topic.Name] = topic.ErrorCode;
            }
        }

        lock (guard)
        {
            seenTopics = listed.Union(doubtful.Where(name => !found.TryGetValue(name, out var code) || code != KafkaError.UnknownTopicOrPartition));
        }

        return (found.ToImmutable(), failure);
    }

    private async Task<ImmutableArray<KafkaMetrics>> ReadMetricsAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        if (metrics is null)
        {
            return [];
        }

        var pods = context.Pods.Where(p => p.Address.Length > 0 && questions.Any(q => q.Phase is GatePhase.BeforePod or GatePhase.AfterPod && q.Pods.Contains(p.Uid)));
        return [.. await Task.WhenAll(pods.Select(p => metrics.ReadAsync(KafkaNodes.IdOf(p, options), p.Address, cancellationToken)))];
    }

    /// <summary>Looks at the quorum again: at the active controller itself where controllers may be asked, else through another broker.</summary>
    private async Task<(QuorumReading? Reading, ImmutableArray<KafkaControllerObservation> Controllers)> SecondQuorumAsync(
        GateContext context, QuorumReading first, ImmutableArray<KafkaBroker> brokers, ImmutableArray<KafkaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        if (first.IsKraft && options.ControllerServers.Length > 0)
        {
            var wanted = KafkaNodes.IdsOf(context.Pods.Where(p => !p.IsMissing), options);
            return await KafkaControllers.AskAsync(connections, KafkaGateFactory.Servers(options.ControllerServers, context), wanted, snapshots.FirstOrDefault()?.ClusterId, cancellationToken);
        }

        if (first.Quorum is null || snapshots.Length < 2)
        {
            return (null, []);
        }

        var broker = EndpointOf(brokers, snapshots[1].Responder);
        return (Quorum(broker, await connections.AskAsync(broker, DescribeQuorum.Request, cancellationToken)), []);
    }

    /// <summary>What one look at the quorum gave.</summary>
    internal sealed record QuorumReading(bool IsKraft, KafkaQuorum? Quorum, KafkaFailure? Failure);
}
