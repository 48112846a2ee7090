using System.Diagnostics.Metrics;
using NUnit.Framework;
using Ordinal.Runtime.Metrics;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class MetricsTests
{
    [Test]
    public void Instruments_are_written_as_prometheus_reads_them()
    {
        using var meter = new Meter("golden");
        using var exporter = new PrometheusExporter(each => each == meter);
        var counter = meter.CreateCounter<long>("requests_total", description: "Requests,\nby code.");
        var histogram = meter.CreateHistogram("took_seconds", description: "Time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        var values = new List<Measurement<double>> { new(1.5, new KeyValuePair<string, object?>("name", "a\"\\\n")) };
        meter.CreateObservableGauge("depth", () => values, description: "Depth.");
        meter.CreateCounter<long>("never_total");
        counter.Add(2, new("code", 200), new("a", "x"));
        counter.Add(3, new("a", "x"), new("code", 200));
        counter.Add(0);
        histogram.Record(0.1);
        histogram.Record(0.5);
        histogram.Record(7);

        Assert.That(exporter.Write(), Is.EqualTo("""
            # HELP depth Depth.
            # TYPE depth gauge
            depth{name="a\"\\\n"} 1.5
            # HELP requests_total Requests,\nby code.
            # TYPE requests_total counter
            requests_total 0
            requests_total{a="x",code="200"} 5
            # HELP took_seconds Time.
            # TYPE took_seconds histogram
            took_seconds_bucket{le="0.1"} 1
            took_seconds_bucket{le="1"} 2
            took_seconds_bucket{le="+Inf"} 3
            took_seconds_sum 7.6
            took_seconds_count 3

            """));
        values.Clear();
        Assert.That(exporter.Write(), Does.Not.Contain("depth"), "what is no longer reported is gone");
    }

    /// <summary>The names that dashboards made for controller-runtime ask for.</summary>
    [Test]
    public void A_running_controller_reports_under_controller_runtimes_names() => VirtualWorld.Run(1, TimeSpan.FromHours(1), async world =>
    {
        using var fixture = new Fixture(world);
        using var exporter = new PrometheusExporter(each => each == fixture.Metrics.Meter);
        fixture.Metrics.Leads("system/operator", true);
        using var loop = new Ordinal.Runtime.Controllers.ControllerLoop<Thing>(
            "things", fixture.Store, new Quiet(), new(), new(fixture.Api, world.Time), world.Time, fixture.Metrics, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        fixture.Server.Put("prod", "a");
        await fixture.StartAsync();
        using var term = new CancellationTokenSource();
        var running = loop.RunAsync(term.Token);
        await world.PassAsync(TimeSpan.FromSeconds(1));
        var text = exporter.Write();
        term.Cancel();
        await running;
        await fixture.StopAsync();

        foreach (var line in new[]
        {
            "controller_runtime_reconcile_total{controller=\"things\",result=\"error\"} 0",
            "controller_runtime_reconcile_total{controller=\"things\",result=\"requeue\"} 0",
            "controller_runtime_reconcile_total{controller=\"things\",result=\"requeue_after\"} 0",
            "controller_runtime_reconcile_total{controller=\"things\",result=\"success\"} 1",
            "controller_runtime_reconcile_errors_total{controller=\"things\"} 0",
            "controller_runtime_terminal_reconcile_errors_total{controller=\"things\"} 0",
            "controller_runtime_reconcile_panics_total{controller=\"things\"} 0",
            "controller_runtime_reconcile_timeouts_total{controller=\"things\"} 0",
            "controller_runtime_reconcile_time_seconds_bucket{controller=\"things\",le=\"0.005\"} 1",
            "controller_runtime_reconcile_time_seconds_bucket{controller=\"things\",le=\"60\"} 1",
            "controller_runtime_max_concurrent_reconciles{controller=\"things\"} 1",
            "controller_runtime_active_workers{controller=\"things\"} 0",
            "workqueue_depth{controller=\"things\",name=\"things\",priority=\"0\"} 0",
            "workqueue_adds_total{controller=\"things\",name=\"things\"} 1",
            "workqueue_retries_total{controller=\"things\",name=\"things\"} 0",
            "workqueue_queue_duration_seconds_bucket{controller=\"things\",name=\"things\",le=\"1e-08\"} 1",
            "workqueue_queue_duration_seconds_bucket{controller=\"things\",name=\"things\",le=\"9.999999999999999e-06\"} 1",
            "workqueue_work_duration_seconds_count{controller=\"things\",name=\"things\"} 1",
            "workqueue_unfinished_work_seconds{controller=\"things\",name=\"things\"} 0",
            "workqueue_longest_running_processor_seconds{controller=\"things\",name=\"things\"} 0",
            "rest_client_requests_total{code=\"200\",host=\"kubernetes\",method=\"GET\"} 2",
            "leader_election_master_status{name=\"system/operator\"} 1",
            "test_informer_objects{resource=\"things.example.dev\"} 1",
        })
        {
            Assert.That(text, Does.Contain(line + "\n"));
        }
    });

    private sealed class Quiet : Ordinal.Runtime.Controllers.IEntityController<Thing>
    {
        public Task<Ordinal.Runtime.Controllers.ReconciliationResult<Thing>> ReconcileAsync(Thing entity, CancellationToken cancellationToken) =>
            Task.FromResult(Ordinal.Runtime.Controllers.ReconciliationResult<Thing>.Success(entity));

        public Task<Ordinal.Runtime.Controllers.ReconciliationResult<Thing>> DeletedAsync(Thing entity, CancellationToken cancellationToken) => ReconcileAsync(entity, cancellationToken);
    }
}
