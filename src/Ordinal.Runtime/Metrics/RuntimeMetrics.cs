using System.Diagnostics.Metrics;
using Ordinal.Runtime.Cache;

namespace Ordinal.Runtime.Metrics;

/// <summary>
/// The runtime's instruments, named as controller-runtime names them so that its dashboards work. One instance a process (or one a
/// simulation); the exporter listens to <see cref="Meter"/>.
/// </summary>
public sealed class RuntimeMetrics : IDisposable
{
    private static readonly double[] ReconcileBuckets =
    [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3,
        3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
    ];

    private static readonly double[] QueueBuckets = Exponential(10e-9, 10, 12);

    private readonly Lock gate = new();
    private readonly List<IStore> stores = [];
    private readonly List<ControllerMetrics> controllers = [];
    private readonly SortedDictionary<string, bool> leases = new(StringComparer.Ordinal);
    private readonly Counter<long> requests;
    private readonly Counter<long> watchRestarts;
    private readonly Counter<long> unreadable;
    private readonly Counter<long> events;
    private readonly Instruments instruments;

    /// <summary>Creates the instruments.</summary>
    /// <param name="prefix">Prefix of the metrics that controller-runtime does not have, without the underscore.</param>
    public RuntimeMetrics(string prefix)
    {
        Prefix = prefix;
        Meter = new Meter(prefix + ".runtime");
        instruments = new Instruments(Meter);
        requests = Meter.CreateCounter<long>("rest_client_requests_total", description: "Number of HTTP requests, partitioned by status code, method, and host.");
        watchRestarts = Meter.CreateCounter<long>(prefix + "_watch_restarts_total", description: "Watches that ended, by reason.");
        unreadable = Meter.CreateCounter<long>(prefix + "_informer_unreadable_total", description: "Objects that could not be read.");
        events = Meter.CreateCounter<long>(prefix + "_events_total", description: "Events published, by type and reason.");
        Meter.CreateObservableGauge(prefix + "_informer_objects", () => Stores().Select(store => new Measurement<long>(store.Count, new KeyValuePair<string, object?>("resource", store.Kind.Resource))), description: "Objects in a store.");
        Meter.CreateObservableGauge(prefix + "_informer_idle_seconds", () => Stores().Select(store => new Measurement<double>(store.SinceLastActivity.TotalSeconds, new KeyValuePair<string, object?>("resource", store.Kind.Resource))), description: "Time since a store's last event, bookmark, list, or end of a watch on its time.");
        Meter.CreateObservableGauge(prefix + "_last_successful_reconcile_timestamp_seconds", () => Controllers().Where(each => each.LastSuccess > 0).Select(each => new Measurement<double>(each.LastSuccess, new KeyValuePair<string, object?>("controller", each.Name))), description: "When a pass of a controller last ended without an error.");
        Meter.CreateObservableGauge("leader_election_master_status", Leases, description: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease.");
        Meter.CreateObservableGauge("controller_runtime_max_concurrent_reconciles", () => Controllers(each => each.Workers), description: "Maximum number of concurrent reconciles per controller.");
        Meter.CreateObservableGauge("controller_runtime_active_workers", () => Controllers(each => each.ActiveWorkers), description: "Number of currently used workers per controller.");
        Meter.CreateObservableGauge("workqueue_depth", Depths, description: "Current depth of workqueue by workqueue and priority.");
        Meter.CreateObservableGauge("workqueue_unfinished_work_seconds", () => Queues(each => each.Queue?.Unfinished().Sum.TotalSeconds ?? 0), description: "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads.");
        Meter.CreateObservableGauge("workqueue_longest_running_processor_seconds", () => Queues(each => each.Queue?.Unfinished().Longest.TotalSeconds ?? 0), description: "How many seconds has the longest running processor for workqueue been running.");
    }

    /// <summary>Gets the prefix of our own metrics.</summary>
    public string Prefix { get; }

    /// <summary>Gets the meter all instruments belong to.</summary>
    public Meter Meter { get; }

    /// <summary>Counts one request.</summary>
    public void RequestDone(string method, string code, string host) =>
        requests.Add(1, new("code", code), new("method", method), new("host", host));

    /// <summary>Counts a watch that ended: closed, expired, error or idle.</summary>
    public void WatchRestarted(string resource, string reason) => watchRestarts.Add(1, new("resource", resource), new("reason", reason));

    /// <summary>Counts an object that could not be read.</summary>
    public void Unreadable(string resource) => unreadable.Add(1, new KeyValuePair<string, object?>("resource", resource));

    /// <summary>Counts an event that was published.</summary>
    public void EventPublished(string type, string reason) => events.Add(1, new("type", type), new("reason", reason));

    /// <summary>Shows a store's size and age.</summary>
    public void Observe(IStore store)
    {
        lock (gate)
        {
            stores.Add(store);
        }
    }

    /// <summary>Shows whether this process holds a lease.</summary>
    public void Leads(string lease, bool isLeader)
    {
        lock (gate)
        {
            leases[lease] = isLeader;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    /// <summary>By repeated multiplication, as client_golang does it, so that the bounds are the same to the last digit.</summary>
    private static double[] Exponential(double start, double factor, int count)
    {
        var bounds = new double[count];
        for (var at = 0; at < count; at++, start *= factor)
        {
            bounds[at] = start;
        }

        return bounds;
    }

    internal ControllerMetrics ForController(string name, int workers)
    {
        var metrics = new ControllerMetrics(instruments, name, workers);
        lock (gate)
        {
            controllers.Add(metrics);
        }

        return metrics;
    }

    private IStore[] Stores()
    {
        lock (gate)
        {
            return [.. stores];
        }
    }

    private Measurement<long>[] Leases()
    {
        lock (gate)
        {
            return [.. leases.Select(lease => new Measurement<long>(lease.Value ? 1 : 0, new KeyValuePair<string, object?>("name", lease.Key)))];
        }
    }

    private ControllerMetrics[] Controllers()
    {
        lock (gate)
        {
            return [.. controllers];
        }
    }

    private IEnumerable<Measurement<long>> Controllers(Func<ControllerMetrics, long> value) =>
        Controllers().Select(each => new Measurement<long>(value(each), new KeyValuePair<string, object?>("controller", each.Name)));

    private IEnumerable<Measurement<double>> Queues(Func<ControllerMetrics, double> value) =>
        Controllers().Select(each => new Measurement<double>(value(each), new("name", each.Name), new("controller", each.Name)));

    private IEnumerable<Measurement<long>> Depths() =>
        from each in Controllers()
        where each.Queue is not null
        from depth in each.Queue!.Depths()
        select new Measurement<long>(depth.Depth, new("name", each.Name), new("controller", each.Name), new("priority", ((int)depth.Priority).ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>The instruments that controllers share.</summary>
    internal sealed class Instruments(Meter meter)
    {
        public Counter<long> Reconciles { get; } = meter.CreateCounter<long>("controller_runtime_reconcile_total", description: "Total number of reconciliations per controller.");

        public Counter<long> ReconcileErrors { get; } = meter.CreateCounter<long>("controller_runtime_reconcile_errors_total", description: "Total number of reconciliation errors per controller.");

        public Counter<long> TerminalErrors { get; } = meter.CreateCounter<long>("controller_runtime_terminal_reconcile_errors_total", description: "Total number of terminal reconciliation errors per controller.");

        public Counter<long> Panics { get; } = meter.CreateCounter<long>("controller_runtime_reconcile_panics_total", description: "Total number of reconciliation panics per controller.");

        public Counter<long> Timeouts { get; } = meter.CreateCounter<long>("controller_runtime_reconcile_timeouts_total", description: "Total number of reconciliation timeouts per controller.");

        public Histogram<double> ReconcileTime { get; } = meter.CreateHistogram("controller_runtime_reconcile_time_seconds", description: "Length of time per reconciliation per controller.", advice: Buckets(ReconcileBuckets));

        public Counter<long> QueueAdds { get; } = meter.CreateCounter<long>("workqueue_adds_total", description: "Total number of adds handled by workqueue.");

        public Counter<long> QueueRetries { get; } = meter.CreateCounter<long>("workqueue_retries_total", description: "Total number of retries handled by workqueue.");

        public Histogram<double> QueueDuration { get; } = meter.CreateHistogram("workqueue_queue_duration_seconds", description: "How long in seconds an item stays in workqueue before being requested.", advice: Buckets(QueueBuckets));

        public Histogram<double> WorkDuration { get; } = meter.CreateHistogram("workqueue_work_duration_seconds", description: "How long in seconds processing an item from workqueue takes.", advice: Buckets(QueueBuckets));

        private static InstrumentAdvice<double> Buckets(double[] bounds) => new() { HistogramBucketBoundaries = bounds };
    }
}
