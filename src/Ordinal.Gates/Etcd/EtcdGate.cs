using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Etcd;

/// <summary>The etcd gate: <see cref="EtcdObserver"/> asks, <see cref="EtcdRule"/> judges, and leadership is moved through the leader's own endpoint.</summary>
public sealed class EtcdGate : IGate
{
    private static readonly TimeSpan VerifyPause = TimeSpan.FromMilliseconds(100);

    private readonly EtcdGateOptions options;
    private readonly IEtcdTransport transport;
    private readonly EtcdObserver observer;
    private readonly EtcdSnapshots? snapshots;
    private readonly TimeProvider time;

    /// <summary>Makes a gate over a transport of one's own; <see cref="EtcdGateFactory"/> makes one over sockets.</summary>
    /// <param name="options">How to ask.</param>
    /// <param name="secrets">User name and password.</param>
    /// <param name="transport">The exchange with members; the gate disposes it.</param>
    /// <param name="time">The clock for deadlines.</param>
    public EtcdGate(EtcdGateOptions options, IGateSecrets secrets, IEtcdTransport transport, TimeProvider time)
    {
        this.options = options;
        this.transport = transport;
        this.time = time;
        observer = new EtcdObserver(options, secrets, transport, time);
        snapshots = options.Snapshot is { } policy ? new EtcdSnapshots(policy, time) : null;
    }

    /// <inheritdoc/>
    public string Type => EtcdGateFactory.Type;

    /// <summary>Gets two requests' time (Status, then the alarms where it hints at one), that of the checksums, and a second to spare.</summary>
    public TimeSpan ObserveDeadline => (2 * options.RequestTimeout) + (options.CompareHashes ? options.HashTimeout : TimeSpan.Zero) + TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var seen = await observer.ObserveAsync(context, questions, cancellationToken);
        if (snapshots is null)
        {
            return seen;
        }

        if (questions.FirstOrDefault(q => q.Phase is GatePhase.BeforePod) is { } question && Source(seen, question) is { } source && context.FindByUid(source.Uid) is { } pod)
        {
            snapshots.Want(context, question.Revision, source, observer.Client(observer.Endpoint(context, pod)!));
        }

        return seen with { Snapshot = snapshots.Current };
    }

    /// <inheritdoc/>
    public GateAnswer Evaluate(GateInput input, GateObservation observation) => EtcdRule.Evaluate(input, (EtcdObservation)observation, options);

    /// <inheritdoc/>
    public async Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        var seen = (EtcdObservation)observation;
        var targets = input.Question.Pods.ToImmutableHashSet(StringComparer.Ordinal);
        var (view, trouble) = EtcdClusterView.Build(input.Context, seen, targets, options);
        var workload = $"{input.Context.Namespace}/{input.Context.Name}";
        if (view is null)
        {
            return new(false, ReasonCodes.EtcdMoveLeaderFailed, $"{workload}: leadership was not moved: {trouble!.Text}");
        }

        var staying = view.Seats.Where(s => s.Pod is { IsTerminating: false } pod && !targets.Contains(pod.Uid)).ToImmutableArray();
        if (!targets.Contains(view.Leader.Uid))
        {
            return new(true, ReasonCodes.GatePrepared, $"{workload}: {view.Leader.Pod} leads, which stays");
        }

        if (EtcdTransferee.Choose(staying, input.Question.Revision) is not { } heir)
        {
            return new(false, ReasonCodes.EtcdMoveLeaderFailed, $"{workload}: no voter can take over from {view.Leader.Pod}; repair another member first");
        }

        return await MoveAsync(input.Context, view, heir, workload, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        snapshots?.Dispose();
        transport.Dispose();
    }

    /// <summary>Picks whom to take a snapshot from: a member that serves and stays, rather a follower, since it costs the leader more.</summary>
    private static EtcdPodObservation? Source(EtcdObservation seen, GateQuestion question) => seen.Pods
        .Where(p => p is { Status: not null, Reader: not null } && !question.Pods.Contains(p.Uid))
        .OrderBy(p => p.Status!.Leader == p.Status.MemberId)
        .FirstOrDefault() ?? seen.Pods.FirstOrDefault(p => p is { Status: not null, Reader: not null });

    private async Task<GatePrepareResult> MoveAsync(GateContext context, EtcdClusterView view, EtcdSeat heir, string workload, CancellationToken cancellationToken)
    {
        var old = context.FindByUid(view.Leader.Uid)!;
        var witnesses = new[] { heir.Pod!, old }
            .Concat(view.Voters.Where(s => s.Participates && s.Pod!.Uid != heir.Pod!.Uid && s.Pod.Uid != old.Uid).Select(s => s.Pod!))
            .Select(p => observer.Endpoint(context, p)).OfType<EtcdEndpoint>().Take(3).Select(observer.Client).ToList();
        var moved = await observer.Client(observer.Endpoint(context, old)!).TransferLeadershipAsync(heir.Member.Id, cancellationToken);
        if (moved.Failure is { } failure)
        {
            return new(false, ReasonCodes.EtcdMoveLeaderFailed, $"{workload}: moving leadership from {old.Pod} to {heir.Name} failed: {failure.Text}; the next try looks again who leads");
        }

        // etcd answers when its own leader has changed; two members must say so before we believe it.
        for (var started = time.GetTimestamp(); ;)
        {
            var statuses = await Task.WhenAll(witnesses.Select(w => w.StatusAsync(cancellationToken)));
            if (statuses.Count(s => s.Value is { } status && status.Leader == heir.Member.Id && status.RaftTerm >= view.LeaderStatus.RaftTerm) >= 2)
            {
                return new(true, ReasonCodes.GatePrepared, $"{workload}: leadership moved from {old.Pod} to {heir.Name}");
            }

            if (time.GetElapsedTime(started) >= options.RequestTimeout)
            {
                return new(false, ReasonCodes.EtcdMoveLeaderFailed, $"{workload}: {old.Pod} accepted to hand leadership to {heir.Name}, but no two members confirm it; the next try looks again who leads");
            }

            await Task.Delay(VerifyPause, time, cancellationToken);
        }
    }
}
