using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Ordinal.Integration.Demo;

/// <summary>The demo as a user runs it: the program, its words, its exit code, and what is left behind.</summary>
[NonParallelizable]
public sealed class DemoTests
{
    private const int SigInt = 2;

    /// <summary>Three Java servers that start on a busy machine take their time, the rollout's own limit is 180 s.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(300);

    private readonly List<string> _folders = [];

    [TearDown]
    public void DeleteFolders()
    {
        foreach (var folder in _folders)
        {
            Directory.Delete(folder, recursive: true);
        }

        _folders.Clear();
    }

    [Test]
    public async Task E3_with_gates_it_rolls_a_real_etcd_and_proves_it()
    {
        var run = await RunAsync(["demo"]);
        Assert.That(run.ExitCode, Is.Zero, run.Text);
        Assert.That(run.Lines[^2], Is.EqualTo("PASSED"), run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  kept .* all 3 members run the new template: 3 of 3 processes have --snapshot-count=9000"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* nothing that was acknowledged is lost: [0-9]{3,} acknowledged writes read back, 0 lost"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* never were two members down: at most 1 down"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* while (etcd-[01]) hung, the rollout waited and named it: [A-Z][A-Za-z]+: .*\\1"));
        Assert.That(run.Lines, Has.Some.Match("^  order .*etcd-2 \\([^)]*\\)$"), "the leader at the start goes last");
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task Without_gates_the_same_run_fails_its_proof_because_two_members_were_down()
    {
        var run = await RunAsync(["demo", "--gates", "off"]);
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  BROKEN +never were two members down: [23] down at .*etcd-"));
        Assert.That(run.Lines, Has.Some.Match("^FAILED: never were two members down"));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task ZK4_with_gates_it_rolls_a_real_ZooKeeper_at_the_cost_of_one_election()
    {
        var run = await RunAsync(["demo", "--scenario", "zookeeper"]);
        Assert.That(run.ExitCode, Is.Zero, run.Text);
        Assert.That(run.Lines[^2], Is.EqualTo("PASSED"), run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  kept .* all 3 members run the new template: 3 of 3 processes have -Dzookeeper.snapCount=9000"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* nothing that was acknowledged is lost: [0-9]{3,} acknowledged writes read back, 0 lost"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* never were two members down: at most 1 down"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* the rollout cost at most 1 election: 1 new term since the change"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* while (zk-[0-2]) hung, the rollout waited and named it: [A-Z][A-Za-z]+: .*\\1"));
        Assert.That(run.Lines, Has.Some.Match("^  order .*, it led\\)$"), "the leader goes last");
        Assert.That(run.Lines, Has.Some.Match("^  election .* led next; nobody answered for [0-9.]+ s$"));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task Without_gates_the_same_run_of_ZooKeeper_fails_its_proof()
    {
        var run = await RunAsync(["demo", "--scenario", "zookeeper", "--gates", "off"]);
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Text);
        // By the member that hangs, or, where that moment is missed, by the leader that goes before the others.
        Assert.That(run.Lines, Has.Some.Match("^  BROKEN +(never were two members down: [23] down at .*zk-|the rollout cost at most 1 election: [2-9] new terms)"));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task K7_K11_with_gates_it_rolls_a_simulated_Kafka_with_the_controller_last_and_no_partition_suffers()
    {
        var run = await RunAsync(["demo", "--scenario", "kafka"]);
        Assert.That(run.ExitCode, Is.Zero, run.Text);
        Assert.That(run.Lines[^2], Is.EqualTo("PASSED"), run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  kept .* no partition ever had fewer replicas in sync than min.insync.replicas: the worst of [0-9]+ looks: .* had 2 of 3 in sync and needs 2$"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* no acknowledged record is lost, and none was refused: [0-9,]{3,} acknowledged, 0 lost, 0 refused$"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* the active controller last: kafka-4, kafka-3, kafka-1, kafka-0, kafka-2 \\(it led\\)$"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* while kafka-4 did not keep up, the rollout waited and named a partition of its: KafkaWouldGoUnderMinIsr: "));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task Without_gates_the_same_run_of_Kafka_fails_its_proof()
    {
        var run = await RunAsync(["demo", "--scenario", "kafka", "--gates", "off"]);
        Assert.That(run.ExitCode, Is.EqualTo(1), run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  BROKEN +no partition ever had fewer replicas in sync than min.insync.replicas: [0-9]+ partitions at once"));
        Assert.That(run.Lines, Has.Some.Match("^FAILED: no partition ever had fewer"));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task The_partition_driver_goes_from_the_top_one_by_one()
    {
        var run = await RunAsync(["demo", "--scenario", "generic"]);
        Assert.That(run.ExitCode, Is.Zero, run.Text);
        Assert.That(run.Lines, Has.Some.Match("^  kept .* web-4, web-3, web-2, web-1, web-0$"));
        Assert.That(run.Lines, Has.Some.Match("^  kept .* never was more than one pod away"));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task Ctrl_C_in_the_middle_leaves_no_process_and_no_folder_behind()
    {
        var run = await RunAsync(["demo"], interruptAt: "changing the template");
        Assert.That(run.ExitCode, Is.EqualTo(130), run.Text);
        Assert.That(Leftovers(run.Mark), Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(run.Mark), Is.Empty);
    }

    [Test]
    public async Task A_kept_cluster_answers_kubectl_until_Ctrl_C()
    {
        string? answer = null;
        var run = await RunAsync(["demo", "--scenario", "generic", "--keep"], interruptAt: "the cluster stays up until Ctrl-C", beforeInterrupt: async line =>
        {
            var words = line[(line.IndexOf("kubectl ", StringComparison.Ordinal) + "kubectl ".Length)..].Split(' ');
            answer = await KubectlAsync(words);
        });
        Assert.That(answer, Does.Contain("rolloutpolicy.ordinal.dev/web").And.Contain("statefulset.apps/web").And.Contain("pod/web-4"));
        Assert.That(run.ExitCode, Is.AnyOf(0, 130), run.Text);
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    [Test]
    public async Task A_malformed_manifest_is_refused_before_anything_starts()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: etcd}\n");
        var run = await RunAsync(["demo", "--manifest", file]);
        File.Delete(file);
        Assert.That(run.ExitCode, Is.EqualTo(2), run.Text);
        Assert.That(run.Text, Does.Contain(file).And.Contain("0 objects of kind RolloutPolicy").And.Contain("give exactly one RolloutPolicy"));
    }

    [TestCase("replicas: 5", "replicas: five", "StatefulSet web: the API server refuses it: ", ".spec.replicas: expected numeric")]
    [TestCase("update:", "update:\n    maxUnavailable: 0", "RolloutPolicy web: the API server refuses it: ", "maxUnavailable is a whole number of at least 1, or a percentage")]
    public async Task What_the_API_server_refuses_is_named_with_its_words(string good, string bad, string which, string words)
    {
        var file = Path.GetTempFileName();
        var sample = await File.ReadAllTextAsync(Path.Combine(Programs.Repository, "config/samples/generic.yaml"));
        await File.WriteAllTextAsync(file, sample.Replace(good, bad, StringComparison.Ordinal));
        var run = await RunAsync(["demo", "--scenario", "generic", "--manifest", file]);
        File.Delete(file);
        Assert.That(run.ExitCode, Is.EqualTo(2), run.Text);
        Assert.That(run.Text, Does.Contain(which).And.Contain(words).And.Contain("; correct the manifest."));
        Assert.That(Leftovers(run.Mark), Is.Empty);
    }

    /// <summary>Processes that carry the run's mark in their environment: whatever it started, however deep, has inherited it or a mark of the launcher's.</summary>
    private static string[] Leftovers(string folder)
    {
        var left = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                // Each of them works in, or was given a path of, the run's private folder.
                var words = File.ReadAllText(Path.Combine(process, "cmdline")) + File.ReadAllText(Path.Combine(process, "environ"));
                if (words.Contains(folder, StringComparison.Ordinal))
                {
                    left.Add(process + ": " + words.Replace('\0', ' '));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is somebody else's.
            }
        }

        return [.. left];
    }

    private static async Task<string> KubectlAsync(string[] words)
    {
        var start = new ProcessStartInfo(Programs.Kubectl) { RedirectStandardOutput = true };
        foreach (var word in (string[])[.. words, "-o", "name"])
        {
            start.ArgumentList.Add(word);
        }

        using var kubectl = Process.Start(start)!;
        var text = await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        return text;
    }

    /// <summary>Runs the demo. A run whose observer slept swears to nothing, by its own word: on a machine that stood still it is made again.</summary>
    private async Task<DemoRunResult> RunAsync(string[] arguments, string? interruptAt = null, Func<string, Task>? beforeInterrupt = null)
    {
        var run = await RunOnceAsync(arguments, interruptAt, beforeInterrupt);
        for (var more = 2; more > 0 && run.Lines.Any(l => l.StartsWith("  BROKEN  the observer was awake all the time", StringComparison.Ordinal)); more--)
        {
            run = await RunOnceAsync(arguments, interruptAt, beforeInterrupt);
        }

        return run;
    }

    private async Task<DemoRunResult> RunOnceAsync(string[] arguments, string? interruptAt, Func<string, Task>? beforeInterrupt)
    {
        var temporary = Directory.CreateTempSubdirectory("ordinal-demo-test-").FullName;
        _folders.Add(temporary);
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ordinal")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Everything that the run makes lies below a folder of this test's own, which also marks its processes.
        start.Environment["TMPDIR"] = temporary;
        start.Environment["ORDINAL_DEPS"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Programs.Etcd)!, "../../.."));
        using var process = Process.Start(start)!;
        var lines = new ConcurrentQueue<string>();

        async Task ReadAsync(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
            {
                lines.Enqueue(line);
                if (interruptAt is not null && line.Contains(interruptAt, StringComparison.Ordinal))
                {
                    if (beforeInterrupt is not null)
                    {
                        await beforeInterrupt(line);
                    }

                    Assert.That(Kill(process.Id, SigInt), Is.Zero);
                }
            }
        }

        using var deadline = new CancellationTokenSource(Longest, TimeProvider.System);
        try
        {
            await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError)).WaitAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"the demo did not end within {Longest.TotalSeconds:0} s:\n{string.Join('\n', lines)}");
        }

        var result = new DemoRunResult(process.ExitCode, [.. lines], temporary);
        TestContext.Out.WriteLine(result.Text);
        return result;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);

    /// <param name="Mark">The run's TMPDIR: its private folder lies below it, and its processes carry it.</param>
    private sealed record DemoRunResult(int ExitCode, string[] Lines, string Mark)
    {
        public string Text => string.Join('\n', Lines);
    }
}
