using NUnit.Framework;
using NUnit.Framework.Interfaces;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance.Replay;

/// <summary>
/// Replays what a real 1.36.2 was seen to do. In process it runs in virtual time, on several seeds, and every counter on the way must be
/// as recorded.
/// </summary>
public sealed class TraceReplayTests(ClusterKind kind) : ConformanceTests(kind)
{
    private static readonly int[] Seeds = [1, 2, 3];

    private static string Scenario => (string)TestContext.CurrentContext.Test.Arguments[0]!;

    [TestCaseSource(typeof(Trace), nameof(Trace.Names)), TraceRule]
    public async Task A_cluster_does_what_was_recorded(string scenario)
    {
        var trace = Trace.Read(scenario);
        if (Kind is ClusterKind.InProcess)
        {
            if (trace.Entries.Any(entry => entry is TraceEntry.Act { IsKubectl: true } call && !call.What.Contains("--watch=false", StringComparison.Ordinal)))
            {
                Assert.Ignore("kubectl needs a socket");
            }

            foreach (var seed in Seeds)
            {
                await ReplayAsync(trace, new VirtualReplay(seed, trace.Namespace), $"seed {seed}: ");
            }
        }
        else
        {
            await ReplayAsync(trace, new SpaceReplay(Space), "");
        }
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync() =>
        Kind is ClusterKind.InProcess ? null : await Space.CreateAsync(await SharedClusters.GetAsync(Kind, ClusterVariant.Recorded), "t-" + Scenario);

    private static async Task ReplayAsync(Trace trace, IReplayCluster cluster, string prefix)
    {
        var replayer = new Replayer(trace, cluster);
        var differences = await replayer.RunAsync();
        foreach (var call in replayer.LeftOut)
        {
            TestContext.Out.WriteLine($"left out: {call}");
        }

        Assert.That(differences, Is.Empty, $"{prefix}{trace.About}\n{string.Join('\n', differences)}");
    }

    private sealed class TraceRuleAttribute() : RuleAttribute("TRACE-*")
    {
        protected override string IdOf(ITest test) => $"TRACE-{test.Arguments[0]}";
    }
}
