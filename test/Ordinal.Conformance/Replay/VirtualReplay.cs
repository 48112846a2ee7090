using System.Collections.Immutable;
using System.Text;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes;
using Ordinal.Simulation.Harness;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Replay;

/// <summary>An embedded cluster in virtual time, called in this process. The seed decides what comes first among things at the same time.</summary>
internal sealed class VirtualReplay : IReplayCluster
{
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(5);
    private readonly SimulatedWorld world;
    private readonly IClusterDoor door;
    private readonly Recorder recorder;

    public VirtualReplay(int seed, string @namespace)
    {
        world = new SimulatedWorld(seed);
        var cluster = world.Run(() => EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { Nodes = 0, Seed = seed }, world.Time, CancellationToken.None), Horizon);
        door = cluster.Door;
        var client = new ClusterClient(door, "kubelet/v1.36.2");
        world.Run(() => NodeRegistrar.RegisterAsync(client, new NodeIdentity("fake-0", "10.0.0.1"), "", world.Time, CancellationToken.None), Horizon);
        world.Start(() => new SmallKubelet(client, world.Time).RunAsync(CancellationToken.None));
        var body = Encoding.UTF8.GetBytes("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"NAME"}}""".Replace("NAME", @namespace, StringComparison.Ordinal));
        var made = KubeObject.Parse(Send(new ApiCall("POST", "/api/v1/namespaces") { ContentType = "application/json", Body = body }).Body);
        recorder = world.Run(() => Task.FromResult(new Recorder(door, @namespace, made.ResourceVersion)), Horizon);
    }

    public ImmutableArray<Seen> Events => recorder.Events;

    public bool IsVirtual => true;

    public Kubectl? Kubectl => null;

    public Task<ApiAnswer> SendAsync(ApiCall call) => Task.FromResult(Send(call));

    public Task PassAsync(TimeSpan recorded, Func<bool> isSo)
    {
        world.RunFor(recorded);
        return Task.CompletedTask;
    }

    public Task QuietAsync() => Task.CompletedTask;

    private ApiAnswer Send(ApiCall call) => world.Run(() => door.SendAsync(call, CancellationToken.None), Horizon);
}
