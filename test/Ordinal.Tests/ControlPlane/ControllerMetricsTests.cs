using System.Globalization;
using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

/// <summary>What the controllers tell of themselves (statefulset.md §2.13), under the names, labels and bounds of a real kube-controller-manager.</summary>
public sealed class ControllerMetricsTests
{
    private const string Labels = """{pod_management_policy="Parallel",statefulset_name="web",statefulset_namespace="default"}""";

    [Test]
    public void With_the_gate_a_set_tells_its_budget_and_what_of_it_is_used_up()
    {
        SimulatedCluster cluster = Rolled(1, Document(), With(new StatefulSetSwitches { MaxUnavailable = true }));
        cluster.Settle();
        Assert.That(Value(cluster, "statefulset_controller_statefulset_max_unavailable" + Labels), Is.EqualTo(2));
        Assert.That(Value(cluster, "statefulset_controller_statefulset_unavailable_replicas" + Labels), Is.Zero);
        cluster.MakeReady("web-0", false);
        cluster.Settle();
        Assert.That(Value(cluster, "statefulset_controller_statefulset_unavailable_replicas" + Labels), Is.EqualTo(1));
        Assert.That(Metrics(cluster), Does.Contain("# HELP statefulset_controller_statefulset_max_unavailable [ALPHA] Maximum number of unavailable pods allowed during StatefulSet rolling updates\n"
            + "# TYPE statefulset_controller_statefulset_max_unavailable gauge\n"));
    }

    [Test]
    public void Without_the_gate_it_tells_neither()
    {
        SimulatedCluster cluster = Rolled(2, Document());
        cluster.Settle();
        Assert.That(Metrics(cluster), Does.Not.Contain("statefulset_unavailable_replicas").And.Not.Contain("statefulset_max_unavailable"));
    }

    [Test]
    public void The_queue_of_sets_counts_what_goes_through_it()
    {
        SimulatedCluster cluster = Rolled(3, Document());
        cluster.Settle();
        const string Queue = """{name="statefulset"}""";
        double before = Value(cluster, "workqueue_adds_total" + Queue);
        Assert.That(before, Is.Positive);
        Assert.That(Value(cluster, "workqueue_depth" + Queue), Is.Zero);
        Assert.That(Value(cluster, "workqueue_unfinished_work_seconds" + Queue), Is.Zero);
        Assert.That(Value(cluster, "workqueue_queue_duration_seconds_count" + Queue), Is.EqualTo(before));
        Assert.That(Value(cluster, "workqueue_work_duration_seconds_count" + Queue), Is.EqualTo(before));
        Assert.That(Value(cluster, """workqueue_work_duration_seconds_bucket{name="statefulset",le="+Inf"}"""), Is.EqualTo(before));
        cluster.PatchSet("""{"metadata":{"labels":{"a":"b"}}}""");
        cluster.Settle();
        Assert.That(Value(cluster, "workqueue_adds_total" + Queue), Is.GreaterThan(before));

        // Go's sums of tenfolds, as every dashboard knows them.
        string[] bounds = [.. Metrics(cluster).Split('\n').Where(line => line.StartsWith("workqueue_queue_duration_seconds_bucket{name=\"statefulset\"", StringComparison.Ordinal)).Select(line => line.Split("le=\"")[1].Split('"')[0])];
        Assert.That(bounds, Is.EqualTo(new[] { "1e-08", "1e-07", "1e-06", "9.999999999999999e-06", "9.999999999999999e-05", "0.001", "0.01", "0.1", "1", "10", "+Inf" }));
    }

    [Test]
    public void A_key_waits_and_is_worked_on_for_as_long_as_it_is()
    {
        SimulatedWorld world = new(4);
        WorkQueue<string> queue = new(world.Time);
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        world.RunFor(TimeSpan.FromSeconds(2));
        string key = world.Run(() => queue.TakeAsync(CancellationToken.None), TimeSpan.FromSeconds(1));
        queue.Add("a");
        world.RunFor(TimeSpan.FromSeconds(3));
        queue.AddRateLimited("b");
        MetricsText busy = new();
        queue.WriteMetrics(busy, "q");
        queue.Done(key);
        MetricsText after = new();
        queue.WriteMetrics(after, "q");
        Assert.That(Values(busy.ToString()), Is.SupersetOf(new Dictionary<string, double>
        {
            ["""workqueue_adds_total{name="q"}"""] = 3,
            ["""workqueue_depth{name="q"}"""] = 2,
            ["""workqueue_retries_total{name="q"}"""] = 1,
            ["""workqueue_longest_running_processor_seconds{name="q"}"""] = 3,
            ["""workqueue_unfinished_work_seconds{name="q"}"""] = 3,
            ["""workqueue_queue_duration_seconds_sum{name="q"}"""] = 2,
            ["""workqueue_work_duration_seconds_count{name="q"}"""] = 0,
        }));
        Assert.That(Values(after.ToString()), Is.SupersetOf(new Dictionary<string, double>
        {
            ["""workqueue_unfinished_work_seconds{name="q"}"""] = 0,
            ["""workqueue_work_duration_seconds_sum{name="q"}"""] = 3,
            ["""workqueue_work_duration_seconds_bucket{name="q",le="1"}"""] = 0,
            ["""workqueue_work_duration_seconds_bucket{name="q",le="10"}"""] = 1,
        }));
    }

    private static StatefulSetDocument Document() => new() { IsParallel = true, Replicas = 4, Strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"50%"}}""" };

    private static EmbeddedClusterOptions With(StatefulSetSwitches switches) => new() { Controllers = new ControllerManagerOptions { StatefulSets = switches } };

    private static string Metrics(SimulatedCluster cluster) => Encoding.UTF8.GetString(cluster.Send(new ApiCall("GET", "/metrics")).Body.Span);

    private static double Value(SimulatedCluster cluster, string line) => Values(Metrics(cluster))[line];

    private static Dictionary<string, double> Values(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
