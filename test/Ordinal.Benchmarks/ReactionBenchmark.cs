using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Client;

namespace Ordinal.Benchmarks;

/// <summary>
/// How fast the operator goes on: from the moment it has read all that a step waits for (the pod before is ready, the StatefulSet's status counts it) to
/// the moment it sends the intent, and from the answer to that to the action. Whatever it does in between counts, writes of its own included; for the
/// action only the live GET is taken off. The times are taken at the operator's own transport, over HTTPS against a control plane that is a process
/// of its own: in this one, its collections would stop the operator too. How long the operator's own collections stopped it within one step is printed beside.
/// </summary>
internal sealed class ReactionBenchmark : IPlaneBenchmark
{
    /// <summary>Code is compiled anew when it was called 30 times. What is shipped is compiled before; here that must be over before the measurement begins.</summary>
    private const int WarmUp = 40;

    private const int Pods = 120;

    public string Name => "reaction";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken) =>
        [.. await RollAsync(plane, "OnDelete", cancellationToken), .. await RollAsync(plane, "Partition", cancellationToken)];

    private static async Task<IReadOnlyList<Figure>> RollAsync(BenchPlane plane, string driver, CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartApartAsync(plane, TimeSpan.FromMilliseconds(20), cancellationToken);
        await cluster.CreateSetAsync("warm", WarmUp, "Parallel", cancellationToken);
        await cluster.CreateSetAsync("web", Pods, "Parallel", cancellationToken);
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.Kubeconfig, UserAgent = "ordinal/bench" }, TimeProvider.System);
        var recorder = new RecordingTransport(transport);
        using var composition = new OperatorComposition(recorder, new OperatorOptions { Identity = "bench" }, null, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = composition.RunAsync(stopping.Token);
        int[] collections = [];
        try
        {
            foreach (var set in (string[])["warm", "web"])
            {
                await cluster.CreatePolicyAsync(set, driver, 1, null, cancellationToken);
                await cluster.UntilHeldAsync(set, cancellationToken);
            }

            await cluster.ChangeTemplateAsync("warm", "app:v2", cancellationToken);
            await cluster.UntilRolloutsEndAsync(1, cancellationToken);
            recorder.Clear();
            collections = Collections();
            await cluster.ChangeTemplateAsync("web", "app:v2", cancellationToken);
            await cluster.UntilRolloutsEndAsync(2, cancellationToken);
        }
        finally
        {
            await stopping.CancelAsync();
            await running;
        }

        var ran = string.Join('/', Collections().Zip(collections, (after, before) => after - before));
        var steps = ReactionSteps.Read(recorder.Take(), "web", Pods);
        var reaction = new Samples();
        var action = new Samples();
        var pause = TimeSpan.Zero;
        foreach (var step in steps)
        {
            if (step.Reaction is { } took)
            {
                reaction.Add(took);
            }

            action.Add(step.Action);
            pause = step.Collecting > pause ? step.Collecting : pause;
        }

        if (steps.Count != Pods || reaction.Count < Pods * 9 / 10)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{steps.Count} steps and {reaction.Count} reactions were recognised of {Pods} pods"));
        }

        return
        [
            reaction.Figure($"{driver}: event seen to intent sent", 0.5, TimeSpan.FromMilliseconds(5)),
            reaction.Figure($"{driver}: event seen to intent sent", 0.99, TimeSpan.FromMilliseconds(25)),
            action.Figure($"{driver}: intent answered to action sent", 0.5, TimeSpan.FromMilliseconds(2)),
            WithPause(action.Figure($"{driver}: intent answered to action sent", 0.99, TimeSpan.FromMilliseconds(2)), pause, ran),
        ];
    }

    private static int[] Collections() => [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)];

    /// <param name="pause">Longest that collections stopped this process within one step.</param>
    /// <param name="ran">How many collections there were in the whole rollout, of each generation and those below it.</param>
    private static Figure WithPause(Figure figure, TimeSpan pause, string ran) =>
        figure with { Measured = string.Create(CultureInfo.InvariantCulture, $"{figure.Measured}; collections {ran}, {pause.TotalMilliseconds:0.00} ms at most in a step") };
}
