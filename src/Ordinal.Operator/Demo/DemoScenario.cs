using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Operator.Demo;

/// <summary>What came of a scenario.</summary>
/// <param name="Text">The proof, line by line.</param>
/// <param name="IsPassed">Whether every promise was kept.</param>
internal sealed record DemoVerdict(IReadOnlyList<string> Text, bool IsPassed);

/// <summary>One of the demo's scenarios: what it applies, runs and changes.</summary>
/// <param name="Sample">The manifest that it applies unless the user names another.</param>
/// <param name="Program">The program that its pods run; empty when they are simulated.</param>
/// <param name="Package">Debian's package of that program.</param>
/// <param name="Change">Plans the change of the template; throws <see cref="DemoFailedException"/> when the manifest has not what it changes.</param>
/// <param name="RunAsync">Rolls and judges.</param>
internal sealed record DemoScenario(
    string Sample, string Program, string Package, Func<Manifest, TemplateChange> Change, Func<DemoRun, CancellationToken, Task<DemoVerdict>> RunAsync)
{
    /// <summary>Gets a value indicating whether real servers run.</summary>
    public bool RunsProcesses => Program.Length > 0;

    /// <summary>Finds a scenario by its name on the command line, one of the names that <see cref="DemoCommand"/> accepts.</summary>
    public static DemoScenario Of(string name) => name switch
    {
        "etcd" => new("config/samples/etcd.yaml", "etcd", "etcd-server", TemplateChange.OfEtcd, async (run, token) => Verdict(await EtcdScenario.RunAsync(run, token))),
        "zookeeper" => new("config/samples/zookeeper.yaml", "zkServer.sh", "zookeeper", TemplateChange.OfZooKeeper, async (run, token) => Verdict(await ZooKeeperScenario.RunAsync(run, token))),
        "kafka" => new("config/samples/kafka-simulated.yaml", "", "", TemplateChange.OfImage, KafkaScenario.RunAsync),
        "generic" => new("config/samples/generic.yaml", "", "", TemplateChange.OfImage, GenericScenario.RunAsync),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such scenario"),
    };

    private static DemoVerdict Verdict(Proof proof) => new(ProofText.Write(proof), proof.IsPassed);
}
