using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Exec;
using Ordinal.Integration.Kubelet;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>An exec gate whose command runs as a process in a pod of the embedded cluster: what it finds there is the verdict.</summary>
public sealed class ExecInPodTests
{
    private const string Pod = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db-0","namespace":"default"},"spec":{
          "terminationGracePeriodSeconds":1,"volumes":[{"name":"data","emptyDir":{}}],
          "containers":[{"name":"db","image":"none","command":["sh","-c","echo 3 > $ORDINAL_MOUNT_DATA/lag; exec sleep 1000"],"volumeMounts":[{"name":"data","mountPath":"/data"}]}]}}
        """;

    private LocalCluster cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        cluster = await LocalCluster.StartAsync(new LocalClusterOptions { Nodes = 1, RunsProcesses = true, Path = "/usr/bin:/bin" }, TimeProvider.System, CancellationToken.None);
        using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(cluster.Kubeconfig), TimeProvider.System);
        var made = await door.SendAsync(
            new ApiCall("POST", "/api/v1/namespaces/default/pods", "") { ContentType = "application/json", Body = System.Text.Encoding.UTF8.GetBytes(Pod) }, CancellationToken.None);
        Assert.That(made.StatusCode, Is.EqualTo(201));

        // The file is there a moment after the process.
        using var transport = Connect();
        await ProcessMarks.EventuallyAsync(
            () => PodExec.Over(transport)!.RunAsync(new ExecRequest("default", "db-0", "db", ["test", "-s", "/data/lag"], 4096), CancellationToken.None).GetAwaiter().GetResult().ExitCode == 0,
            "the pod runs");
    }

    [OneTimeTearDown]
    public Task StopAsync() => cluster.DisposeAsync().AsTask();

    [TestCase("test $(cat $ORDINAL_MOUNT_DATA/lag) -le 5 && echo lag $(cat $ORDINAL_MOUNT_DATA/lag)", GateVerdict.Allow, "GateOpen", "lag 3")]
    [TestCase("echo lag $(cat $ORDINAL_MOUNT_DATA/lag); test $(cat $ORDINAL_MOUNT_DATA/lag) -le 2", GateVerdict.Deny, "ExecDenied", "lag 3")]
    [TestCase("exit 4", GateVerdict.Unknown, "ExecInconclusive", "ended with 4")]
    [TestCase("kill -9 $$", GateVerdict.Unknown, "ExecInconclusive", "137")]
    [TestCase("exec sleep 1000", GateVerdict.Unknown, "ProbeUnreachable", "within 2 s")]
    public async Task What_the_command_ends_with_is_the_verdict(string script, GateVerdict verdict, string code, string words)
    {
        Probes.Expect(await AskAsync("sh", "-c", script), verdict, ReasonCodes.Find(code)!, words, "db-0");
    }

    [Test]
    public async Task A_command_that_is_not_there_is_a_matter_of_configuration()
    {
        Probes.Expect(await AskAsync("check-replica"), GateVerdict.Misconfigured, ReasonCodes.ExecCommandMissing, "db-0");
    }

    private async Task<GateReport> AskAsync(params string[] command)
    {
        using var transport = Connect();
        var plan = Ordinal.Gates.Probing.ProbePlan.Default with { RequestTimeout = command is ["sh", "-c", "exec sleep 1000"] ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(30) };
        using var gate = new ExecGateFactory(PodExec.Over(transport), TimeProvider.System).Create(new ExecGateOptions { Plan = plan, Container = "db", Command = [.. command] });
        var context = new GateContext
        {
            WorkloadUid = "w",
            Namespace = "default",
            Name = "db",
            Service = "peers",
            Pods = [new GateTarget { Pod = "db-0", Uid = "uid-0", Ordinal = 0, Revision = "new", Address = "127.0.0.1", IsReady = true }],
            Gates = [new GateBinding(new GatePolicy { Name = "g", Type = gate.Type }, gate)],
        };
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        return (await keeper.AskAsync(context, [new GateQuestion("g", GatePhase.AfterPod, ["uid-0"], "new")], CancellationToken.None)).Single();
    }

    private KubernetesTransport Connect() => KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = cluster.Kubeconfig }, TimeProvider.System);
}
