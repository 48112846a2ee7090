using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Ordinal.Operator.Hosting;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>The operator in this process, over its own connection, with the rights that it is shipped with.</summary>
internal sealed class RunningOperator : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly KubernetesTransport transport;
    private readonly OperatorComposition composition;
    private readonly ILoggerFactory loggers;
    private readonly SeeingTransport seeing;
    private readonly SimulatedCluster cluster;
    private readonly Task running;

    public RunningOperator(SimulatedCluster cluster, Func<IApiTransport, IApiTransport>? around = null, IGateFactory? gates = null, LogLevel loudness = LogLevel.Debug, int most = 50, TimeSpan? requestTimeout = null)
    {
        loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(loudness).AddProvider(new TestLogs()));
        transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.OperatorKubeconfigPath, UserAgent = "ordinal/test" }, TimeProvider.System);
        seeing = SeeingTransport.Around(around?.Invoke(transport) ?? transport);
        composition = new OperatorComposition(seeing, new OperatorOptions { Identity = "test", MaxActiveRollouts = most, RequestTimeout = requestTimeout ?? new OperatorOptions { Identity = "" }.RequestTimeout }, gates, TimeProvider.System, new Random(3), loggers);
        running = composition.RunAsync(stopping.Token);
        this.cluster = cluster;
        cluster.Operator = this;
    }

    /// <summary>Gets the domain's metrics.</summary>
    public Ordinal.Operator.Metrics.OperatorMetrics Measures => composition.Measures;

    /// <summary>Gets the meters of this operator, and of no other one in the process.</summary>
    public IReadOnlyList<System.Diagnostics.Metrics.Meter> Meters => [composition.Metrics.Meter, composition.Measures.Meter];

    /// <summary>Returns whether what it watches of a resource (plural, as in paths) was taken in up to a version.</summary>
    public bool HasSeen(string resource, string version) => seeing.HasSeen(resource, version);

    public async ValueTask DisposeAsync()
    {
        if (cluster.Operator == this)
        {
            cluster.Operator = null;
        }

        await stopping.CancelAsync();
        await running;
        composition.Dispose();
        transport.Dispose();
        loggers.Dispose();
        stopping.Dispose();
    }

    /// <summary>Writes logs where the test's output goes, so that a failure shows them.</summary>
    private sealed class TestLogs : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            TestContext.Progress.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {logLevel}: {formatter(state, exception)}{(exception is null ? "" : "\n" + exception)}");

        public void Dispose()
        {
        }
    }
}
