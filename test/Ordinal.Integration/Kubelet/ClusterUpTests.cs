using NUnit.Framework;

namespace Ordinal.Integration.Kubelet;

public sealed class ClusterUpTests
{
    private const string Family = """
        apiVersion: v1
        kind: Pod
        metadata: {name: family, namespace: default}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - name: main
            image: none
            command: [sh, -c, "sleep 1000 & setsid sleep 1001 & echo started; trap '' TERM; wait; wait"]
        """;

    [Test]
    public async Task A_killed_cluster_leaves_no_process_and_no_data()
    {
        await using var up = await ClusterUp.StartAsync("--kubelet", "process", "--nodes", "1");
        await up.ApplyAsync(Family);
        await up.KubectlAsync("wait", "--for=condition=Ready", "pod/family", "--timeout=170s");
        var (mark, data) = await LookAsync(up);
        await up.KillAsync();
        await ProcessMarks.EventuallyAsync(() => !ProcessMarks.Marked(mark).Any(), "every process of the pod is gone");
        await ProcessMarks.EventuallyAsync(() => !Directory.Exists(data), "the data is gone");
    }

    [Test]
    public async Task A_cluster_that_is_asked_to_end_ends_well_and_leaves_nothing()
    {
        await using var up = await ClusterUp.StartAsync("--kubelet", "process", "--nodes", "1");
        await up.ApplyAsync(Family);
        await up.KubectlAsync("wait", "--for=condition=Ready", "pod/family", "--timeout=170s");
        var (mark, data) = await LookAsync(up);
        Assert.That(await up.TerminateAsync(), Is.Zero);
        Assert.That(ProcessMarks.Marked(mark), Is.Empty);
        Assert.That(Directory.Exists(data), Is.False);
        Assert.That(File.Exists(Path.Combine(up.Folder, "kubeconfig")), Is.False);
    }

    [Test]
    public async Task Stock_kubectl_reads_and_follows_the_log_of_a_pod()
    {
        await using var up = await ClusterUp.StartAsync("--kubelet", "process", "--nodes", "1");
        await up.ApplyAsync("""
            apiVersion: v1
            kind: Pod
            metadata: {name: talker, namespace: default}
            spec:
              containers:
              - name: main
                image: none
                command: [sh, -c, "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done"]
            """);
        await up.KubectlAsync("wait", "--for=condition=Ready", "pod/talker", "--timeout=170s");
        var followed = await up.FollowAsync("line 15", "talker");
        Assert.That(followed, Does.StartWith("line 1\nline 2\n").And.Contain("line 15\n"));
        var tail = (await up.KubectlAsync("logs", "talker", "--tail=2")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(tail, Has.Length.EqualTo(2));
        Assert.That(await up.KubectlAsync("logs", "talker", "--limit-bytes=6"), Is.EqualTo("line 1"));
        Assert.That(await up.KubectlAsync("logs", "talker", "--timestamps", "--tail=1"), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d+\n$"));
    }

    [Test]
    public async Task Nodes_have_their_zones_and_data_that_is_to_stay_stays_private()
    {
        var keep = Path.Combine(Directory.CreateTempSubdirectory("ordinal-keep-").FullName, "data");
        try
        {
            await using (var up = await ClusterUp.StartAsync("--nodes", "2", "--zones", "a,b", "--kubelet", "process", "--keep-data", keep))
            {
                Assert.That(
                    await up.KubectlAsync("get", "nodes", "-o", "jsonpath={range .items[*]}{.metadata.name}={.metadata.labels.topology\\.kubernetes\\.io/zone} {end}"),
                    Is.EqualTo("node-0=a node-1=b "));
                await up.ApplyAsync(Family);
                await up.KubectlAsync("wait", "--for=condition=Ready", "pod/family", "--timeout=170s");
                Assert.That(await up.TerminateAsync(), Is.Zero);
            }

            Assert.That(Directory.Exists(keep), Is.True);
            Assert.That(File.GetUnixFileMode(keep), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(keep)!, recursive: true);
        }
    }

    [TestCase("--nodes", "0")]
    [TestCase("--nodes", "9")]
    [TestCase("--kubelet", "docker")]
    public void Bad_arguments_are_refused(string option, string value) =>
        Assert.That(async () => await ClusterUp.StartAsync(option, value), Throws.InvalidOperationException.With.Message.Contains(option).Or.Message.Contains(value));

    [Test]
    public async Task A_kubelet_of_its_own_is_a_client_like_any_other_and_leaves_nothing_either()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "1");
        using var kubelet = await up.StartKubeletAsync("--node", "extra-a", "--node", "extra-b", "--runtime", "process", "--zone", "z");
        await up.ApplyAsync(Family.Replace("terminationGracePeriodSeconds: 1", "nodeName: extra-b", StringComparison.Ordinal));
        await up.KubectlAsync("wait", "--for=condition=Ready", "pod/family", "--timeout=170s");
        var id = await up.KubectlAsync("get", "pod", "family", "-o", "jsonpath={.status.containerStatuses[0].containerID}");
        var mark = ProcessMarks.Mark(int.Parse(id["process://".Length..], System.Globalization.CultureInfo.InvariantCulture));
        kubelet.Kill();
        await ProcessMarks.EventuallyAsync(() => !ProcessMarks.Marked(mark).Any(), "every process of the pod is gone");
    }

    private static async Task<(string Mark, string Data)> LookAsync(ClusterUp up)
    {
        var id = await up.KubectlAsync("get", "pod", "family", "-o", "jsonpath={.status.containerStatuses[0].containerID}");
        Assert.That(id, Does.StartWith("process://"));
        await up.FollowAsync("started", "family");
        var mark = ProcessMarks.Mark(int.Parse(id["process://".Length..], System.Globalization.CultureInfo.InvariantCulture));
        await ProcessMarks.EventuallyAsync(() => ProcessMarks.Marked(mark).Count() == 3, "the whole family");
        var data = up.Greeting.Split("data in ")[1].Split('\n')[0];
        Assert.That(Directory.Exists(data), Is.True);
        return (mark, data);
    }
}
