using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Operator.Demo;

/// <summary>One of the demo's scenarios: what it applies, runs and changes.</summary>
/// <param name="Sample">The manifest that it applies unless the user names another.</param>
/// <param name="Program">The program that its pods run; empty when they are simulated.</param>
/// <param name="Package">Debian's package of that program.</param>
/// <param name="Change">Plans the change of the template; throws <see cref="DemoFailedException"/> when the manifest has not what it changes.</param>
/// <param name="RunAsync">Rolls an ensemble of real servers and judges; null for the scenario of simulated pods.</param>
internal sealed record DemoScenario(
    string Sample, string Program, string Package, Func<Manifest, TemplateChange> Change, Func<DemoRun, CancellationToken, Task<Proof>>? RunAsync)
{
    /// <summary>Gets a value indicating whether real servers run.</summary>
    public bool IsEnsemble => RunAsync is not null;

    /// <summary>Finds a scenario by its name on the command line, one of the names that <see cref="DemoCommand"/> accepts.</summary>
    public static DemoScenario Of(string name) => name switch
    {
        "etcd" => new("config/samples/etcd.yaml", "etcd", "etcd-server", TemplateChange.OfEtcd, EtcdScenario.RunAsync),
        "zookeeper" => new("config/samples/zookeeper.yaml", "zkServer.sh", "zookeeper", TemplateChange.OfZooKeeper, ZooKeeperScenario.RunAsync),
        "generic" => new("config/samples/generic.yaml", "", "", TemplateChange.OfImage, null),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such scenario"),
    };
}
