using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.ZooKeeper;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>One server of an imagined ensemble; the test makes it sick by setting its properties.</summary>
internal sealed class ZkNode
{
    internal required int Ordinal { get; init; }

    internal required long Id { get; init; }

    internal string Pod => $"zk-{Ordinal}";

    internal string Uid => $"uid-{Ordinal}";

    /// <summary>What it says its id is; its own, unless something stands between.</summary>
    internal long? AnswersAs { get; set; }

    internal ZkMode Mode { get; set; } = ZkMode.Follower;

    internal ZkPhase Phase { get; set; } = ZkPhase.Broadcast;

    internal bool TakesSnapshot { get; set; }

    internal bool IsServing { get; set; } = true;

    /// <summary>The leader that it follows.</summary>
    internal long Leader { get; set; }

    internal bool IsVoting { get; set; } = true;

    internal ulong Zxid { get; set; } = 0x1_0000_0400;

    internal string Revision { get; set; } = "old";

    internal bool IsReady { get; set; } = true;

    internal bool IsTerminating { get; set; }

    internal bool IsMissing { get; set; }

    /// <summary>Whether the ensemble's list has it.</summary>
    internal bool IsListed { get; set; } = true;

    internal bool IsObserver { get; set; }

    internal bool HasPod { get; set; } = true;

    /// <summary>Another list than the rest has.</summary>
    internal bool ListsDifferently { get; set; }

    /// <summary>How many voters it counts in sync, as the leader; null: those that follow it.</summary>
    internal long? Counts { get; set; }

    internal long PendingSyncs { get; set; }

    internal long Outstanding { get; set; }

    /// <summary>Answers four-letter words only: no leader's id, no vote.</summary>
    internal bool SpeaksWordsOnly { get; set; }

    /// <summary>Why the leader's counts cannot be had.</summary>
    internal ZkFailure? CountsFailure { get; set; }

    /// <summary>Why it does not answer at all; null when it does.</summary>
    internal ZkFailure? Silence { get; set; }

    internal ZkFailure? CanaryFailure { get; set; }

    public override string ToString() =>
        $"{Pod} id={Id} as={AnswersAs} {Mode} {Phase} serving={IsServing} leader={Leader} voting={IsVoting} zxid={Zxid:x} ready={IsReady} terminating={IsTerminating} missing={IsMissing} "
        + $"listed={IsListed} observer={IsObserver} pod={HasPod} other={ListsDifferently} counts={Counts} words={SpeaksWordsOnly} {CountsFailure} {Silence}";

    internal void Hang() => Silence = new ZkFailure(ZkFailureKind.Timeout, $"no answer from {Pod}:8080 within 2 s");

    internal void Die()
    {
        Silence = new ZkFailure(ZkFailureKind.Unreachable, $"{Pod}:2181: Connection refused");
        IsReady = false;
    }

    internal void LoseQuorum()
    {
        IsServing = false;
        Phase = ZkPhase.None;
    }
}

/// <summary>An imagined ensemble, healthy until told otherwise, and the questions to the rule about it.</summary>
internal sealed class ZkWorld
{
    internal required List<ZkNode> Nodes { get; init; }

    internal ZooKeeperGateOptions Options { get; set; } = new();

    internal ZkNode this[int index] => Nodes[index];

    /// <summary>Describes the ensemble, for the property that it broke.</summary>
    public override string ToString() => $"\n{string.Join('\n', Nodes)}\n{Options}\n";

    internal static ZkWorld Healthy(int servers, int leader = 0)
    {
        var nodes = Enumerable.Range(0, servers).Select(i => new ZkNode { Ordinal = i, Id = i + 1 }).ToList();
        nodes.ForEach(n => n.Leader = nodes[leader].Id);
        nodes[leader].Mode = servers == 1 ? ZkMode.Standalone : ZkMode.Leader;
        return new ZkWorld { Nodes = nodes };
    }

    internal GateContext Context() => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "zk",
        Service = "zk",
        Gates = [],
        Pods =
        [
            .. Nodes.Where(n => n.HasPod).Select(n => new GateTarget
            {
                Pod = n.Pod,
                Uid = n.IsMissing ? "" : n.Uid,
                Ordinal = n.Ordinal,
                Revision = n.IsMissing ? "" : n.Revision,
                Address = n.IsMissing ? "" : $"10.0.0.{n.Ordinal + 1}",
                IsReady = n is { IsReady: true, IsMissing: false },
                IsTerminating = n.IsTerminating,
            }),
        ],
    };

    internal ZkObservation Observe() => new([.. Nodes.Where(n => n is { HasPod: true, IsMissing: false }).Select(Observe)]);

    internal GateInput Input(GatePhase phase, int[] targets, string? baseline = null, string? memo = null, string revision = "new") => new()
    {
        Question = new GateQuestion("zk", phase, [.. targets.Select(t => Nodes[t].Uid).Order(StringComparer.Ordinal)], revision) { Baseline = baseline },
        Context = Context(),
        Now = DateTimeOffset.UnixEpoch,
        Memo = memo,
    };

    internal GateAnswer MayStop(params int[] targets) => Ask(Input(GatePhase.BeforePod, targets));

    internal GateAnswer IsBack(int target, string? baseline = "v1 voters=1,2,3 zk-0=1 zk-1=2 zk-2=3", string? memo = null) =>
        Ask(Input(GatePhase.AfterPod, [target], baseline, memo, Nodes[target].Revision));

    internal GateAnswer Ask(GateInput input) => ZkRule.Evaluate(input, Observe(), Options);

    /// <summary>Gets how many learners a leader counts that vote, as a real one would.</summary>
    internal int Followers(ZkNode leader) => Nodes.Count(n => n != leader && Follows(n, leader) && IsVoter(n));

    internal static bool IsVoter(ZkNode node) => node is { IsListed: true, IsObserver: false };

    internal ZkMembership List(ZkNode? of = null) => new(
        [.. Nodes.Where(n => n.IsListed && (of is not { ListsDifferently: true } || n != Nodes[^1])).Select(n => new ZkServer(n.Id, [of == n ? "0.0.0.0" : $"{n.Pod}.zk.prod.svc"], !n.IsObserver))],
        0x1_0000_0000,
        false,
        true);

    private static bool Follows(ZkNode node, ZkNode leader) =>
        node is { IsMissing: false, IsServing: true, Silence: null, Mode: ZkMode.Follower, Phase: ZkPhase.Broadcast or ZkPhase.Synchronization } && node.Leader == leader.Id;

    private ZkPodObservation Observe(ZkNode node)
    {
        var isHeard = node.Silence is null;
        return new ZkPodObservation
        {
            Pod = node.Pod,
            Uid = node.Uid,
            Endpoint = $"10.0.0.{node.Ordinal + 1}",
            State = isHeard ? State(node) : null,
            Failure = node.Silence,
            Members = isHeard && node.IsServing ? List(node) : null,
            MembersFailure = isHeard && node.IsServing ? null : node.Silence ?? new ZkFailure(ZkFailureKind.Refused, "not serving"),
            HasWritten = Options.CanaryPath.Length == 0 ? null : node.CanaryFailure is null,
            CanaryFailure = node.CanaryFailure,
        };
    }

    private ZkState State(ZkNode node)
    {
        if (!node.IsServing)
        {
            return new ZkState { IsServing = false, Phase = node.Phase, ServerId = node.AnswersAs ?? node.Id };
        }

        var leads = node.Mode is ZkMode.Leader;
        var joiners = Nodes.Count(n => n != node && Follows(n, node) && !IsVoter(n));
        return new ZkState
        {
            IsServing = true,
            Mode = node.Mode,
            Phase = node.Phase,
            IsTakingSnapshot = node.TakesSnapshot,
            ServerId = node.AnswersAs ?? node.Id,
            LeaderId = node.SpeaksWordsOnly || node.Mode is ZkMode.Standalone or ZkMode.Observer ? null : leads ? node.AnswersAs ?? node.Id : node.Leader,
            IsVoting = node.SpeaksWordsOnly ? null : node.IsVoting && IsVoter(node),
            Zxid = node.Zxid,
            Version = "3.8.4",
            SyncedFollowers = leads && node.CountsFailure is null ? (node.Counts ?? Followers(node)) + joiners : null,
            SyncedNonVoting = leads && node.CountsFailure is null ? joiners : null,
            Learners = leads ? Nodes.Count(n => n != node && n.Leader == node.Id && n is { Silence: null, IsMissing: false, Phase: not ZkPhase.None }) : null,
            PendingSyncs = leads && node.CountsFailure is null ? node.PendingSyncs : null,
            Outstanding = node.Outstanding,
            CountsFailure = leads ? node.CountsFailure : null,
        };
    }
}
