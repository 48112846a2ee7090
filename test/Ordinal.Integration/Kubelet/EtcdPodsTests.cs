using NUnit.Framework;
using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Kubelet;

public sealed class EtcdPodsTests
{
    [Test]
    public async Task Three_pods_whose_addresses_the_manifest_says_in_advance_are_an_etcd_cluster_and_keep_their_data()
    {
        await using var bench = await ProcessBench.CreateAsync(o => o with { Path = $"{Path.GetDirectoryName(Programs.Etcd)}:/usr/bin:/bin" });
        const string Container = """
            {"command":["etcd"],
             "args":["--name=$(POD_NAME)","--data-dir=/var/lib/etcd","--unsafe-no-fsync=true","--log-level=warn","--heartbeat-interval=50","--election-timeout=500",
              "--listen-client-urls=http://$(POD_IP):2379","--advertise-client-urls=http://$(POD_IP):2379",
              "--listen-peer-urls=http://$(POD_IP):2380","--initial-advertise-peer-urls=http://$(POD_IP):2380",
              "--initial-cluster=etcd-0=http://$(ORDINAL_CLUSTER_NET).10:2380,etcd-1=http://$(ORDINAL_CLUSTER_NET).11:2380,etcd-2=http://$(ORDINAL_CLUSTER_NET).12:2380"],
             "env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},{"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
             "volumeMounts":[{"name":"data","mountPath":"/var/lib/etcd"}],
             "readinessProbe":{"httpGet":{"port":2379,"path":"/health"},"periodSeconds":1,"timeoutSeconds":2}}
            """;
        const string Metadata = """{"annotations":{"ordinal.dev/host-base":"10"}}""";
        var pods = new List<BenchPod>();
        for (var i = 0; i < 3; i++)
        {
            bench.Put(Ordinal.ControlPlane.Cache.ResourceKind.Claims, $"data-etcd-{i}", []);
            pods.Add(await StartAsync(i));
        }

        foreach (var pod in pods)
        {
            await pod.UntilAsync(o => o.Containers[0].IsReady, "serving");
        }

        Assert.That(pods.Select(p => p.Running.Observation.PodIP), Is.EqualTo(Enumerable.Range(10, 3).Select(bench.Net.Address)));

        // A member that comes back with an empty directory would panic or be refused: ready again means that its data survived.
        await pods[2].StopAsync(20);
        Assert.That(pods[2].Main.State.ToString(), Does.Contain("Terminated"));
        await pods[2].Running.DisposeAsync();
        var again = await StartAsync(2);
        await again.UntilAsync(o => o.Containers[0].IsReady, "serving again");

        Task<BenchPod> StartAsync(int i) => bench.ScriptAsync(
            "", Container, $$$"""{"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data-etcd-{{{i}}}"}}]}""", Metadata, $"etcd-{i}");
    }
}
