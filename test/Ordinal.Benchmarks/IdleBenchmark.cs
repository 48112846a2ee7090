using System.Globalization;
using System.Text.Json.Nodes;

namespace Ordinal.Benchmarks;

/// <summary>
/// What an operator sends that has nothing to do: <c>ordinal run</c> as a process of its own, its requests counted at the server. Once at rest, once
/// while a rollout is held by a gate that gives no answer.
/// </summary>
internal sealed class IdleBenchmark : IPlaneBenchmark
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(25);

    /// <summary>How often a rollout that waits may tell of its progress.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    public string Name => "idle";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartNotedAsync(plane, TimeSpan.FromMilliseconds(20), cancellationToken);
        await cluster.CreateSetAsync("web", 3, "Parallel", cancellationToken);

        // Port 1 of the loopback net refuses at once.
        var gate = new JsonObject
        {
            ["name"] = "raft",
            ["type"] = "Etcd",
            ["etcd"] = new JsonObject { ["scheme"] = "http", ["port"] = 1, ["hostTemplate"] = "127.0.0.1" },
        };
        await cluster.CreatePolicyAsync("web", "Auto", 1, [gate], cancellationToken);
        await using var ordinal = OperatorRun.Start(cluster.Kubeconfig);
        await BenchCluster.UntilAsync("web is held", () => IsHeldAsync(cluster, cancellationToken), cancellationToken);
        var atRest = await CountAsync(cluster, ordinal, cancellationToken);
        await cluster.ChangeTemplateAsync("web", "app:v2", cancellationToken);
        await cluster.UntilRolloutWaitsAsync("gate raft", cancellationToken);
        var held = await CountAsync(cluster, ordinal, cancellationToken);
        return [atRest.Figure("requests at rest", 0), held.Figure("requests while a gate holds", (int)Math.Ceiling(Time / ProgressInterval))];
    }

    private static async Task<bool> IsHeldAsync(BenchCluster cluster, CancellationToken cancellationToken) => await cluster.PartitionAsync("web", cancellationToken) >= 999_999_999;

    private static async Task<Idle> CountAsync(BenchCluster cluster, OperatorRun ordinal, CancellationToken cancellationToken)
    {
        // The last words about what just happened: a reason is told at most every 3 s, progress every 10 s, and leases, events and watches come on top.
        await Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System, cancellationToken);
        var before = (await cluster.SentAsync(cancellationToken)).Count;
        var processor = ordinal.ProcessorTime();
        await Task.Delay(Time, TimeProvider.System, cancellationToken);
        processor = ordinal.ProcessorTime() - processor;
        var sent = (await cluster.SentAsync(cancellationToken)).Skip(before).ToList();
        return new Idle([.. sent.Where(each => !each.IsExpected)], sent.Count(each => each.IsExpected), processor / Time);
    }

    /// <param name="Others">What is neither a watch nor about the lease.</param>
    /// <param name="Expected">Watches and the lease.</param>
    /// <param name="Processor">Share of one processor.</param>
    private sealed record Idle(IReadOnlyList<SentRequest> Others, int Expected, double Processor)
    {
        /// <param name="most">How many status writes are allowed beside watches and the lease; nothing else is.</param>
        public Figure Figure(string name, int most)
        {
            var which = Others.Count == 0 ? "" : ": " + string.Join(", ", Others.GroupBy(each => each).Select(each => $"{each.Count()} {each.Key.Method} {each.Key.Path}"));
            return new Figure(
                string.Create(CultureInfo.InvariantCulture, $"{name}, in {Time.TotalSeconds:0} s"),
                string.Create(CultureInfo.InvariantCulture, $"{Others.Count} beside {Expected} of watch and lease, CPU {Processor * 100:0.0} %{which}"),
                most == 0 ? "none beside watch and lease, CPU <= 1 %" : string.Create(CultureInfo.InvariantCulture, $"<= {most} status writes beside watch and lease"),
                Others.Count <= most && (most > 0 || Processor <= 0.01) && Others.All(each => each.Path.EndsWith("/status", StringComparison.Ordinal)));
        }
    }
}
