using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Http;

namespace Ordinal.Benchmarks;

/// <summary>
/// What 1,000 HTTP gates cost that each ask every 5 s: rounds of all of them through one keeper, in processor time, which does not mind what else the
/// machine does. The server stands in the same process, so its share is counted too.
/// </summary>
internal sealed class ProbeBenchmark : IBenchmark
{
    private const int Gates = 1000;
    private const int Rounds = 10;
    private const double ProbesPerSecond = Gates / 5.0;

    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"status\":\"green\"}"u8.ToArray();

    public string Name => "probes";

    public async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(Gates);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var serving = ServeAsync(listener, stop.Token);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var options = new HttpGateOptions { Port = port, Path = "/health", Plan = Ordinal.Gates.Probing.ProbePlan.Default with { RequestTimeout = TimeSpan.FromSeconds(60) }, Body = new HttpCondition { JsonPath = ".status", Expected = "green" } };
        var factory = new HttpGateFactory(TimeProvider.System);
        var contexts = Enumerable.Range(0, Gates).Select(i => Context(i, factory.Create(options, GateSecrets.None))).ToList();
        var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
        var allowed = 0;
        for (var warmUp = 0; warmUp < 2; warmUp++)
        {
            allowed = await RoundAsync(keeper, contexts, cancellationToken);
        }

        using var self = Process.GetCurrentProcess();
        var (before, allocated) = (self.TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        for (var round = 0; round < Rounds; round++)
        {
            allowed = Math.Min(allowed, await RoundAsync(keeper, contexts, cancellationToken));
        }

        self.Refresh();
        var each = (self.TotalProcessorTime - before).TotalMilliseconds / (Gates * Rounds);
        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (Gates * Rounds);
        contexts.ForEach(c => c.Gates[0].Gate.Dispose());
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        var share = each * ProbesPerSecond / 10;
        return
        [
            new("1,000 HTTP gates, each every 5 s: of one core", string.Create(CultureInfo.InvariantCulture, $"{share:F1} %"), "<= 10 %", share <= 10 && allowed == Gates),
            new("the same: one probe and its answer", string.Create(CultureInfo.InvariantCulture, $"{each * 1000:F0} us, {bytes / 1024.0:F1} KiB"), "none", true),
        ];
    }

    private static GateContext Context(int number, IGate gate) => new()
    {
        WorkloadUid = $"w{number}",
        Namespace = "prod",
        Name = $"db{number}",
        Service = "db",
        Pods = [new GateTarget { Pod = $"db{number}-0", Uid = $"uid-{number}", Ordinal = 0, Revision = "new", Address = "127.0.0.1", IsReady = true }],
        Gates = [new GateBinding(new GatePolicy { Name = "g", Type = "Http", Interval = TimeSpan.Zero }, gate)],
    };

    private static async Task<int> RoundAsync(GateKeeper keeper, List<GateContext> contexts, CancellationToken cancellationToken)
    {
        var reports = await Task.WhenAll(contexts.Select(c =>
            keeper.AskAsync(c, ImmutableArray.Create(new GateQuestion("g", GatePhase.AfterPod, [c.Pods[0].Uid], "new")), cancellationToken)));
        return reports.Count(r => r[0].Verdict is GateVerdict.Allow);
    }

    /// <summary>Answers every request with the same bytes, as cheaply as a server can.</summary>
    private static async Task ServeAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(AnswerAsync(await listener.AcceptSocketAsync(cancellationToken), cancellationToken));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private static async Task AnswerAsync(Socket socket, CancellationToken cancellationToken)
    {
        using (socket)
        {
            var buffer = new byte[2048];
            try
            {
                while (await socket.ReceiveAsync(buffer, cancellationToken) > 0)
                {
                    await socket.SendAsync(Answer, cancellationToken);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The client is done.
            }
        }
    }
}
