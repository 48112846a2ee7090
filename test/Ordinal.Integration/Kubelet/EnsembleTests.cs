using Confluent.Kafka;
using NUnit.Framework;
using Ordinal.Integration.Demo;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Kubelet;

/// <summary>Simulated pods that are members of ensembles, as clients see them that share nothing with them: librdkafka, and the demo's witnesses.</summary>
public sealed class EnsembleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Test]
    public async Task The_pods_of_a_StatefulSet_are_brokers_that_come_and_go_lag_and_hang_with_their_pods()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "3");

        // All but the policy: its kind is not installed here.
        var sample = await File.ReadAllTextAsync(Path.Combine(Programs.Repository, "config/samples/kafka-simulated.yaml"));
        await up.ApplyAsync(string.Join("\n---\n", sample.Split("\n---\n").Where(d => !d.Contains("ordinal.dev/v1alpha1", StringComparison.Ordinal))));
        await up.KubectlAsync("rollout", "status", "statefulset/kafka", "--timeout=170s");
        var addresses = (await up.KubectlAsync("get", "pods", "-o", "jsonpath={range .items[*]}{.status.podIP}:9092,{end}")).TrimEnd(',');
        Assert.That(addresses.Split(','), Has.Length.EqualTo(5).And.All.StartWith("127."));
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = addresses, SocketTimeoutMs = 2000, TopicMetadataRefreshIntervalMs = 1000 }).SetLogHandler((_, _) => { }).Build();

        await UntilAsync(admin, "five brokers, everything in sync", m => m.Brokers.Count == 5 && InSync(m).All(n => n == 3));
        var before = admin.GetMetadata(Patience).Brokers.Select(b => (b.BrokerId, b.Host)).Order().ToList();
        Assert.That(before.Select(b => b.BrokerId), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));

        // Away until it is asked back: a pod that is deleted is back before a slow machine has looked.
        await up.KubectlAsync("scale", "statefulset/kafka", "--replicas=4");
        await UntilAsync(admin, "one is out of sync", m => InSync(m).Any(n => n < 3));
        await up.KubectlAsync("scale", "statefulset/kafka", "--replicas=5");
        await UntilAsync(admin, "it has caught up", m => m.Brokers.Count == 5 && InSync(m).All(n => n == 3));
        Assert.That(admin.GetMetadata(Patience).Brokers.Select(b => (b.BrokerId, b.Host)).Order(), Is.EqualTo(before), "at the same address");

        await up.KubectlAsync("annotate", "pod", "kafka-4", "sim.ordinal.dev/kafka-lags=true");
        await UntilAsync(admin, "it lags, and is there", m => m.Brokers.Count == 5 && InSync(m).Any(n => n < 3));
        await up.KubectlAsync("annotate", "pod", "kafka-4", "sim.ordinal.dev/kafka-lags-");
        await UntilAsync(admin, "it keeps up again", m => InSync(m).All(n => n == 3));

        await up.FaultAsync("pod", "kafka-4", "hang");
        await UntilAsync(admin, "the one that hangs is fenced", m => m.Brokers.All(b => b.BrokerId != 4));
        await up.FaultAsync("pod", "kafka-4", "recover");
        await UntilAsync(admin, "it goes on", m => m.Brokers.Count == 5 && InSync(m).All(n => n == 3));
    }

    [Test]
    public async Task Seven_etcd_pods_lead_hand_over_and_keep_what_was_written_and_five_ZooKeeper_pods_elect()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "2");
        await up.ApplyAsync($"{Set("etcd", 7, "etcd")}\n---\n{Set("zk", 5, "zookeeper")}");
        await up.KubectlAsync("rollout", "status", "statefulset/etcd", "--timeout=170s");
        await up.KubectlAsync("rollout", "status", "statefulset/zk", "--timeout=170s");
        var etcd = (await AddressesAsync(up, "etcd")).Select((a, i) => new MemberClient($"etcd-{i}", new Uri($"http://{a}:2379"))).ToArray();
        var zk = (await AddressesAsync(up, "zk")).Select((a, i) => new ZooKeeperMember($"zk-{i}", (ulong)i + 1, new System.Net.IPEndPoint(System.Net.IPAddress.Parse(a), 2181), "")).ToArray();
        Assert.That((etcd.Length, zk.Length), Is.EqualTo((7, 5)));

        var leader = await LeaderAsync(etcd);
        await etcd[(leader + 1) % 7].PutAsync("/a", "1", CancellationToken.None);
        await up.KubectlAsync("delete", "pod", $"etcd-{leader}", "--wait=false");
        var next = await LeaderAsync(etcd, except: leader);
        Assert.That((await etcd[next].RangeAsync("/a", "/b", 10, 0, CancellationToken.None)).Pairs.Single().Value, Is.EqualTo("1"));

        // Its pod takes longer to come back than the others to elect.
        var first = await LeaderAsync(zk);
        await up.KubectlAsync("delete", "pod", $"zk-{first}", "--wait=false");
        Assert.That(await LeaderAsync(zk, except: first), Is.Not.EqualTo(first));
        foreach (var member in etcd.Cast<IDisposable>().Concat(zk))
        {
            member.Dispose();
        }
    }

    [Test]
    public async Task A_pod_whose_claim_was_deleted_comes_back_empty_a_ZooKeeper_takes_all_from_the_others_and_an_etcd_dies()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "1");
        await up.ApplyAsync($"{Set("etcd", 3, "etcd", Claims)}\n---\n{Set("zk", 3, "zookeeper", Claims)}");
        await up.KubectlAsync("rollout", "status", "statefulset/etcd", "--timeout=170s");
        await up.KubectlAsync("rollout", "status", "statefulset/zk", "--timeout=170s");
        var etcd = (await AddressesAsync(up, "etcd")).Select((a, i) => new MemberClient($"etcd-{i}", new Uri($"http://{a}:2379"))).ToArray();
        await LeaderAsync(etcd);
        var claims = await ClaimsAsync(up);

        // The claims stay until their pods are gone, and the StatefulSet controller makes new ones with the new pods.
        await up.KubectlAsync("delete", "pvc", "data-etcd-1", "data-zk-1", "--wait=false");
        await up.KubectlAsync("delete", "pod", "etcd-1", "zk-1", "--wait=false");
        await up.KubectlAsync("wait", "--for=condition=Ready", "pod/zk-0", "--timeout=170s");
        await UntilAsync("the empty etcd has crashed", async () => int.TryParse(await up.KubectlAsync("get", "pod", "etcd-1", "-o", "jsonpath={.status.containerStatuses[0].restartCount}", "--ignore-not-found"), out var restarts) && restarts > 0);
        await UntilAsync("the empty ZooKeeper is back", async () => await up.KubectlAsync("get", "pod", "zk-1", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}", "--ignore-not-found") == "True");
        Assert.That((await ClaimsAsync(up)).Intersect(claims).Count(), Is.EqualTo(4), "two of six are new");
        Assert.That(await up.KubectlAsync("get", "events", "--field-selector", "involvedObject.name=etcd-1", "-o", "jsonpath={.items[*].message}"), Does.Contain("tocommit is out of range"));

        using var zk = new ZooKeeperMember("zk-1", 2, new System.Net.IPEndPoint(System.Net.IPAddress.Parse((await AddressesAsync(up, "zk"))[1]), 2181), "");
        await UntilAsync("it serves", async () =>
        {
            try
            {
                return (await zk.StatusAsync(CancellationToken.None)).MemberId == 2;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        await LeaderAsync(etcd, except: 1);
        Array.ForEach(etcd, m => m.Dispose());
    }

    private const string Claims = """
        volumeClaimTemplates:
          - metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        """;

    private static async Task<string[]> ClaimsAsync(ClusterUp up) => (await up.KubectlAsync("get", "pvc", "-o", "jsonpath={.items[*].metadata.uid}")).Split(' ');

    private static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        for (var start = TimeProvider.System.GetTimestamp(); !await isSo(); await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System))
        {
            Assert.That(TimeProvider.System.GetElapsedTime(start), Is.LessThan(Patience), what);
        }
    }

    private static string Set(string name, int replicas, string ensemble, string more = "") => $$"""
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: {{name}}, namespace: default}
        spec:
          serviceName: {{name}}
          replicas: {{replicas}}
          podManagementPolicy: Parallel
          selector:
            matchLabels: {app: "{{name}}"}
          template:
            metadata:
              labels: {app: {{name}}}
              annotations: {sim.ordinal.dev/ensemble: {{ensemble}}, sim.ordinal.dev/ensemble-size: "{{replicas}}", sim.ordinal.dev/start-delay: 3s}
            spec: {containers: [{name: c, image: none}]}
          {{more}}
        """;

    private static async Task<string[]> AddressesAsync(ClusterUp up, string name) => (await up.KubectlAsync(
        "get", "pods", "-l", $"app={name}", "--sort-by=.metadata.name", "-o", "jsonpath={range .items[*]}{.status.podIP} {end}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Asks all until one that is not excepted says that it leads.</summary>
    private static async Task<int> LeaderAsync(IReadOnlyList<IMember> members, int except = -1)
    {
        for (var start = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(start) < Patience; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System))
        {
            foreach (var (i, member) in members.Index().Where(m => m.Index != except))
            {
                try
                {
                    using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5), TimeProvider.System);
                    if (await member.StatusAsync(deadline.Token) is var status && status.LeaderId == status.MemberId)
                    {
                        return i;
                    }
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
                {
                    // It is not there, or knows no leader yet.
                }
            }
        }

        throw new TimeoutException("nobody leads");
    }

    private static IEnumerable<int> InSync(Metadata metadata) => metadata.Topics.SelectMany(t => t.Partitions).Select(p => p.InSyncReplicas.Length);

    private static async Task UntilAsync(IAdminClient admin, string what, Func<Metadata, bool> isSo)
    {
        var start = TimeProvider.System.GetTimestamp();
        var last = "nobody answered";
        while (TimeProvider.System.GetElapsedTime(start) < Patience)
        {
            try
            {
                var metadata = admin.GetMetadata(TimeSpan.FromSeconds(5));
                if (isSo(metadata))
                {
                    return;
                }

                last = $"{metadata.Brokers.Count} brokers, in sync {string.Join(' ', InSync(metadata))}";
            }
            catch (KafkaException)
            {
                // The broker that was asked has just gone; the next one is.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        Assert.Fail($"not within {Patience.TotalSeconds:0} s: {what}; {last}");
    }
}
