using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Integration.Gates;

/// <summary>Three or more etcd processes on a network of their own (127.x.y.0/24), seen by a gate as the pods etcd-0 and so on.</summary>
internal sealed class EtcdTestCluster : IDisposable
{
    /// <summary>For answers that come: long enough for a machine that stands still.</summary>
    internal static readonly EtcdGateOptions Patient = new() { Scheme = "http", RequestTimeout = TimeSpan.FromSeconds(20), DialTimeout = TimeSpan.FromSeconds(20) };

    /// <summary>For answers that never come. On a slow machine another one may come too late as well, so who asks like this asks until it is told what it waits for.</summary>
    internal static readonly EtcdGateOptions Hasty = Patient with { RequestTimeout = TimeSpan.FromSeconds(2), DialTimeout = TimeSpan.FromSeconds(1) };

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false });

    private readonly string folder = Directory.CreateTempSubdirectory("ordinal-etcd-").FullName;
    private readonly Socket claim;
    private readonly string net;
    private readonly Dictionary<int, EtcdServer> servers = [];
    private readonly Dictionary<int, GateTarget> pods = [];
    private readonly int size;
    private readonly string[] extra;
    private readonly GateKeeper keeper = new(TimeProvider.System, NullLogger<GateKeeper>.Instance);
    private IGate gate;
    private string target = "new";

    private EtcdTestCluster(int size, string[] extra)
    {
        this.size = size;
        this.extra = extra;
        (claim, net) = Claim();
        gate = null!;
        Configure(Patient);
    }

    internal static Task<EtcdTestCluster> StartAsync(params string[] extra) => StartAsync(3, extra);

    internal static async Task<EtcdTestCluster> StartAsync(int size, params string[] extra)
    {
        var cluster = new EtcdTestCluster(size, extra);
        try
        {
            for (var i = 0; i < size; i++)
            {
                cluster.Start(i);
            }

            await cluster.UntilAsync(async () => await cluster.AskAsync(GatePhase.AfterRollout), r => r.Verdict is GateVerdict.Allow);
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    internal void Configure(EtcdGateOptions options, string? user = null, string? password = null)
    {
        gate?.Dispose();
        gate = new EtcdGateFactory(TimeProvider.System).Create(options, new GateSecrets { Username = user, Password = password });
    }

    internal string Address(int ordinal) => $"{net}.{ordinal + 1}";

    /// <summary>Starts a member, on the data it had. A new incarnation of the pod, at the rollout's revision unless it is the first.</summary>
    internal void Start(int ordinal, string token = "t", string state = "new", string? initialCluster = null, string? program = null)
    {
        var ip = Address(ordinal);
        var peers = initialCluster ?? string.Join(',', Enumerable.Range(0, size).Select(Peer));
        servers[ordinal] = new EtcdServer(
            program ?? EtcdBinary.Path,
            Path.Combine(folder, $"log{ordinal}"),
            [
                "--name", $"etcd-{ordinal}", "--data-dir", Data(ordinal), "--initial-cluster", peers, "--initial-cluster-state", state, "--initial-cluster-token", token,
                "--listen-client-urls", $"http://{ip}:2379", "--advertise-client-urls", $"http://{ip}:2379", "--listen-peer-urls", $"http://{ip}:2380",
                "--initial-advertise-peer-urls", $"http://{ip}:2380", "--heartbeat-interval", "200", "--election-timeout", "3000", "--unsafe-no-fsync=true",
                "--logger", "zap", "--log-level", "warn", .. extra,
            ]);
        var isFirst = !pods.TryGetValue(ordinal, out var before);
        pods[ordinal] = new GateTarget
        {
            Pod = $"etcd-{ordinal}",
            Uid = isFirst ? $"uid-{ordinal}" : $"{before!.Uid}+",
            Ordinal = ordinal,
            Revision = isFirst ? "old" : target,
            Address = ip,
            IsReady = true,
        };
    }

    /// <summary>The next rollout begins: from now on members start at this revision, and questions are about it.</summary>
    internal void Begin(string revision) => target = revision;

    internal string Peer(int ordinal) => $"etcd-{ordinal}=http://{Address(ordinal)}:2380";

    internal void Hang(int ordinal) => servers[ordinal].Hang();

    internal void Resume(int ordinal) => servers[ordinal].Resume();

    internal bool HasEnded(int ordinal) => servers[ordinal].HasEnded;

    /// <summary>Ends a member in good order, as a kubelet does.</summary>
    internal async Task StopAsync(int ordinal)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        await servers[ordinal].StopAsync(deadline.Token);
        Kill(ordinal);
    }

    internal void Kill(int ordinal)
    {
        if (servers.Remove(ordinal, out var server))
        {
            server.Dispose();
        }

        pods[ordinal] = pods[ordinal] with { IsReady = false };
    }

    /// <summary>Changes some bytes in the database of a member that does not run. Its pages have no checksums: nobody notices.</summary>
    /// <returns>How often they were there.</returns>
    internal int Corrupt(int ordinal, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var file = Path.Combine(Data(ordinal), "member", "snap", "db");
        var bytes = File.ReadAllBytes(file);
        var count = 0;
        for (var at = bytes.AsSpan().IndexOf(from); at >= 0; at = bytes.AsSpan().IndexOf(from), count++)
        {
            to.CopyTo(bytes.AsSpan(at));
        }

        File.WriteAllBytes(file, bytes);
        return count;
    }

    internal void Wipe(int ordinal) => Directory.Delete(Data(ordinal), recursive: true);

    internal void Update(int ordinal) => pods[ordinal] = pods[ordinal] with { Revision = target };

    internal void ExpectPod(int ordinal) => pods[ordinal] = new GateTarget { Pod = $"etcd-{ordinal}", Uid = $"uid-{ordinal}", Ordinal = ordinal, Revision = "old", Address = Address(ordinal), IsReady = false };

    internal Task<GateReport> MayStopAsync(int ordinal) => AskAsync(GatePhase.BeforePod, ordinal);

    /// <summary>Asks the keeper one question; no interval, so that every ask probes.</summary>
    internal async Task<GateReport> AskAsync(GatePhase phase, int? ordinal = null, string? baseline = null)
    {
        var question = new GateQuestion("etcd", phase, ordinal is { } o ? [pods[o].Uid] : [], target) { Baseline = baseline };
        return (await keeper.AskAsync(Context(), [question], CancellationToken.None)).Single();
    }

    internal Task<GatePrepareResult> MoveLeaderAwayAsync(int ordinal) =>
        keeper.PrepareAsync(Context(), new PrepareGate("etcd", pods[ordinal].Pod, pods[ordinal].Uid), target, CancellationToken.None);

    internal async Task<int> LeaderAsync()
    {
        var roles = await UntilAsync(() => AskAsync(GatePhase.Roles), r => r.Verdict is GateVerdict.Allow);
        return int.Parse(roles.Roles.Single(r => r.Value is MemberRole.Leader).Key["etcd-".Length..], null);
    }

    internal async Task<int> FollowerAsync() => (await LeaderAsync() + 1) % size;

    /// <summary>Posts to one member's gateway, as a user would.</summary>
    internal async Task<(bool IsOk, string Text)> PostAsync(int ordinal, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri($"http://{Address(ordinal)}:2379{path}"), content);
        return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Asks until the answer is as expected; after two minutes the last answer is the failure.</summary>
    internal async Task<GateReport> UntilAsync(Func<Task<GateReport>> ask, Func<GateReport, bool> expected)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        while (true)
        {
            var report = await ask();
            if (expected(report))
            {
                return report;
            }

            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"not so after two minutes; last: {report.Verdict} {report.Reason} {report.Message}\n{Logs()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        foreach (var server in servers.Values)
        {
            server.Dispose();
        }

        gate.Dispose();
        claim.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Claims a network: nobody else who asks this way gets it until the socket is closed.</summary>
    internal static (Socket Claim, string Net) Claim()
    {
        // A net is ours while we hold a port of its last address.
        for (var i = 0; i < 250; i++)
        {
            var net = $"127.{200 + (Environment.ProcessId % 50)}.{1 + i}";
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse($"{net}.254"), 2379));
                socket.Listen();
                return (socket, net);
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
        }

        throw new InvalidOperationException("no 127.x.y.0/24 is free");
    }

    private string Data(int ordinal) => Path.Combine(folder, $"data{ordinal}");

    private string Logs() => string.Join('\n', Directory.GetFiles(folder, "log*").Order(StringComparer.Ordinal).SelectMany(f => File.ReadAllLines(f).TakeLast(3)));

    private GateContext Context() => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "etcd",
        Service = "etcd",
        Pods = [.. pods.OrderBy(p => p.Key).Select(p => p.Value)],
        Gates = [new GateBinding(new GatePolicy { Name = "etcd", Type = "Etcd", Interval = TimeSpan.Zero }, gate)],
    };
}
