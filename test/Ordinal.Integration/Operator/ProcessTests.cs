using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary><c>ordinal run</c> as a process of its own.</summary>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public sealed class ProcessTests(ClusterKind kind)
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<int, StringBuilder> Logs = new();

    private static string OrdinalProgram { get; } = Path.Combine(Path.GetDirectoryName(typeof(OperatorOptions).Assembly.Location)!, "ordinal");

    [Test]
    public async Task A_process_tells_that_it_is_ready_and_gives_its_lease_back_on_SIGTERM()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        using var process = Process.Start(new ProcessStartInfo(OrdinalProgram)
        {
            ArgumentList = { "run", "--kubeconfig", cluster.OperatorKubeconfigPath, "--health-probe-bind-address", "127.0.0.1:0", "--metrics-bind-address", "127.0.0.1:0", "--leader-elect-namespace", "ordinal-system" },
            RedirectStandardError = true,
        })!;
        try
        {
            string? line;
            do
            {
                line = await process.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
                Assert.That(line, Is.Not.Null, "the process ended before it told where it listens");
            }
            while (!line!.Contains("probes and metrics on", StringComparison.Ordinal));
            var logs = process.StandardError.ReadToEndAsync();
            var urls = line[(line.LastIndexOf(" on ", StringComparison.Ordinal) + 4)..].Split(", ");
            using var http = new HttpClient();
            await cluster.UntilAsync("it is ready", async () => (await http.GetAsync(new Uri(urls[0] + "/readyz"))).IsSuccessStatusCode);
            Assert.That(await http.GetStringAsync(new Uri(urls[0] + "/readyz?verbose")), Does.Contain("[+]pods ok").And.EndsWith("readyz check passed\n"));
            Assert.That(await http.GetStringAsync(new Uri(urls[0] + "/healthz")), Is.EqualTo("ok"));
            Assert.That((int)(await http.GetAsync(new Uri(urls[0] + "/metrics"))).StatusCode, Is.EqualTo(404), "metrics have their own listener");
            await cluster.UntilAsync("it leads", async () => await HolderAsync(cluster) is { Length: > 0 });
            var metrics = "";
            await cluster.UntilAsync("it is measured", async () => (metrics = await http.GetStringAsync(new Uri(urls[1] + "/metrics"))).Contains("controller_runtime_reconcile_total", StringComparison.Ordinal), () => Task.FromResult(metrics));
            Assert.That(metrics, Does.Contain("leader_election_master_status"));

            await TerminateAsync(process);
            Assert.That(process.ExitCode, Is.Zero, await logs);
            Assert.That(await HolderAsync(cluster), Is.Empty, "the next one need not wait for the lease to run out");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [Test]
    public async Task A_process_limited_to_a_namespace_without_a_lease_logs_JSON_and_leaves_other_namespaces_alone()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        await cluster.CreateAsync("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "team-a" } });
        var policies = "/apis/ordinal.dev/v1alpha1/namespaces/{0}/rolloutpolicies";
        foreach (var name in (string[])["default", "team-a"])
        {
            // Its target does not exist: that is all that its status can say.
            await cluster.CreateAsync(string.Format(CultureInfo.InvariantCulture, policies, name), new JsonObject
            {
                ["apiVersion"] = "ordinal.dev/v1alpha1",
                ["kind"] = "RolloutPolicy",
                ["metadata"] = new JsonObject { ["name"] = "web" },
                ["spec"] = new JsonObject { ["targets"] = new JsonObject { ["statefulSets"] = new JsonArray(new JsonObject { ["name"] = "web" }) } },
            });
        }

        using var process = Process.Start(new ProcessStartInfo(OrdinalProgram)
        {
            ArgumentList =
            {
                "run", "--kubeconfig", cluster.OperatorKubeconfigPath, "--namespaces", "team-a,team-b", "--leader-elect", "false",
                "--health-probe-bind-address", "0", "--metrics-bind-address", "0", "--log-format", "json", "--log-level", "debug",
            },
            RedirectStandardError = true,
        })!;
        try
        {
            var logs = process.StandardError.ReadToEndAsync();
            await cluster.UntilAsync("the policy in its namespace has a status", async () => Workload.Condition((await PolicyAsync("team-a")).GetValueOrDefault(), "Ready").Reason == "TargetsMissing");
            Assert.That(Workload.Condition((await PolicyAsync("default")).GetValueOrDefault(), "Ready").Reason, Is.Empty, "not its namespace");
            Assert.That(await HolderAsync(cluster), Is.Null, "without leader election there is no lease");
            await TerminateAsync(process);
            var lines = (await logs).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(process.ExitCode, Is.Zero, string.Join('\n', lines));
            Assert.That(lines, Is.Not.Empty);
            foreach (var line in lines)
            {
                using var document = JsonDocument.Parse(line);
                Assert.That(document.RootElement.TryGetProperty("Timestamp", out _) && document.RootElement.TryGetProperty("LogLevel", out _), line);
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        Task<JsonElement?> PolicyAsync(string name) => cluster.FindAsync(string.Format(CultureInfo.InvariantCulture, policies, name) + "/web");
    }

    [Test]
    public async Task U41_A_standby_takes_over_from_a_leader_that_is_killed_in_mid_step_and_no_pod_goes_twice()
    {
        await using var cluster = await SimulatedCluster.StartAsync(kind);
        var web = new Workload(cluster, "web");
        await web.CreateAsync();
        await web.AddPolicyAsync();
        using var first = StartCandidate(cluster);
        using var second = StartCandidate(cluster);
        try
        {
            await web.UntilPolicyAsync("Ready", "True", "UpToDate");
            await using var witness = await PodWitness.StartAsync(cluster.Api, "web", 3);
            await web.ChangeTemplateAsync("app:v2", Workload.Slow());
            await cluster.UntilAsync("the first pod is on its way", async () => (await web.PodsAsync()).Values.Any(pod => pod.Image == "app:v2"), web.DescribeAsync);
            var (holder, transitions) = await LeaseAsync(cluster);
            var leader = await LeaderAsync(holder, first, second);
            leader.Kill();
            await leader.WaitForExitAsync();

            await web.LetUpAsync("app:v2", "web-2", "web-1", "web-0");
            await web.UntilRolloutAsync("True", "Completed");
            var after = await LeaseAsync(cluster);
            Assert.That(after.Holder, Is.Not.EqualTo(holder));
            Assert.That(after.Transitions, Is.GreaterThan(transitions), "more than once only where the machine stands still for longer than a lease");
            Assert.That(await witness.GoneAsync(), Is.EqualTo(["web-2", "web-1", "web-0"]));
            Assert.That((await witness.IncarnationsAsync()).Values, Is.All.EqualTo(2));
            Assert.That(await witness.MostAwayAsync(), Is.EqualTo(1));
        }
        finally
        {
            foreach (var process in (Process[])[first, second])
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }
            }
        }
    }

    [TestCase("--log-format", "xml", 2)]
    [TestCase("--log-level", "loud", 2)]
    [TestCase("--renew-deadline", "15s", 2)]
    [TestCase("--request-timeout", "5s", 2)]
    [TestCase("--kubeconfig", "/nowhere/kubeconfig", 5)]
    [TestCase("--lease-duration", "soon", 2)]
    public async Task A_wrong_start_ends_with_a_code_and_a_remedy(string option, string value, int code)
    {
        using var process = Process.Start(new ProcessStartInfo(OrdinalProgram) { ArgumentList = { "run", option, value }, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
        Assert.That(process.ExitCode, Is.EqualTo(code), error);
        Assert.That(error, Does.Contain(option).And.Contain(value.TrimEnd('s')), "the flag, and the value without its unit");
        Assert.That(error, Does.Contain("write ").Or.Contain("Change ").Or.Contain("name a "), "and what to do");
    }

    /// <summary>Starts an operator with a lease of two seconds.</summary>
    private static Process StartCandidate(SimulatedCluster cluster)
    {
        var process = Process.Start(new ProcessStartInfo(OrdinalProgram)
        {
            ArgumentList =
            {
                "run", "--kubeconfig", cluster.OperatorKubeconfigPath, "--health-probe-bind-address", "0", "--metrics-bind-address", "0", "--leader-elect-namespace", "ordinal-system",
                "--lease-duration", "2s", "--renew-deadline", "1s", "--retry-period", "200ms", "--request-timeout", "900ms",
            },
            RedirectStandardError = true,
        })!;
        Logs[process.Id] = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (Logs[process.Id])
            {
                Logs[process.Id].AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Finds the process that leads: it says its name when it does.</summary>
    private static async Task<Process> LeaderAsync(string holder, params Process[] candidates)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            foreach (var candidate in candidates)
            {
                lock (Logs[candidate.Id])
                {
                    if (Logs[candidate.Id].ToString().Contains(holder, StringComparison.Ordinal))
                    {
                        return candidate;
                    }
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        throw new AssertionException($"none of the processes says that it is {holder}:\n{string.Join("\n--\n", Logs.Values)}");
    }

    private static async Task<(string Holder, long Transitions)> LeaseAsync(SimulatedCluster cluster)
    {
        var spec = (await cluster.FindAsync("/apis/coordination.k8s.io/v1/namespaces/ordinal-system/leases/ordinal-operator")).GetValueOrDefault().Member("spec");
        return (spec.Text("holderIdentity"), spec.WholeNumber("leaseTransitions"));
    }

    private static async Task TerminateAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
    }

    private static async Task<string?> HolderAsync(SimulatedCluster cluster) =>
        (await cluster.FindAsync("/apis/coordination.k8s.io/v1/namespaces/ordinal-system/leases/ordinal-operator"))?.Member("spec").Text("holderIdentity");
}
