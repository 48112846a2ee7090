using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Gates;

/// <summary>A gate that says what the test wants, and counts.</summary>
internal sealed class FakeGate : IGate
{
    public string Type => "Fake";

    public TimeSpan ObserveDeadline => TimeSpan.FromSeconds(5);

    internal int Observations { get; private set; }

    internal GateVerdict Verdict { get; set; } = GateVerdict.Allow;

    internal long? Remaining { get; set; }

    /// <summary>What an observation waits for or throws.</summary>
    internal Func<CancellationToken, Task> Behaviour { get; set; } = _ => Task.CompletedTask;

    internal Exception? EvaluationFailure { get; set; }

    internal List<string?> Memos { get; } = [];

    internal List<int> Tries { get; } = [];

    internal bool IsPrepared { get; set; }

    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        Observations++;
        await Behaviour(cancellationToken);
        return new Seen();
    }

    public GateAnswer Evaluate(GateInput input, GateObservation observation)
    {
        Memos.Add(input.Memo);
        Tries.Add(input.PreparationsTried);
        return EvaluationFailure is { } failure ? throw failure : new GateAnswer
        {
            Verdict = Verdict,
            Remaining = Remaining,
            Reason = Verdict is GateVerdict.Allow ? ReasonCodes.GateOpen : ReasonCodes.EtcdNoLeader,
            Message = "so it is",
            Memo = $"memo {Memos.Count}",
            ValidFor = TimeSpan.FromSeconds(10),
        };
    }

    public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken) =>
        Task.FromResult(new GatePrepareResult(IsPrepared, IsPrepared ? ReasonCodes.GatePrepared : ReasonCodes.EtcdMoveLeaderFailed, "tried"));

    public void Dispose()
    {
    }

    private sealed record Seen : GateObservation;
}

/// <summary>A keeper, one gate and three pods on virtual time.</summary>
internal sealed class KeeperBench(VirtualWorld world)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    internal GateKeeper Keeper { get; set; } = new(world.Time, NullLogger<GateKeeper>.Instance);

    internal FakeGate Gate { get; set; } = new();

    internal GateContext Context { get; set; } = new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "db",
        Service = "db",
        Gates = [],
        Pods = [Pod(0), Pod(1), Pod(2)],
    };

    internal static GateQuestion Question(GatePhase phase = GatePhase.BeforePod, string uid = "uid-1") => new("g", phase, [uid], "new");

    internal static GateBinding Bind(string name, IGate gate) => new(new GatePolicy { Name = name, Type = "Fake", Interval = Interval }, gate);

    internal static GateTarget Pod(int ordinal) => new()
    {
        Pod = $"db-{ordinal}",
        Uid = $"uid-{ordinal}",
        Ordinal = ordinal,
        Revision = "new",
        Address = $"10.0.0.{ordinal}",
        IsReady = true,
    };

    internal async Task<GateReport> AskAsync(GateQuestion? question = null) =>
        (await Keeper.AskAsync(Context with { Gates = [Bind("g", Gate)] }, [question ?? Question()], CancellationToken.None)).Single();

    internal async Task<GateReport> AskAfterAsync(TimeSpan time, GateQuestion? question = null)
    {
        await world.PassAsync(time);
        return await AskAsync(question);
    }

    internal Task<GatePrepareResult> PrepareAsync(string uid = "uid-1") =>
        Keeper.PrepareAsync(Context with { Gates = [Bind("g", Gate)] }, new PrepareGate("g", "db-1", uid), "new", CancellationToken.None);
}
