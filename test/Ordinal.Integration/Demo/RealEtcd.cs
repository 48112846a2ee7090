using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Demo;

/// <summary>Three real etcd servers on a loopback net of their own, for tests of the witnesses without a cluster around them.</summary>
internal sealed class RealEtcd : IAsyncDisposable
{
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private readonly LoopbackNet _net = LoopbackNet.Claim();
    private readonly string _folder = Directory.CreateTempSubdirectory("ordinal-etcd-").FullName;
    private readonly Process?[] _processes = new Process?[3];

    public RealEtcd()
    {
        Members = [.. Enumerable.Range(0, 3).Select(i => new MemberClient($"etcd-{i}", new Uri($"http://{Address(i)}:2379")))];
    }

    public IReadOnlyList<MemberClient> Members { get; }

    public static async Task<RealEtcd> StartAsync(CancellationToken cancellationToken)
    {
        var etcd = new RealEtcd();
        for (var member = 0; member < 3; member++)
        {
            etcd.Start(member);
        }

        for (var member = 0; member < 3; member++)
        {
            await etcd.ServesAsync(member, cancellationToken);
        }

        return etcd;
    }

    /// <summary>Moves leadership to a member, wherever it is.</summary>
    public async Task LeadByAsync(int member, CancellationToken cancellationToken)
    {
        var wanted = await Members[member].StatusAsync(cancellationToken);
        foreach (var candidate in Members)
        {
            if ((await candidate.StatusAsync(cancellationToken)).MemberId == wanted.LeaderId && wanted.LeaderId != wanted.MemberId)
            {
                await candidate.MoveLeaderAsync(wanted.MemberId, cancellationToken);
            }
        }
    }

    public void Start(int member, params string[] more)
    {
        var start = new ProcessStartInfo(Programs.Etcd) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var word in (string[])[
            $"--name=etcd-{member}", $"--data-dir={_folder}/{member}",
            $"--listen-client-urls=http://{Address(member)}:2379", $"--advertise-client-urls=http://{Address(member)}:2379",
            $"--listen-peer-urls=http://{Address(member)}:2380", $"--initial-advertise-peer-urls=http://{Address(member)}:2380",
            $"--initial-cluster={string.Join(',', Enumerable.Range(0, 3).Select(i => $"etcd-{i}=http://{Address(i)}:2380"))}",

            // A machine that stands still for a moment shall not cost an election.
            "--heartbeat-interval=200", "--election-timeout=3000", "--log-level=error", .. more])
        {
            start.ArgumentList.Add(word);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("etcd did not start");
        // Its words must flow away, or a full pipe would stop it.
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _processes[member] = process;
    }

    public async Task KillAsync(int member)
    {
        if (_processes[member] is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
            _processes[member] = null;
        }
    }

    public void Stop(int member) => Signal(member, SigStop);

    public void Continue(int member) => Signal(member, SigContinue);

    /// <summary>Waits until a linearizable read through the member is answered.</summary>
    public async Task ServesAsync(int member, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Members[member].ReadLinearizablyAsync(cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var member = 0; member < 3; member++)
        {
            await KillAsync(member);
            Members[member].Dispose();
        }

        _net.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Address(int member) => _net.Address(HostParts.Lowest + member);

    private void Signal(int member, int signal)
    {
        var process = _processes[member] ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"member {member} does not run"));
        Assert.That(Kill(process.Id, signal), Is.Zero);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
