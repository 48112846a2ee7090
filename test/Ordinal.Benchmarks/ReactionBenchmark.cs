using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Client;

namespace Ordinal.Benchmarks;

/// <summary>
/// How fast the operator goes on: from the moment it has read all that a step waits for (the pod before is ready, the StatefulSet's status counts it) to
/// the moment it sends the intent, and from the answer to that to the action. Whatever it does in between counts, writes of its own included; for the
/// action only the live GET is taken off. The times are taken at the operator's own transport, over HTTPS against the embedded control plane.
/// </summary>
internal sealed class ReactionBenchmark : IBenchmark
{
    /// <summary>Code is compiled anew when it was called 30 times. What is shipped is compiled before; here that must be over before the measurement begins.</summary>
    private const int WarmUp = 40;

    private const int Pods = 120;

    public string Name => "reaction";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken) =>
        [.. await RollAsync("OnDelete", cancellationToken), .. await RollAsync("Partition", cancellationToken)];

    private static async Task<IReadOnlyList<Figure>> RollAsync(string driver, CancellationToken cancellationToken)
    {
        await using var cluster = await BenchCluster.StartAsync(TimeSpan.FromMilliseconds(20), null, cancellationToken);
        await cluster.CreateSetAsync("warm", WarmUp, "Parallel", cancellationToken);
        await cluster.CreateSetAsync("web", Pods, "Parallel", cancellationToken);
        using var transport = KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.Kubeconfig, UserAgent = "ordinal/bench" }, TimeProvider.System);
        var recorder = new RecordingTransport(transport);
        using var composition = new OperatorComposition(recorder, new OperatorOptions { Identity = "bench" }, null, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = composition.RunAsync(stopping.Token);
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
            await cluster.ChangeTemplateAsync("web", "app:v2", cancellationToken);
            await cluster.UntilRolloutsEndAsync(2, cancellationToken);
        }
        finally
        {
            await stopping.CancelAsync();
            await running;
        }

        var steps = ReactionSteps.Read(recorder.Take(), "web", Pods);
        var reaction = new Samples();
        var action = new Samples();
        foreach (var step in steps)
        {
            if (step.Reaction is { } took)
            {
                reaction.Add(took);
            }

            action.Add(step.Action);
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
            action.Figure($"{driver}: intent answered to action sent", 0.99, TimeSpan.FromMilliseconds(2)),
        ];
    }
}
