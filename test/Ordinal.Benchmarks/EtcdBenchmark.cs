using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Benchmarks;

/// <summary>A verdict about five real etcd members on loopback: every member is asked for its status, its list and a linearizable read.</summary>
internal sealed class EtcdBenchmark : IBenchmark
{
    private const int Members = 5;
    private const int Rounds = 30;

    public string Name => "etcd";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        using var net = LoopbackNet.Claim();
        var folder = Directory.CreateTempSubdirectory("ordinal-bench-etcd-").FullName;
        var servers = Enumerable.Range(0, Members).Select(i => Start(net, folder, i)).ToList();
        try
        {
            using var gate = new EtcdGateFactory(TimeProvider.System).Create(new EtcdGateOptions { Scheme = "http" }, GateSecrets.None);
            return await MeasureAsync(gate, Context(net), cancellationToken);
        }
        finally
        {
            foreach (var server in servers)
            {
                server.Kill();
                await server.WaitForExitAsync(CancellationToken.None);
                server.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(IGate gate, GateContext context, CancellationToken cancellationToken)
    {
        ImmutableArray<GateQuestion> questions = [new GateQuestion("etcd", GatePhase.BeforePod, ["uid-0"], "new")];
        var input = new GateInput { Question = questions[0], Context = context, Now = DateTimeOffset.UnixEpoch };
        var answer = await VerdictAsync();
        for (var start = TimeProvider.System.GetTimestamp(); answer.Verdict is not GateVerdict.Allow; answer = await VerdictAsync())
        {
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
            {
                return [new("etcd, 5 members: the verdict", answer.Message, "Allow", false)];
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }

        // The best of several: the machine is shared, the code is not.
        var (best, all) = (TimeSpan.MaxValue, new List<TimeSpan>());
        for (var round = 0; round < Rounds; round++)
        {
            var start = TimeProvider.System.GetTimestamp();
            await VerdictAsync();
            all.Add(TimeProvider.System.GetElapsedTime(start));
            best = all[^1] < best ? all[^1] : best;
        }

        all.Sort();
        return
        [
            new("etcd, 5 members: observe and evaluate, best", Text(best), "<= 50 ms", best <= TimeSpan.FromMilliseconds(50)),
            new("etcd, the same: the middle one", Text(all[Rounds / 2]), "none", true),
        ];

        async Task<GateAnswer> VerdictAsync() => gate.Evaluate(input, await gate.ObserveAsync(context, questions, cancellationToken));
    }

    private static GateContext Context(LoopbackNet net) => new()
    {
        WorkloadUid = "w",
        Namespace = "prod",
        Name = "etcd",
        Service = "etcd",
        Gates = [],
        Pods = [.. Enumerable.Range(0, Members).Select(i => new GateTarget { Pod = $"etcd-{i}", Uid = $"uid-{i}", Ordinal = i, Revision = "old", Address = Address(net, i), IsReady = true })],
    };

    private static Process Start(LoopbackNet net, string folder, int member)
    {
        var ip = Address(net, member);
        var peers = string.Join(',', Enumerable.Range(0, Members).Select(i => $"etcd-{i}=http://{Address(net, i)}:2380"));
        var start = new ProcessStartInfo(
            Program(),
            [
                $"--name=etcd-{member}", $"--data-dir={folder}/{member}", $"--listen-client-urls=http://{ip}:2379", $"--advertise-client-urls=http://{ip}:2379",
                $"--listen-peer-urls=http://{ip}:2380", $"--initial-advertise-peer-urls=http://{ip}:2380", $"--initial-cluster={peers}", "--log-level=error", "--unsafe-no-fsync=true",
            ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("etcd did not start");

        // Its words must flow away, or a full pipe would stop it.
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Finds etcd: what <c>ORDINAL_ETCD</c> names, what hack/deps brought, else the PATH's.</summary>
    private static string Program() =>
        Environment.GetEnvironmentVariable("ORDINAL_ETCD") is { Length: > 0 } named ? named
        : Path.GetFullPath(Path.Combine(".deps", "root", "usr", "bin", "etcd")) is var brought && File.Exists(brought) ? brought
        : "etcd";

    private static string Address(LoopbackNet net, int member) => net.Address(HostParts.Lowest + member);

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms");
}
