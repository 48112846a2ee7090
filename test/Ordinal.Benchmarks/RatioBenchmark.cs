using System.Globalization;

namespace Ordinal.Benchmarks;

/// <summary>
/// A rollout beside the built-in controller that does the same, at the same time, on the same API server: 20 pods that take 2 s to start, no gates,
/// minReadyDuration 0. The operator is a process of its own; its writes are counted at the server.
/// </summary>
internal sealed class RatioBenchmark : IPlaneBenchmark
{
    private const int Pods = 20;
    private static readonly TimeSpan BootTime = TimeSpan.FromSeconds(2);

    public string Name => "ratio";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartNotedAsync(plane, BootTime, cancellationToken);
        string[] all = ["builtin", "partition", "ondelete"];
        await Task.WhenAll(all.Select(name => cluster.CreateSetAsync(name, Pods, "Parallel", cancellationToken)));
        await cluster.CreatePolicyAsync("partition", "Partition", 1, null, cancellationToken);
        await cluster.CreatePolicyAsync("ondelete", "OnDelete", 5, null, cancellationToken);
        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig);
        await cluster.UntilHeldAsync("partition", cancellationToken);
        await cluster.UntilHeldAsync("ondelete", cancellationToken);
        var before = (await cluster.SentAsync(cancellationToken)).Count;

        var times = await Task.WhenAll(all.Select(name => RollAsync(cluster, name, cancellationToken)));
        await cluster.UntilRolloutsEndAsync(2, cancellationToken);
        var writes = new Writes([.. (await cluster.SentAsync(cancellationToken)).Skip(before).Where(each => each.Method is not ("GET" or "WATCH"))]);
        var (builtin, partition, onDelete) = (times[0], times[1], times[2]);
        return
        [
            Ratio("Partition beside the built-in controller", partition, builtin, 1.05),
            Ratio("OnDelete, 5 at a time, beside it", onDelete, builtin, 0.25),
            writes.Actions("Partition: spec writes and evictions", "partition"),
            writes.Actions("OnDelete: spec writes and evictions", "ondelete"),
            writes.Statuses("Partition: status writes", "partition", partition),
            writes.Statuses("OnDelete: status writes", "ondelete", onDelete),
        ];
    }

    private static async Task<TimeSpan> RollAsync(BenchCluster cluster, string name, CancellationToken cancellationToken)
    {
        await cluster.ChangeTemplateAsync(name, "app:v2", cancellationToken);
        return await cluster.UntilRolledAsync(name, cancellationToken);
    }

    private static Figure Ratio(string name, TimeSpan took, TimeSpan builtin, double target) => new(
        name,
        string.Create(CultureInfo.InvariantCulture, $"{took / builtin:0.000} x: {took.TotalSeconds:0.0} s beside {builtin.TotalSeconds:0.0} s"),
        string.Create(CultureInfo.InvariantCulture, $"<= {target:0.00} x"),
        took / builtin <= target);

    /// <summary>Counts what the operator writes, by the StatefulSet that it is about.</summary>
    private sealed class Writes(IReadOnlyList<SentRequest> all)
    {
        /// <summary>Beside one for each pod: taking and giving back the claim, and under OnDelete the strategy there and back.</summary>
        private const int Frame = 5;

        public Figure Actions(string name, string set)
        {
            var count = all.Count(call => (call.Method == "PATCH" && call.Path.EndsWith($"/statefulsets/{set}", StringComparison.Ordinal))
                || (call.Path.Contains($"/pods/{set}-", StringComparison.Ordinal) && call.Method is "POST" or "DELETE"));
            return new Figure(name, string.Create(CultureInfo.InvariantCulture, $"{count} for {Pods} pods"), string.Create(CultureInfo.InvariantCulture, $"<= 1 a pod and {Frame} a rollout"), count <= Pods + Frame);
        }

        public Figure Statuses(string name, string set, TimeSpan took)
        {
            // Two a pod, one of progress every 10 s, and those that begin and end the rollout.
            var most = (2 * Pods) + (int)(took / TimeSpan.FromSeconds(10)) + Frame;
            var count = all.Count(call => call.Method == "PATCH" && call.Path.EndsWith("/status", StringComparison.Ordinal) && call.Path.Contains($"/statefulsetrollouts/{set}-", StringComparison.Ordinal));
            return new Figure(name, string.Create(CultureInfo.InvariantCulture, $"{count} for {Pods} pods"), string.Create(CultureInfo.InvariantCulture, $"<= 2 a pod, {most} in all"), count <= most);
        }
    }
}
