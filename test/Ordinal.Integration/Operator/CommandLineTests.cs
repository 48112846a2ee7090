using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Runtime.Client;
using Ordinal.TestSupport;

namespace Ordinal.Integration.Operating;

/// <summary>What people type, what they see, and what a pipeline gets as exit code.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class CommandLineTests(ClusterKind kind)
{
    [Test]
    public async Task A_rollout_that_succeeds_can_be_waited_for_looked_at_and_found_in_the_history()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        var ordinal = new CommandLine(cluster);
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        var (code, output, error) = await ordinal.RunAsync("status sts/web --wait --timeout 170s");
        Assert.That((code, output), Is.EqualTo((0, Line($"statefulset web: 3 of 3 pods at {await RevisionAsync(web)}, held"))), error);

        // The pods take their time until the command has seen them on the way.
        await web.ChangeTemplateAsync("app:v2", Workload.Slow());
        using var progress = new SharedText();
        var waiting = ordinal.RunAsync("status sts/web --wait --timeout 170s", progress);
        await cluster.UntilAsync("progress is told", () => Task.FromResult(waiting.IsCompleted || progress.ToString().Contains("web-", StringComparison.Ordinal)), web.DescribeAsync);
        await web.LetUpAsync("app:v2", "web-2", "web-1", "web-0");
        (code, output, error) = await waiting;
        Assert.That(code, Is.Zero, error);
        Assert.That(output, Does.StartWith("statefulset web: 3 of 3 pods at ").And.Contain("held"));
        Assert.That(error, Does.Contain("web-"), "progress is told on standard error");
        await web.UntilRolloutAsync("True", "Completed");
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        Assert.That((await ordinal.RunAsync("status rop/web --wait --timeout 170s")).Code, Is.Zero);

        var rollout = (await web.RolloutsAsync())[0].Member("metadata").Text("name");
        (code, output, _) = await ordinal.RunAsync($"status stsr/{rollout}");
        Assert.That((code, output), Is.EqualTo((0, output)));
        Assert.That(output, Does.StartWith($"{rollout}: default/web: all 3 pods run "));

        (_, output, _) = await ordinal.RunAsync("get web --ascii");
        Assert.That(output, Does.Contain("RolloutPolicy").And.Contain($"[ok] {rollout}").And.Contain("[ok] web-2").And.Not.Contain("\u001b"), "no terminal: no escape sequences");
        Assert.That((await ordinal.RunAsync("get web -o wide")).Output, Does.Contain("on node-1, 10.244."));
        Assert.That((await ordinal.RunAsync("get web -o name")).Output, Is.EqualTo(Line("rolloutpolicy.ordinal.dev/web")));
        Assert.That(JsonDocument.Parse((await ordinal.RunAsync($"get stsr/{rollout} -o json")).Output).RootElement.Member("spec").Text("type"), Is.EqualTo("Update"));
        Assert.That((await ordinal.RunAsync("get -A -o yaml")).Output, Does.StartWith("apiVersion: v1").And.Contain("kind: RolloutPolicy").And.Not.Contain("managedFields"));

        (_, output, _) = await ordinal.RunAsync("list -A");
        Assert.That(output, Does.Match(@"NAMESPACE +POLICY +TARGETS").And.Match(@"default +web +1 StatefulSet +3/3 +True +UpToDate +false").And.Match($"default +{rollout} +web +Update +3/3 +Completed"));
        Assert.That((await ordinal.RunAsync("list --active")).Output, Is.Empty);
        Assert.That((await ordinal.RunAsync("list --failed")).Error, Does.Contain("Nothing found in namespace default"));
        Assert.That((await ordinal.RunAsync("list -l ordinal.dev/policy=web -o name")).Output, Is.EqualTo(Line($"statefulsetrollout.ordinal.dev/{rollout}")));

        (_, output, _) = await ordinal.RunAsync("history web");
        Assert.That(output, Does.Match("ROLLOUT +TYPE +RESULT").And.Match($"{rollout} +Update +Completed +[0-9a-f]+ -> [0-9a-f]+ +c v1 -> v2 +3/3 ").And.Contain("operator"));
        Assert.That(JsonDocument.Parse((await ordinal.RunAsync("history web -o json")).Output).RootElement.Member("rollouts")[0].Text("result"), Is.EqualTo("Completed"));
        Assert.That((await ordinal.RunAsync("explain web")).Output, Does.StartWith("AT REST: RolloutPolicy default/web.").And.Contain("Nothing to do."));
    }

    [Test]
    public async Task A_rollout_that_hangs_is_explained_paused_cancelled_and_repeated()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        var ordinal = new CommandLine(cluster);
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });
        await cluster.UntilAsync("the rollout says that web-2 is not ready", async () => await web.RolloutsAsync() is { Count: 1 } rollouts && rollouts[0].Member("status").Member("current").Text("reason") == "PodNotReady", web.DescribeAsync);
        var rollout = (await web.RolloutsAsync())[0].Member("metadata").Text("name");

        var (code, output, _) = await ordinal.RunAsync($"status {rollout} --wait --timeout 1s");
        Assert.That((code, output), Is.EqualTo((3, output)));
        Assert.That(output, Does.Contain("still under way after 1s"));
        Assert.That((await ordinal.RunAsync("status web")).Code, Is.EqualTo(3), "under way");
        (code, output, _) = await ordinal.RunAsync("explain sts/web");
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain($"StatefulSetRollout default/{rollout}").And.Contain("web-2").And.Contain("Look at the pod's events and logs.").And.Contain("docs/runbook.md#podnotready"));

        Assert.That(await ordinal.RunAsync($"pause {rollout}"), Is.EqualTo((0, Line($"statefulsetrollout.ordinal.dev/{rollout} paused"), "")));
        Assert.That((await ordinal.RunAsync($"pause {rollout}")).Output, Does.Contain("paused already"));
        await cluster.UntilAsync("the rollout is paused", async () => Workload.Condition((await web.RolloutsAsync())[0], "Paused").Status == "True", web.DescribeAsync);
        Assert.That((await ordinal.RunAsync($"explain {rollout}")).Output, Does.StartWith("PAUSED").And.Contain($"ordinal resume stsr/{rollout} -n default"));
        Assert.That((await ordinal.RunAsync($"resume stsr/{rollout}")).Output, Is.EqualTo(Line($"statefulsetrollout.ordinal.dev/{rollout} resumed")));

        (code, _, var error) = await ordinal.RunAsync($"approve {rollout}");
        Assert.That(code, Is.EqualTo(2));
        Assert.That(error, Does.Contain("waits for no approval").And.Contain("--step"));
        Assert.That((await ordinal.RunAsync($"approve {rollout} --step 2")).Code, Is.Zero);
        Assert.That((await web.RolloutsAsync())[0].Member("spec").WholeNumber("approvedStep"), Is.EqualTo(2));
        Assert.That((await ordinal.RunAsync($"approve {rollout} --step 1")).Error, Does.Contain("approved already"));

        Assert.That((await ordinal.RunAsync("cancel rop/web")).Code, Is.Zero, "the one that is under way");
        Assert.That((await ordinal.RunAsync($"status {rollout} --wait --timeout 170s")).Code, Is.EqualTo(4));
        Assert.That((await ordinal.RunAsync("status sts/web --wait --timeout 170s")).Code, Is.EqualTo(4), "the last word about the revision that waits, once the policy has seen the hold that the rollout has put back");
        (code, _, error) = await ordinal.RunAsync($"cancel {rollout}");
        Assert.That((code, error), Is.EqualTo((2, error)));
        Assert.That(error, Does.Contain("has ended (Cancelled)").And.Contain($"ordinal retry {rollout}"));

        (code, output, error) = await ordinal.RunAsync($"retry {rollout}");
        Assert.That(code, Is.Zero, error);
        Assert.That(output, Does.Match("^statefulsetrollout.ordinal.dev/web-[a-z0-9]+ created"));
        await cluster.UntilAsync("it begins", async () => (await web.RolloutsAsync()) is { Count: 2 } both && both.Any(each => each.Member("status").Member("current").Text("pod") == "web-2"), web.DescribeAsync);
        Assert.That((await ordinal.RunAsync("list --active -o name")).Output, Is.EqualTo(output.Replace(" created", "", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_rollout_that_fails_is_exit_code_1()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        var ordinal = new CommandLine(cluster);
        await web.CreateAsync();
        await web.AddPolicyAsync(new JsonObject { ["minReadyDuration"] = "0s", ["podDeadline"] = "2s" });
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await web.ChangeTemplateAsync("app:v2", new JsonObject { ["sim.ordinal.dev/fail"] = "NeverReady" });

        var (code, output, error) = await ordinal.RunAsync("status sts/web --wait --timeout 170s");
        Assert.That(code, Is.EqualTo(1), error);
        Assert.That(output, Does.Contain("DeadlineExceeded").And.Contain("web-2"));
        await web.UntilPolicyAsync("Ready", "False", "RolloutFailed");
        Assert.That((await ordinal.RunAsync("status rop/web --wait")).Code, Is.EqualTo(1));
        Assert.That((await ordinal.RunAsync("list --failed -o name")).Output, Does.StartWith("statefulsetrollout.ordinal.dev/web-"));
        (_, output, _) = await ordinal.RunAsync("explain web");
        Assert.That(output, Does.StartWith("ENDED").And.Contain("Fix the pod that the message names").And.Contain("ordinal retry web-").And.Contain("says \"complete\" while the pods are held"));
    }

    [Test]
    public async Task What_is_not_there_or_not_allowed_is_said_with_a_remedy()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        var ordinal = new CommandLine(cluster);
        await web.CreateAsync();
        await web.AddPolicyAsync();

        await FailsAsync(2, "status stsr/nothing", "StatefulSetRollout default/nothing does not exist; see: ordinal list -n default");
        await FailsAsync(2, "get nothing", "namespace default has no RolloutPolicy, StatefulSetRollout or StatefulSet of the name nothing");
        await FailsAsync(2, "get pod/web-0", "\"pod/web-0\" is of a kind that has no rollouts; write rop/NAME, stsr/NAME or sts/NAME");
        await FailsAsync(2, "get rop/web -A", "an object is named, so -A cannot be");
        await FailsAsync(2, "pause web", "RolloutPolicy default/web is no rollout; write rop/web");
        await FailsAsync(2, "pause sts/web", "a StatefulSet cannot be paused");
        await FailsAsync(2, "cancel rop/web", "RolloutPolicy default/web has no rollout under way");
        await FailsAsync(2, "start restart sts/web", "is none; name the policy");
        await FailsAsync(2, "start restart web --targets other", "StatefulSet other is no target of RolloutPolicy default/web; its targets are web");
        await FailsAsync(2, "start update web --image app:v2", "write CONTAINER=IMAGE");
        await FailsAsync(2, "start rollback web --to-revision 77", "StatefulSet default/web has no ControllerRevision 77; it has 1 (web-");
        await FailsAsync(2, "status web --for Step=x", "write Finished, or Step=N");
        await FailsAsync(2, "status web --timeout soon", "write a duration");
        await FailsAsync(5, "list --context nobody", "check --kubeconfig and --context");
        if (kind is ClusterKind.Real)
        {
            await FailsAsync(5, "list --as somebody", "not allowed: ", "ask for the role ordinal-view");
        }

        var (code, output, _) = await ordinal.RunAsync("start restart web --reason because --targets web --dry-run=client");
        Assert.That((code, output), Is.EqualTo((0, output)));
        Assert.That(output, Does.Contain("type: Restart").And.Contain("reason: because").And.Contain("generateName: 'web-'"));
        Assert.That((await ordinal.RunAsync("start update web --image c=app:v3 --dry-run=server")).Output, Does.EndWith(Line("created (server dry run)")));
        Assert.That(await web.RolloutsAsync(), Is.Empty, "nothing was asked for");

        async Task FailsAsync(int expected, string line, params string[] words)
        {
            var (actual, _, said) = await ordinal.RunAsync(line);
            Assert.That(actual, Is.EqualTo(expected), $"{line}: {said}");
            foreach (var word in words)
            {
                Assert.That(said, Does.Contain(word), line);
            }
        }
    }

    [Test]
    public async Task A_server_that_does_not_answer_is_exit_code_5()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var kubeconfig = Path.Combine(Path.GetDirectoryName(cluster.KubeconfigPath)!, "elsewhere");
        await File.WriteAllTextAsync(kubeconfig, System.Text.RegularExpressions.Regex.Replace(await File.ReadAllTextAsync(cluster.KubeconfigPath), "https://127.0.0.1:[0-9]+", "https://127.0.0.1:1"));
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Ordinal.Operator.Cli.CommandRoot.RunAsync(["list", "--kubeconfig", kubeconfig], new System.CommandLine.InvocationConfiguration { Output = output, Error = error }, CancellationToken.None);
        Assert.That(code, Is.EqualTo(5), error.ToString());
        Assert.That(error.ToString(), Does.Contain("the API server at https://127.0.0.1:1/ cannot be reached").And.Contain("check --kubeconfig"));
    }

    [Test]
    public async Task A_watch_without_a_terminal_prints_one_line_a_change_until_it_is_interrupted()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        using var interrupt = new CancellationTokenSource();
        using var output = new SharedText();
        var watching = Ordinal.Operator.Cli.CommandRoot.RunAsync(["get", "web", "-w", "--kubeconfig", cluster.KubeconfigPath], new System.CommandLine.InvocationConfiguration { Output = output }, interrupt.Token);
        await cluster.UntilAsync("the first picture", () => Task.FromResult(output.ToString().Contains("web-0 ", StringComparison.Ordinal)));

        await web.ChangeTemplateAsync("app:v2");
        await cluster.UntilAsync("the end is told", () => Task.FromResult(output.ToString().Contains("Completed default/web: all 3 pods run", StringComparison.Ordinal)), () => Task.FromResult(output.ToString()));
        await interrupt.CancelAsync();
        Assert.That(await watching, Is.EqualTo(130));
        Assert.That(output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries), Is.All.Match("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z "));
    }

    [Test]
    public async Task U15_Uninstall_gives_every_strategy_back_but_where_a_change_waits()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var (web, db) = (new Workload(cluster, "web"), new Workload(cluster, "db"));
        var ordinal = new CommandLine(cluster);
        foreach (var each in new[] { web, db })
        {
            await each.CreateAsync();
            await each.AddPolicyAsync();
        }

        await using var running = new RunningOperator(cluster);
        await web.UntilPolicyAsync("Ready", "True", "UpToDate");
        await db.UntilPolicyAsync("Ready", "True", "UpToDate");
        await db.PatchPolicyAsync(new JsonObject { ["trigger"] = "Manual" });
        await db.ChangeTemplateAsync("app:v2");
        await db.UntilPolicyAsync("Ready", "False", "DriftHeld");

        var (code, output, error) = await ordinal.RunAsync("uninstall --dry-run");
        Assert.That((code, output), Is.EqualTo((0, "")));
        Assert.That(error, Does.Contain("default/db: a change waits on db: the hold stays").And.Contain("default/web: the update strategy is given back"));

        (code, output, error) = await ordinal.RunAsync("uninstall --yes");
        Assert.That(code, Is.EqualTo(1), error);
        Assert.That(output, Does.Contain("default/web: let go").And.Contain("default/db: still held: "));
        Assert.That(error, Does.Contain("1 of 2 policies stay").And.Contain("--release"));
        Assert.That(await web.PartitionAsync(), Is.Zero);
        Assert.That(await db.PartitionAsync(), Is.GreaterThan(3));
        Assert.That((await db.PodsAsync()).Values.Select(pod => pod.Image), Is.All.EqualTo("app:v1"));

        (code, output, error) = await ordinal.RunAsync("uninstall --yes --release");
        Assert.That(code, Is.Zero, error);
        Assert.That(output, Is.EqualTo(Line("default/db: let go")));
        Assert.That((await ordinal.RunAsync("uninstall --yes")).Output, Does.Contain("nothing to let go of"));
    }

    [Test]
    public async Task Stock_kubectl_finds_the_verbs_as_a_plugin()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        var folder = Directory.CreateTempSubdirectory("ordinal-plugin-").FullName;
        try
        {
            var kubectl = new Kubectl(folder, cluster.KubeconfigPath, plugins: AppContext.BaseDirectory);
            Assert.That(await kubectl.RunAsync("ordinal start --help"), Does.Contain("kubectl ordinal start [command]"));
            var (code, _, error) = await kubectl.ExecuteAsync(["ordinal", "status", "stsr/nothing"]);
            Assert.That((code, error), Is.EqualTo((2, "error: StatefulSetRollout default/nothing does not exist; see: kubectl ordinal list -n default\n")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Line(string text) => text + Environment.NewLine;

    private static async Task<string> RevisionAsync(Workload web) => (await web.SetAsync()).Member("status").Text("updateRevision");

    /// <summary>Text that one thread writes while another reads it.</summary>
    private sealed class SharedText : StringWriter
    {
        private readonly Lock gate = new();

        public override void Write(char value)
        {
            lock (gate)
            {
                base.Write(value);
            }
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (gate)
            {
                base.Write(buffer, index, count);
            }
        }

        public override void Write(string? value)
        {
            lock (gate)
            {
                base.Write(value);
            }
        }

        public override void WriteLine(string? value) => Write(value + NewLine);

        public override string ToString()
        {
            lock (gate)
            {
                return base.ToString();
            }
        }
    }
}
