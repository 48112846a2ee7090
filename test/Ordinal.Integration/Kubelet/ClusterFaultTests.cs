using System.Diagnostics;
using NUnit.Framework;

namespace Ordinal.Integration.Kubelet;

/// <summary><c>ordinal cluster fault</c> and <c>down</c> as a person uses them: processes beside a running cluster.</summary>
public sealed class ClusterFaultTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Test]
    public async Task Faults_of_the_API_server_are_added_listed_hit_and_cleared()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "1");
        Assert.That(await SayAsync(up, "fault", "list"), Is.EqualTo("no faults\n"));
        Assert.That(await SayAsync(up, "fault", "api", "--code", "503", "--verb", "list", "--resource", "configmaps", "--for", "10m"), Is.EqualTo("fault 1 added\n"));
        Assert.That(async () => await up.KubectlAsync("get", "configmaps"), Throws.Exception.With.Message.Contains("the server is currently unable to handle the request"));
        Assert.That(await up.KubectlAsync("get", "secrets"), Is.Empty.Or.Not.Empty, "others are served");
        Assert.That(await SayAsync(up, "fault", "list"), Does.Match(@"^1  list of configmaps → answered with 503 for \d+ s more \([1-9]\d* hits\)\n$"));
        Assert.That(await SayAsync(up, "fault", "clear", "1"), Is.EqualTo("fault 1 cleared\n"));
        await up.KubectlAsync("get", "configmaps");
        Assert.That(await RunAsync(up, "fault", "clear", "7"), Is.EqualTo((2, "", "there is no fault 7; ordinal cluster fault list shows those that are\n")));
        Assert.That(await SayAsync(up, "fault", "watches", "--compact"), Does.EndWith("watches dropped; resuming them from an older version is answered with 410\n"));
    }

    [Test]
    public async Task A_pod_is_killed_and_a_node_goes_down_and_comes_up()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "2", "--node-monitor-grace-period", "15s");
        await up.KubectlAsync("run", "lone", "--image=app:v1");
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready", "--timeout=170s");
        Assert.That(await SayAsync(up, "fault", "pod", "lone", "kill"), Is.EqualTo("pod default/lone: kill\n"));
        await EventuallyAsync(up, "1", "get", "pod", "lone", "-o", "jsonpath={.status.containerStatuses[0].restartCount}");
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready", "--timeout=170s");
        Assert.That(await SayAsync(up, "fault", "pod", "lone", "unready"), Is.EqualTo("pod default/lone: unready\n"));
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready=false", "--timeout=170s");
        await SayAsync(up, "fault", "pod", "lone", "recover");
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready", "--timeout=170s");

        var node = await up.KubectlAsync("get", "pod", "lone", "-o", "jsonpath={.spec.nodeName}");
        Assert.That(await SayAsync(up, "fault", "node", node, "down"), Is.EqualTo($"node {node} is down\n"));
        Assert.That(await SayAsync(up, "fault", "list"), Is.EqualTo($"node {node} is down\n"));
        await up.KubectlAsync("wait", $"node/{node}", "--for=condition=Ready=Unknown", "--timeout=170s");
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready=false", "--timeout=170s");
        Assert.That(await SayAsync(up, "fault", "node", node, "up"), Is.EqualTo($"node {node} is up\n"));
        await up.KubectlAsync("wait", $"node/{node}", "--for=condition=Ready", "--timeout=170s");
        await up.KubectlAsync("wait", "pod/lone", "--for=condition=Ready", "--timeout=170s");
        Assert.That(await RunAsync(up, "fault", "node", "node-9", "down"), Is.EqualTo((2, "", "there is no node node-9 in this cluster; its nodes are node-0, node-1\n")));
        Assert.That((await RunAsync(up, "fault", "pod", "nope", "kill")).Error, Does.StartWith("no node of this cluster runs pod default/nope"));
    }

    [Test]
    public async Task Down_ends_the_cluster_and_returns_when_it_is_gone()
    {
        await using var up = await ClusterUp.StartAsync("--nodes", "1");
        Assert.That(await RunAsync(up, "down"), Is.EqualTo((0, "the cluster ends\n", "")));
        Assert.That(File.Exists(Path.Combine(up.Folder, "kubeconfig")), Is.False);
        Assert.That(await up.ExitedAsync(), Is.Zero);
        Assert.That((await RunAsync(up, "down")).Code, Is.EqualTo(2), "its kubeconfig is gone");
    }

    [Test]
    public async Task A_scenario_file_scripts_the_pods()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "rules:\n- match: {image: \"*bad*\"}\n  behave: {fail: ImagePullBackOff}\n");
        await using var up = await ClusterUp.StartAsync("--nodes", "1", "--scenario", file);
        await up.KubectlAsync("run", "good", "--image=app:v1");
        await up.KubectlAsync("run", "bad", "--image=app:bad");
        await up.KubectlAsync("wait", "pod/good", "--for=condition=Ready", "--timeout=170s");
        await EventuallyAsync(up, "ImagePullBackOff", "get", "pod", "bad", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}");
        File.Delete(file);
    }

    [TestCase("What is to go wrong? Give --code, --latency or --drop.", "fault", "api")]
    [TestCase("/nowhere/kubeconfig: there is no such kubeconfig.", "fault", "list", "--kubeconfig", "/nowhere/kubeconfig")]
    [TestCase("--scenario: Could not find", "up", "--scenario", "/nowhere/scenario.yaml")]
    [TestCase("--scenario is for simulated pods", "up", "--kubelet", "process", "--scenario", "/nowhere/scenario.yaml")]
    public async Task A_bad_command_line_ends_with_2_and_says_what_to_give(string words, params string[] arguments)
    {
        var (code, _, error) = await RunAsync(arguments);
        Assert.That(error, Does.Contain(words));
        Assert.That(code, Is.EqualTo(2));
    }

    private static async Task<string> SayAsync(ClusterUp up, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(up, arguments);
        Assert.That(code, Is.Zero, error);
        return output;
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(ClusterUp up, params string[] arguments) =>
        RunAsync([.. arguments, "--kubeconfig", Path.Combine(up.Folder, "kubeconfig")]);

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ordinal")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Prepend("cluster"))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("KUBECONFIG");
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Deadline);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Asks until the answer is the wanted one; the deadline is the test's.</summary>
    private static async Task EventuallyAsync(ClusterUp up, string wanted, params string[] arguments)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (await up.KubectlAsync(arguments) is var said && said != wanted)
        {
            Assert.That(TimeProvider.System.GetElapsedTime(start), Is.LessThan(Deadline), $"kubectl {string.Join(' ', arguments)}: {said}, not {wanted}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }
}
