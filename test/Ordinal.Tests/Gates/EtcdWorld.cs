using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>One etcd member of an imagined cluster; the test makes it sick by setting its properties.</summary>
internal sealed class EtcdNode
{
    internal required string Pod { get; set; }

    internal required long Ordinal { get; init; }

    internal required ulong Id { get; set; }

    /// <summary>What it says its id is; its own, unless something stands between.</summary>
    internal ulong? AnswersAs { get; set; }

    internal ulong Cluster { get; set; } = EtcdWorld.Cluster;

    internal ulong Leader { get; set; }

    internal ulong Term { get; set; } = 2;

    internal ulong Commit { get; set; } = 1000;

    internal ulong Applied { get; set; } = 1000;

    internal string Version { get; set; } = "3.5.21";

    internal string Revision { get; set; } = "old";

    internal string Address { get; set; } = "";

    internal string Uid { get; set; } = "";

    internal bool IsReady { get; set; } = true;

    internal bool IsTerminating { get; set; }

    internal bool IsMissing { get; set; }

    internal bool IsLearner { get; set; }

    internal bool IsStarted { get; set; } = true;

    internal bool HasPod { get; set; } = true;

    internal bool Reads { get; set; } = true;

    internal bool Lists { get; set; } = true;

    /// <summary>Another list than the rest has.</summary>
    internal bool ListsDifferently { get; set; }

    /// <summary>Why it does not answer at all; null when it does.</summary>
    internal EtcdFailure? Silence { get; set; }

    internal List<EtcdAlarm> Alarms { get; } = [];

    internal ulong DbSize { get; set; } = 20480;

    internal ulong DbSizeInUse { get; set; } = 20480;

    internal ulong DbSizeQuota { get; set; }

    internal string DowngradeTarget { get; set; } = "";

    internal EtcdHash? Hash { get; set; }

    internal EtcdFailure? HashFailure { get; set; }

    public override string ToString() =>
        $"{Pod} id={Id:x} as={AnswersAs:x} cluster={Cluster:x} leader={Leader:x} term={Term} commit={Commit} applied={Applied} version={Version} ready={IsReady} "
        + $"terminating={IsTerminating} missing={IsMissing} learner={IsLearner} started={IsStarted} reads={Reads} lists={Lists}/{ListsDifferently} alarms={string.Join(',', Alarms)} {Silence}";

    internal void Hang() => Silence = new EtcdFailure(EtcdFailureKind.Timeout, $"no answer from {Pod}:2379 within 5 s");

    internal void Die()
    {
        Silence = new EtcdFailure(EtcdFailureKind.Unreachable, $"{Pod}:2379: Connection refused");
        IsReady = false;
    }
}

/// <summary>An imagined etcd cluster, healthy until told otherwise, and the questions to the rule about it.</summary>
internal sealed class EtcdWorld
{
    internal const ulong Cluster = 0xcdf8;

    internal required List<EtcdNode> Nodes { get; init; }

    internal EtcdSnapshot? Snapshot { get; set; }

    /// <summary>The containers of the template that the rollout is to.</summary>
    internal GateContainer[] Containers { get; set; } = [];

    /// <summary>Containers by their images, of which nothing tells which is the member.</summary>
    internal string[] Images { set => Containers = [.. value.Select((image, i) => new GateContainer($"c{i}", image, []))]; }

    internal EtcdGateOptions Options { get; set; } = new() { Scheme = "http" };

    /// <summary>Describes the cluster, for the property that it broke.</summary>
    public override string ToString() => $"\n{string.Join('\n', Nodes)}\n{Options}\n";

    internal EtcdNode this[int index] => Nodes[index];

    internal static EtcdWorld Healthy(int members, int leader = 0)
    {
        var nodes = Enumerable.Range(0, members)
            .Select(i => new EtcdNode { Pod = $"etcd-{i}", Ordinal = i, Id = (ulong)(0xa0 + i), Uid = $"uid-{i}", Address = $"10.0.0.{i + 1}" })
            .ToList();
        nodes.ForEach(n => n.Leader = nodes[leader].Id);
        return new EtcdWorld { Nodes = nodes };
    }

    internal GateContext Context() => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "etcd",
        Service = "etcd",
        Gates = [],
        TemplateContainers = [.. Containers],
        TemplateRevision = "new",
        Pods =
        [
            .. Nodes.Where(n => n.HasPod).Select(n => new GateTarget
            {
                Pod = n.Pod,
                Uid = n.IsMissing ? "" : n.Uid,
                Ordinal = n.Ordinal,
                Revision = n.IsMissing ? "" : n.Revision,
                Address = n.IsMissing ? "" : n.Address,
                IsReady = n.IsReady && !n.IsMissing,
                IsTerminating = n.IsTerminating,
            }),
        ],
    };

    internal EtcdObservation Observe() => new([.. Nodes.Where(n => n is { HasPod: true, IsMissing: false }).Select(Observe)]) { Snapshot = Snapshot };

    internal GateInput Input(GatePhase phase, int[] targets, string? baseline = null, string? memo = null, int tries = 0, string revision = "new") => new()
    {
        Question = new GateQuestion("etcd", phase, [.. targets.Select(t => Nodes[t].Uid).Order(StringComparer.Ordinal)], revision) { Baseline = baseline },
        Context = Context(),
        Now = DateTimeOffset.UnixEpoch,
        Memo = memo,
        PreparationsTried = tries,
    };

    internal GateAnswer MayStop(params int[] targets) => Ask(Input(GatePhase.BeforePod, targets));

    internal GateAnswer IsBack(int target, string? baseline, string? memo = null) => Ask(Input(GatePhase.AfterPod, [target], baseline, memo));

    internal GateAnswer Ask(GateInput input) => EtcdRule.Evaluate(input, Observe(), Options);

    private EtcdPodObservation Observe(EtcdNode node)
    {
        var silence = node.Silence;
        return new EtcdPodObservation
        {
            Pod = node.Pod,
            Uid = node.Uid,
            Endpoint = $"{node.Pod}:2379",
            Status = silence is null ? Status(node) : null,
            StatusFailure = silence,
            Members = silence is null && node.Lists ? List(node) : null,
            MembersFailure = silence is null && node.Lists ? null : silence ?? new EtcdFailure(EtcdFailureKind.Timeout, "no answer"),
            Reader = silence is null && node.Reads ? (node.AnswersAs ?? node.Id).ToString("x", null) : null,
            ReadFailure = silence is null && node.Reads ? null : silence ?? new EtcdFailure(EtcdFailureKind.Refused, "etcdserver: request timed out", 14),
            Alarms = silence is null ? [.. node.Alarms] : [],
            Hash = silence is null ? node.Hash : null,
            HashFailure = silence is null ? node.HashFailure : null,
        };
    }

    private static EtcdStatus Status(EtcdNode node) => new()
    {
        ClusterId = node.Cluster,
        MemberId = node.AnswersAs ?? node.Id,
        Version = node.Version,
        Leader = node.Leader,
        RaftTerm = node.Term,
        RaftIndex = node.Commit,
        RaftAppliedIndex = node.Applied,
        IsLearner = node.IsLearner,
        DbSize = node.DbSize,
        DbSizeInUse = node.DbSizeInUse,
        DbSizeQuota = node.DbSizeQuota,
        DowngradeTarget = node.DowngradeTarget,
        Errors = node.Leader == 0 ? ["etcdserver: no leader"] : [.. node.Alarms.Select(a => $"memberID:{a.MemberId} alarm:{a.Type} ")],
    };

    private EtcdMemberList List(EtcdNode node) => new(
        node.AnswersAs ?? node.Id,
        [
            .. Nodes.Where(n => !node.ListsDifferently || n != Nodes[^1]).OrderBy(n => n.Id).Select(n => new EtcdMember
            {
                Id = n.Id,
                Name = n.IsStarted ? n.Pod : "",
                PeerUrls = [$"http://{n.Pod}.etcd.prod.svc:2380"],
                ClientUrls = n.IsStarted ? [$"http://{n.Pod}.etcd.prod.svc:2379"] : [],
                IsLearner = n.IsLearner,
            }),
        ]);
}
