using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Kafka;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>One partition of an imagined cluster.</summary>
internal sealed class Part
{
    internal required string Topic { get; init; }

    internal required int Index { get; init; }

    internal required List<int> Replicas { get; init; }

    internal required List<int> Isr { get; set; }

    internal required int Leader { get; set; }

    /// <summary>What the second broker believes to be in sync, where that is something else.</summary>
    internal List<int>? OtherIsr { get; set; }

    /// <summary>Who may lead although not in sync; null: the cluster keeps no note of it.</summary>
    internal List<int>? Eligible { get; set; }

    /// <summary>Who that is by the second broker, where it says something else.</summary>
    internal List<int>? OtherEligible { get; set; }

    /// <summary>Who that was last.</summary>
    internal List<int> LastEligible { get; set; } = [];

    internal bool IsOffline => Leader < 0;

    public override string ToString() => $"{Topic}-{Index} replicas=[{string.Join(',', Replicas)}] isr=[{string.Join(',', Isr)}] other=[{(OtherIsr is null ? "same" : string.Join(',', OtherIsr))}] leader={Leader} eligible=[{string.Join(',', Eligible ?? [])}]";
}

/// <summary>One node of an imagined cluster, and its pod.</summary>
internal sealed class Node
{
    internal required int Id { get; init; }

    internal string Uid { get; set; } = "";

    internal string Revision { get; set; } = "old";

    internal bool IsReady { get; set; } = true;

    internal bool IsTerminating { get; set; }

    internal bool IsMissing { get; set; }

    internal bool IsBroker { get; set; } = true;

    internal bool IsVoter { get; set; }

    /// <summary>Whether the controller lists it.</summary>
    internal bool IsListed { get; set; } = true;

    internal bool IsFenced { get; set; }

    /// <summary>Why it does not answer the gate; null when it does.</summary>
    internal KafkaFailure? Silence { get; set; }

    internal int? BrokerState { get; set; } = 3;

    internal long? RemainingSegments { get; set; }

    internal KafkaFailure? MetricsFailure { get; set; }

    internal short LogDirError { get; set; }

    internal long Lag { get; set; }

    internal long CaughtUpAgo { get; set; }

    internal string Host { get; set; } = "";

    internal string? Rack { get; set; }

    /// <summary>Why it does not answer at its controller's listener; null when it does.</summary>
    internal KafkaFailure? ControllerSilence { get; set; }

    /// <summary>Where it is registered at the controllers' listener; null: at its host, empty: not at all.</summary>
    internal string? ControllerHost { get; set; }

    public override string ToString() =>
        $"node {Id} revision={Revision} ready={IsReady} terminating={IsTerminating} missing={IsMissing} voter={IsVoter} listed={IsListed} fenced={IsFenced} lag={Lag} ago={CaughtUpAgo} state={BrokerState} {Silence}";

    /// <summary>Gone for long: not Ready, not listed.</summary>
    internal void Die()
    {
        (IsReady, IsListed, IsFenced, CaughtUpAgo) = (false, false, true, 60_000);
        Silence = new KafkaFailure(KafkaFailureKind.Unreachable, $"kafka-{Id}:9092: Connection refused");
    }

    /// <summary>Gone a moment ago: nobody but the network knows.</summary>
    internal void Crash() => Silence = new KafkaFailure(KafkaFailureKind.Unreachable, $"kafka-{Id}:9092: Connection refused");
}

/// <summary>An imagined Kafka cluster, healthy until told otherwise, and the questions to the rule about it.</summary>
internal sealed class KafkaWorld
{
    internal const long ClockMs = 1_790_000_000_000;
    internal const int AllOperations = 0x7fffff;

    internal static DateTimeOffset Start { get; } = new(2026, 9, 14, 12, 0, 0, TimeSpan.Zero);

    internal List<Node> Nodes { get; } = [];

    internal List<Part> Parts { get; } = [];

    internal Dictionary<string, KafkaTopicConfig> Configs { get; } = new(StringComparer.Ordinal);

    internal KafkaGateOptions Options { get; set; } = new() { BootstrapServers = "kafka:9092" };

    internal bool IsKraft { get; set; } = true;

    /// <summary>The quorum's leader, or the controller in ZooKeeper mode.</summary>
    internal int Controller { get; set; }

    internal int Epoch { get; set; } = 7;

    /// <summary>What the second look at the quorum shows, where that is something else.</summary>
    internal int? OtherEpoch { get; set; }

    internal TimeSpan? GracePeriod { get; set; } = TimeSpan.FromSeconds(60);

    internal List<int> DeadVoters { get; } = [];

    internal List<KafkaReassignment> Moving { get; } = [];

    internal int? Operations { get; set; } = AllOperations;

    internal DateTimeOffset Now { get; set; } = Start;

    internal KafkaGateOptions With(Func<KafkaGateOptions, KafkaGateOptions> change) => Options = change(Options);

    /// <summary>Describes the cluster, for the property that it broke.</summary>
    public override string ToString() => $"\n{string.Join('\n', Nodes)}\n{string.Join('\n', Parts)}\n{string.Join('\n', Configs)}\n{Options}\n";

    internal Node this[int id] => Nodes.First(n => n.Id == id);

    internal static KafkaWorld Of(int nodes, int voters = 3, bool isKraft = true)
    {
        var world = new KafkaWorld { IsKraft = isKraft };
        for (var i = 0; i < nodes; i++)
        {
            world.Nodes.Add(new Node { Id = i, Uid = $"uid-{i}", IsVoter = isKraft && i < voters, Host = $"kafka-{i}.kafka.prod.svc" });
        }

        return world;
    }

    /// <summary>Adds a topic with one partition for each list of replicas; all in sync, the first leads.</summary>
    internal KafkaWorld Topic(string name, int minIsr, params int[][] replicas)
    {
        for (var i = 0; i < replicas.Length; i++)
        {
            Parts.Add(new Part { Topic = name, Index = i, Replicas = [.. replicas[i]], Isr = [.. replicas[i]], Leader = replicas[i][0] });
        }

        Configs[name] = new KafkaTopicConfig { MinIsr = minIsr };
        return this;
    }

    internal Part Part(string topic, int index = 0) => Parts.First(p => p.Topic == topic && p.Index == index);

    internal void InSync(string topic, params int[] isr)
    {
        foreach (var part in Parts.Where(p => p.Topic == topic))
        {
            part.Isr = [.. isr];
            part.Leader = isr.Length == 0 ? -1 : isr[0];
        }
    }

    internal GateContext Context() => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "kafka",
        Service = "kafka",
        GracePeriod = GracePeriod,
        Gates = [],
        Pods =
        [
            .. Nodes.Select(n => new GateTarget
            {
                Pod = $"kafka-{n.Id}",
                Uid = n.IsMissing ? "" : n.Uid,
                Ordinal = n.Id,
                Revision = n.IsMissing ? "" : n.Revision,
                Address = n.IsMissing ? "" : $"10.0.0.{n.Id + 1}",
                IsReady = n is { IsReady: true, IsMissing: false },
                IsTerminating = n.IsTerminating,
            }),
        ],
    };

    internal GateInput Input(GatePhase phase, int[] targets, string? baseline = null, string? memo = null, int tries = 0, string revision = "new") => new()
    {
        Question = new GateQuestion("kafka", phase, [.. targets.Select(t => this[t].Uid).Order(StringComparer.Ordinal)], revision) { Baseline = baseline },
        Context = Context(),
        Now = Now,
        Memo = memo,
        PreparationsTried = tries,
    };

    internal GateAnswer MayStop(params int[] targets) => Ask(Input(GatePhase.BeforePod, targets));

    internal GateAnswer MayStop(string? memo, params int[] targets) => Ask(Input(GatePhase.BeforePod, targets, memo: memo));

    internal GateAnswer IsBack(int target, string? baseline, string? memo = null, int tries = 0)
    {
        this[target].Revision = "new";
        return Ask(Input(GatePhase.AfterPod, [target], baseline, memo, tries));
    }

    internal GateAnswer MayBegin() => Ask(Input(GatePhase.BeforeRollout, []));

    internal GateAnswer MayEnd() => Ask(Input(GatePhase.AfterRollout, []));

    internal GateAnswer Roles() => Ask(Input(GatePhase.Roles, []));

    internal GateAnswer Ask(GateInput input) => KafkaRule.Evaluate(input, Observe(), Options);

    internal KafkaObservation Observe()
    {
        var listed = Nodes.Where(n => n is { IsBroker: true, IsListed: true, IsFenced: false }).ToList();
        var responders = listed.Where(n => n.Silence is null).Take(2).ToList();
        return new KafkaObservation
        {
            IsKraft = IsKraft,
            Brokers = [.. Nodes.Where(n => n.IsBroker && (n.IsListed || n.IsFenced)).Select(n => new KafkaBroker { Id = n.Id, Host = n.Host, Port = 9092, Rack = n.Rack, IsFenced = n.IsFenced })],
            AuthorizedOperations = Operations,
            Snapshots = [.. responders.Select((r, i) => Snapshot(r.Id, listed, i > 0))],
            SnapshotFailures = [],
            Configs = Configs.ToImmutableDictionary(),
            Reassignments = [.. Moving],
            Quorums = IsKraft ? [.. responders.Select((_, i) => Quorum(i > 0 ? OtherEpoch ?? Epoch : Epoch))] : [],
            Members = [.. listed.Select(Member)],
            Controllers = Options.ControllerServers.Length == 0 ? [] : [.. Nodes.Where(n => n is { IsVoter: true, IsMissing: false, ControllerHost: not "" }).Select(n => new KafkaControllerObservation { Id = n.Id, Host = n.ControllerHost ?? n.Host, Failure = n.ControllerSilence })],
            Metrics = Options.MetricsPort == 0 ? [] : [.. Nodes.Select(Metrics)],
        };
    }

    private static KafkaMetrics Metrics(Node node) => node.MetricsFailure is { } failure
        ? new KafkaMetrics { Id = node.Id, Failure = failure }
        : new KafkaMetrics { Id = node.Id, BrokerState = node.BrokerState, RemainingSegments = node.RemainingSegments, RemainingLogs = node.RemainingSegments is null ? null : 2 };

    private KafkaSnapshot Snapshot(int responder, List<Node> listed, bool isOther) => new()
    {
        Responder = responder,
        ClusterId = "cluster-1",
        ControllerId = IsKraft ? listed[^1].Id : Controller,
        Live = [.. listed.Select(n => n.Id)],
        Topics =
        [
            .. Parts.GroupBy(p => p.Topic).Select(t => new KafkaTopic
            {
                ErrorCode = 0,
                Name = t.Key,
                Partitions =
                [
                    .. t.Select(p => new KafkaPartition
                    {
                        ErrorCode = 0, Index = p.Index, Leader = p.Leader, LeaderEpoch = 3, Replicas = [.. p.Replicas], Isr = [.. isOther ? p.OtherIsr ?? p.Isr : p.Isr],
                    }),
                ],
            }),
        ],
        Eligible =
        [
            .. Parts.Where(p => p.Eligible is not null)
                .Select(p => new KafkaEligible { Topic = p.Topic, Partition = p.Index, Eligible = [.. isOther ? p.OtherEligible ?? p.Eligible! : p.Eligible!], LastKnown = [.. p.LastEligible] }),
        ],
    };

    private KafkaQuorum Quorum(int epoch) => new()
    {
        LeaderId = Controller,
        LeaderEpoch = epoch,
        HighWatermark = 5000,
        Voters =
        [
            .. Nodes.Where(n => n.IsVoter).Select(Replica),
            .. DeadVoters.Select(id => new KafkaQuorumReplica { Id = id, LogEndOffset = 0, LastFetch = -1, LastCaughtUp = -1 }),
        ],
        Observers = [.. Nodes.Where(n => n is { IsVoter: false, IsBroker: true, IsListed: true }).Select(Replica)],
    };

    private KafkaQuorumReplica Replica(Node node) => new()
    {
        Id = node.Id,
        LogEndOffset = 5000 - node.Lag,
        LastFetch = ClockMs,
        LastCaughtUp = node.Id == Controller ? ClockMs : node.CaughtUpAgo < 0 ? -1 : ClockMs - node.CaughtUpAgo,
    };

    private KafkaMemberObservation Member(Node node) => node.Silence is { } silence
        ? new KafkaMemberObservation { Id = node.Id, Failure = silence, LogDirsFailure = silence }
        : new KafkaMemberObservation
        {
            Id = node.Id,
            LogDirs =
            [
                new KafkaLogDir
                {
                    ErrorCode = node.LogDirError,
                    Path = "/data",
                    Topics = [.. Parts.Where(p => p.Replicas.Contains(node.Id)).GroupBy(p => p.Topic).Select(t => new KafkaLogDirTopic { Name = t.Key, Partitions = [.. t.Select(p => p.Index)] })],
                },
            ],
        };
}
