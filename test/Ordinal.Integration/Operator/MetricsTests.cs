using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Operator.Metrics;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Integration.Operating;

/// <summary>What a scraper gets: exactly the metrics of the registry, with their types, labels and buckets.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed partial class MetricsTests(ClusterKind kind)
{
    [Test]
    public async Task A_rollout_shows_in_the_metrics_of_the_registry_and_its_series_go_with_the_policy()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        using var exporter = new PrometheusExporter(running.Meters.Contains);
        running.Measures.PolicyForgotten += (ns, name) => exporter.Forget(new("target_namespace", ns), new("policy", name));
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ChangeTemplateAsync("app:v2");
        await web.UntilRolloutAsync("True", "Completed");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");

        await cluster.UntilAsync("the rollout is counted", () => Task.FromResult(exporter.Write().Contains("ordinal_rollouts_total{outcome=\"Completed\",policy=\"web\",target_namespace=\"default\",type=\"Update\"} 1\n", StringComparison.Ordinal)), () => Task.FromResult(exporter.Write()));
        await cluster.UntilAsync("the policy shows as ready", () => Task.FromResult(exporter.Write().Contains("ordinal_policy_ready{policy=\"web\",reason=\"UpToDate\",target_namespace=\"default\"} 1\n", StringComparison.Ordinal)), () => Task.FromResult(exporter.Write()));
        var text = "";
        await cluster.UntilAsync("the operator has seen how it ended", () => Task.FromResult((text = exporter.Write()).Contains("state=\"Completed\"", StringComparison.Ordinal) && text.Contains("ordinal_statefulset_partition{statefulset=\"web\",target_namespace=\"default\"} 1000000000\n", StringComparison.Ordinal)), () => Task.FromResult(exporter.Write()));
        AssertIsInTheRegistry(text);
        Assert.That(text, Does.Contain("ordinal_rollout_info{driver=\"Partition\",policy=\"web\",rollout=\"web-"));
        Assert.That(text, Does.Contain("ordinal_rollout_duration_seconds_count{outcome=\"Completed\",type=\"Update\"} 1\n"));
        Assert.That(text, Does.Contain("ordinal_statefulset_replicas{state=\"desired\",statefulset=\"web\",target_namespace=\"default\"} 3\n"));
        Assert.That(text, Does.Match("ordinal_pod_update_duration_seconds_count\\{policy=\"web\",stage=\"Terminate\",target_namespace=\"default\"\\} [1-9]"));
        Assert.That(text, Does.Match("ordinal_last_successful_reconcile_timestamp_seconds\\{controller=\"rolloutpolicy\"\\} [0-9]"));
        Assert.That(Labels().Matches(text).Select(match => match.Groups[1].Value), Has.None.AnyOf("namespace", "pod", "job", "instance", "container"));

        await web.DeletePolicyAsync();
        await cluster.UntilAsync("the series are gone", () => Task.FromResult(!exporter.Write().Contains("policy=\"web\"", StringComparison.Ordinal)), () => Task.FromResult(exporter.Write()));
    }

    private static void AssertIsInTheRegistry(string text)
    {
        var types = TypeLine().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);
        Assert.Multiple(() =>
        {
            foreach (var (name, type) in types)
            {
                var known = MetricRegistry.All.FirstOrDefault(metric => metric.Name == name);
                Assert.That(known, Is.Not.Null, $"{name} is in the registry");
                Assert.That(type, Is.EqualTo(known?.Type.ToString().ToLowerInvariant()), name);
                Assert.That(text, Does.Contain($"# HELP {name} {known?.Help}\n"));
                foreach (Match series in Regex.Matches(text, $"^{name}(_bucket|_sum|_count)?(\\{{(.*)\\}})? ", RegexOptions.Multiline))
                {
                    var labels = Labels().Matches(series.Groups[2].Value).Select(match => match.Groups[1].Value).Where(label => label != "le");
                    Assert.That(labels, Is.EqualTo(known!.Labels), series.Value);
                }

                if (known is { Type: MetricType.Histogram })
                {
                    var bounds = Regex.Matches(text, $"^{name}_bucket\\{{.*le=\"([^\"]+)\"\\}}", RegexOptions.Multiline).Select(match => match.Groups[1].Value).Where(bound => bound != "+Inf").Distinct();
                    Assert.That(bounds.Select(bound => double.Parse(bound, CultureInfo.InvariantCulture)), Is.EqualTo(known.Buckets), name);
                }
            }
        });
    }

    [GeneratedRegex("^# TYPE ([a-z_]+) ([a-z]+)$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex("([a-z_]+)=\"")]
    private static partial Regex Labels();
}
