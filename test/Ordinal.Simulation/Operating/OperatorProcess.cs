using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Door;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Leadership;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>What one operator process is made of.</summary>
internal sealed record OperatorSetup
{
    public required SimulatedWorld World { get; init; }

    public required IClusterDoor Door { get; init; }

    public required RuleChecker Checker { get; init; }

    public required Trace Trace { get; init; }

    public required Func<string, Ensemble> Ensembles { get; init; }

    /// <summary>Gets what is put between the operator and the network: planted bugs.</summary>
    public Func<IApiTransport, IApiTransport>? Around { get; init; }

    /// <summary>Gets a value indicating whether its gates open whatever the ensemble says: a planted bug.</summary>
    public bool GatesLie { get; init; }

    /// <summary>Gets a value indicating whether it acts without a lease: a planted bug.</summary>
    public bool HasNoLease { get; init; }
}

/// <summary>One operator process: the whole composition over a faulty network. It can be stopped, or killed without warning.</summary>
internal sealed class OperatorProcess : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly OperatorComposition composition;
    private readonly OperatorSetup setup;
    private readonly ProcessClock clock;

    /// <summary>Starts a process.</summary>
    /// <param name="setup">What it is made of.</param>
    /// <param name="name">Its identity in the lease.</param>
    /// <param name="seed">Seed of its network, its jitter and its gates.</param>
    public OperatorProcess(OperatorSetup setup, string name, int seed)
    {
        this.setup = setup;
        Name = name;
        clock = new ProcessClock(setup.World.Time);
        Random random = new(seed);
        Witness = new WitnessTransport(new DoorTransport(setup.Door, $"ordinal/{name}"), name, setup.Checker);
        Network = new FaultyTransport(Witness, setup.World.Time, clock, new Random(random.Next()), what => setup.Trace.Add(name, what)) { Died = Kill, Sent = Witness.Sent };
        OperatorOptions options = new()
        {
            Identity = name,
            LeaderElection = setup.HasNoLease ? null : Lease(name),
        };
        composition = new OperatorComposition(
            setup.Around?.Invoke(Network) ?? Network,
            options,
            new EnsembleGateFactory(name, setup.Ensembles, clock, new Random(random.Next()), setup.GatesLie),
            clock,
            new Random(random.Next()),
            new TraceLoggers(setup.Trace, name));
        setup.Trace.Add(name, "starts");
        setup.World.Start(RunAsync);
    }

    public string Name { get; }

    public FaultyTransport Network { get; }

    public WitnessTransport Witness { get; }

    public bool IsLeading => composition.Runner.IsLeading;

    /// <summary>Gets a value indicating whether it neither runs nor will.</summary>
    public bool IsGone { get; private set; }

    /// <summary>
    /// Stops it for a while as a paused machine does: what it has sent arrives, the answers wait, its timers too. When it goes on it
    /// believes what it believed before.
    /// </summary>
    public void Freeze(TimeSpan span)
    {
        setup.Trace.Add(Name, $"is frozen for {span.TotalSeconds:0} s");
        setup.Checker.Frozen(span, Lease(Name).RenewDeadline);
        clock.FrozenUntil = setup.World.Time.GetUtcNow() + span;
    }

    /// <summary>Sets its time of day back.</summary>
    public void SetBack(TimeSpan span)
    {
        setup.Trace.Add(Name, $"its clock jumps back by {span.TotalSeconds:0} s");
        clock.Behind += span;
    }

    /// <summary>Sets its time of day forward.</summary>
    public void SetForward(TimeSpan span)
    {
        setup.Trace.Add(Name, $"its clock jumps forward by {span.TotalSeconds:0} s");
        clock.Behind -= span;
    }

    /// <summary>Ends it without warning: nothing that it still does reaches anybody. Its lease is not released.</summary>
    public void Kill()
    {
        if (!IsGone)
        {
            setup.Trace.Add(Name, "is killed");
            IsGone = true;
            Network.Die();
            stopping.Cancel();
        }
    }

    /// <summary>Asks it to stop; it releases its lease.</summary>
    public void Stop()
    {
        if (!IsGone)
        {
            setup.Trace.Add(Name, "is stopped");
            IsGone = true;
            stopping.Cancel();
        }
    }

    public void Dispose()
    {
        composition.Dispose();
        stopping.Dispose();
    }

    /// <summary>The usual lease; renewals rarer, two within its deadline, since they are most of what happens while nothing does.</summary>
    private static LeaseElectorSettings Lease(string name) => new(new NamespacedName("default", "ordinal"), name) { RetryPeriod = TimeSpan.FromSeconds(4) };

    private async Task RunAsync()
    {
        try
        {
            await composition.RunAsync(stopping.Token);
        }
        catch (Exception) when (Network.IsDead)
        {
            // Whatever a dead process does.
        }
    }

    private sealed class TraceLoggers(Trace trace, string name) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                trace.Add(name, $"log {logLevel}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})")}");
            }
        }

        public void Dispose()
        {
        }
    }
}
