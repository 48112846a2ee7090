using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>The ZooKeeper gate: <see cref="ZkObserver"/> asks, <see cref="ZkRule"/> judges. There is nothing to prepare: leadership cannot be handed over.</summary>
public sealed class ZooKeeperGate : IGate
{
    private readonly ZooKeeperGateOptions options;
    private readonly AdminClient admin;
    private readonly ZkObserver observer;

    internal ZooKeeperGate(ZooKeeperGateOptions options, ZkSecrets secrets, ZkDialer dialer, AdminClient admin, TimeProvider time)
    {
        this.options = options;
        this.admin = admin;
        observer = new ZkObserver(options, secrets, dialer, admin, time);
    }

    /// <inheritdoc/>
    public string Type => ZooKeeperGateFactory.Type;

    /// <summary>Gets the time of the AdminServer, of the four-letter words behind it, of a session with its farewell, and two seconds to spare.</summary>
    public TimeSpan ObserveDeadline => ((options.NeedsSession ? 3 : 2) * options.RequestTimeout) + TimeSpan.FromSeconds(options.NeedsSession ? 2.5 : 2);

    /// <inheritdoc/>
    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await observer.ObserveAsync(context, questions, cancellationToken);
    }

    /// <inheritdoc/>
    public GateAnswer Evaluate(GateInput input, GateObservation observation) => ZkRule.Evaluate(input, (ZkObservation)observation, options);

    /// <inheritdoc/>
    public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Task.FromResult(new GatePrepareResult(true, ReasonCodes.GatePrepared, $"{input.Context.Namespace}/{input.Context.Name}: ZooKeeper cannot hand leadership over; the leader goes last instead"));
    }

    /// <inheritdoc/>
    public void Dispose() => admin.Dispose();
}
