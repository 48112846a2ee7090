using System.Diagnostics;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Gates;

namespace Ordinal.Integration.Kills;

/// <summary>
/// The whole operator upgrades three real etcd servers from one minor version to the next, with checksums compared before and after, a snapshot as the
/// way back, a client that writes and an observer that looks. Opt-in: <c>ORDINAL_ETCD_NEXT</c> names the newer programs.
/// </summary>
[NonParallelizable]
public sealed class UpgradeTests
{
    [Test]
    public async Task E19_E20_E26_an_operator_holds_a_skipped_version_before_the_first_pod_and_goes_minor_by_minor_without_a_loss()
    {
        if (EtcdBinary.Next.Count == 0)
        {
            Assert.Ignore("ORDINAL_ETCD_NEXT names no newer etcd");
        }

        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(7), TimeProvider.System);
        await using var etcd = await EtcdUnderKills.StartAsync(ClusterKind.Embedded, deadline.Token);
        await etcd.AskForHashesAndASnapshotAsync(deadline.Token);
        var before = await etcd.PodsAsync(deadline.Token);
        if (EtcdBinary.Next.Count > 1)
        {
            // The policy names no targetVersion: what is known is the image's tag.
            await etcd.ChangeTemplateAsync(9001, deadline.Token, EtcdBinary.Next[^1], await ImageAsync(EtcdBinary.Next[^1], deadline.Token));
            while (!(await etcd.DescribeAsync()).Contains("which skips a minor version", StringComparison.Ordinal))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, deadline.Token);
            }

            Assert.That(await etcd.PodsAsync(deadline.Token), Is.EquivalentTo(before), "no pod was touched");
        }

        foreach (var (step, program) in EtcdBinary.Next.Index())
        {
            // What waits is superseded by what comes.
            await KillTests.RollAsync(etcd, 9002 + step, _ => null, deadline.Token, program, await ImageAsync(program, deadline.Token));
            foreach (var address in etcd.Addresses)
            {
                using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
                var told = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{address}:2379/version"), deadline.Token))!;
                Assert.That($"quay.io/coreos/etcd:v{(string)told["etcdserver"]!}", Is.EqualTo(await ImageAsync(program, deadline.Token)), address);
            }
        }

        Assert.That((await etcd.PodsAsync(deadline.Token)).Values.Intersect(before.Values), Is.Empty);
    }

    /// <summary>Names the image that has this program.</summary>
    private static async Task<string> ImageAsync(string program, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true })!;
        var first = (await process.StandardOutput.ReadLineAsync(cancellationToken))!;
        await process.WaitForExitAsync(cancellationToken);
        return $"quay.io/coreos/etcd:v{first.Split(": ")[1]}";
    }
}
