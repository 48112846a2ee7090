using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Operating;

namespace Ordinal.Integration.Scenarios;

/// <summary>One cluster with one operator on it, for all scenarios: each has a namespace of its own.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>More than all scenarios together: none shall wait for another's place.</summary>
    private const int MostRollouts = 1000;

    private Stage(SimulatedCluster cluster, RunningOperator running, ScriptedGates gates) => (Cluster, Operator, Gates) = (cluster, running, gates);

    public SimulatedCluster Cluster { get; }

    public RunningOperator Operator { get; }

    public ScriptedGates Gates { get; }

    public static async Task<Stage> StartAsync(ClusterKind kind)
    {
        var cluster = await SimulatedCluster.StartAsync(kind);
        await OperatorAccount.LetRollNativelyAsync(cluster);
        var gates = new ScriptedGates();
        return new Stage(cluster, new RunningOperator(cluster, gates: gates, loudness: LogLevel.Information, most: MostRollouts), gates);
    }

    public async ValueTask DisposeAsync()
    {
        await Operator.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}

/// <summary>The stages, each started by the first scenario that needs it.</summary>
[SetUpFixture]
public sealed class Stages
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<ClusterKind, Task<Stage>> Started = [];

    internal static Task<Stage> GetAsync(ClusterKind kind)
    {
        lock (Gate)
        {
            return Started.TryGetValue(kind, out var stage) ? stage : Started[kind] = Stage.StartAsync(kind);
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var stage in Started.Values.Where(stage => stage.IsCompletedSuccessfully))
        {
            await (await stage).DisposeAsync();
        }
    }
}
