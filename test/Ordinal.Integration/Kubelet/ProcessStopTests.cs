using NUnit.Framework;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Integration.Kubelet;

/// <summary>How real processes end, and that nothing of them is left.</summary>
public sealed class ProcessStopTests
{
    [Test]
    public async Task A_stop_sends_term_and_the_container_may_end_by_itself()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.1; done");
        await pod.UntilPrintedAsync("up");
        await pod.StopAsync(60);
        Assert.That(pod.Main.State, Is.InstanceOf<ContainerState.Terminated>().With.Property("ExitCode").EqualTo(3));
        Assert.That(await pod.LogAsync(), Does.EndWith("bye\n"));
    }

    [Test]
    public async Task A_container_that_ignores_term_is_killed_after_the_grace_period_and_a_shorter_one_counts()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("trap 'echo no' TERM; echo up; while :; do sleep 0.05; done");
        await pod.UntilPrintedAsync("up");
        var patient = pod.StopAsync(3600);
        await pod.UntilPrintedAsync("no");
        Assert.That(patient.IsCompleted, Is.False);
        await pod.StopAsync(0.05);
        await patient;
        Assert.That(pod.Main.State, Is.InstanceOf<ContainerState.Terminated>().With.Property("ExitCode").EqualTo(137));
    }

    [Test]
    public async Task A_pre_stop_hook_runs_before_term()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(
            "trap 'cat $ORDINAL_MOUNT_V/hook; exit 0' TERM; echo up; while :; do sleep 0.05; done",
            """{"volumeMounts":[{"name":"v","mountPath":"/v"}],"lifecycle":{"preStop":{"exec":{"command":["sh","-c","echo hooked > $ORDINAL_MOUNT_V/hook"]}}}}""",
            """{"volumes":[{"name":"v","emptyDir":{}}]}""");
        await pod.UntilPrintedAsync("up");
        await pod.StopAsync(60);
        // The shell may say beside it that TERM has met its child too.
        Assert.That(await pod.LogAsync(), Does.Contain("hooked\n"));
    }

    [Test]
    public async Task A_pre_stop_sleep_comes_before_term_and_ends_when_patience_does()
    {
        await using var bench = await ProcessBench.CreateAsync();
        const string Sleeper = """{"lifecycle":{"preStop":{"sleep":{"seconds":SECONDS}}}}""";
        const string Script = "trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.05; done";
        var patient = await bench.ScriptAsync(Script, Sleeper.Replace("SECONDS", "3600", StringComparison.Ordinal));
        await patient.UntilPrintedAsync("up");
        var stop = patient.StopAsync(7200);

        // An hour of sleep, of which a shorter grace period leaves nothing.
        Assert.That(await patient.LogAsync(), Is.EqualTo("up\n"));
        await patient.StopAsync(0.3);
        await stop;
        Assert.That(patient.Main.State, Is.InstanceOf<ContainerState.Terminated>());
        await patient.Running.DisposeAsync();

        var quick = await bench.ScriptAsync(Script, Sleeper.Replace("SECONDS", "1", StringComparison.Ordinal));
        await quick.UntilPrintedAsync("up");
        await quick.StopAsync(3600);
        Assert.That(await quick.LogAsync(), Does.StartWith("up\n").And.EndWith("told\n"));
        await quick.Running.DisposeAsync();

        var gone = await bench.ScriptAsync("echo up; sleep 0.3; exit 7", Sleeper.Replace("SECONDS", "3600", StringComparison.Ordinal), """{"restartPolicy":"Never"}""");
        await gone.UntilPrintedAsync("up");
        await gone.StopAsync(7200);
        Assert.That(gone.Main.State, Is.InstanceOf<ContainerState.Terminated>().With.Property("ExitCode").EqualTo(7));
    }

    [Test]
    public async Task A_stopped_process_is_still_killed()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("kill -STOP $$$$");
        await pod.UntilRunningAsync();
        await ProcessMarks.EventuallyAsync(() => ProcFs.Read(pod.Pid) is { State: 'T' }, "stopped");
        var pid = pod.Pid;
        await pod.StopAsync(0.1);
        Assert.That(ProcFs.Read(pid), Is.Null);
    }

    [Test]
    public async Task Nothing_of_a_container_is_left_not_even_what_left_its_session()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("sleep 1000 & echo $!; setsid sh -c 'sleep 1001 & echo $!; wait' & setsid sleep 1002 & echo $!; echo up; trap '' TERM; wait");
        var log = await pod.UntilPrintedAsync("up");
        var token = ProcessMarks.Mark(pod.Pid);
        await ProcessMarks.EventuallyAsync(() => ProcessMarks.Marked(token).Count() >= 5, "the whole family");
        Assert.That(log, Does.Contain("up"));
        await pod.StopAsync(0.1);
        Assert.That(ProcessMarks.Marked(token), Is.Empty);
    }

    [Test]
    public async Task What_a_container_leaves_behind_ends_with_it()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("sleep 1000 & setsid sleep 1001 & env | grep ORDINAL_CONTAINER_ID; exit 0", spec: """{"restartPolicy":"Never"}""");
        await pod.UntilEndedAsync();
        var mark = (await pod.LogAsync()).Trim().Split('=')[1];
        Assert.That(ProcessMarks.Marked(mark), Is.Empty);
    }

    [Test]
    public async Task A_disposed_runtime_leaves_no_process_and_no_pod_directory()
    {
        string mark;
        string root;
        await using (var bench = await ProcessBench.CreateAsync(o => o with { DeletesRoot = true }))
        {
            root = bench.Root;
            var pod = await bench.ScriptAsync("setsid sleep 1000 & echo up; wait");
            await pod.UntilPrintedAsync("up");
            mark = ProcessMarks.Mark(pod.Pid);
            Assert.That(File.GetUnixFileMode(root), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), "only this user may look");
            await bench.Runtime.DisposeAsync();
            Assert.That(ProcessMarks.Marked(mark), Is.Empty);
            Assert.That(Directory.Exists(root), Is.False);
        }
    }
}
