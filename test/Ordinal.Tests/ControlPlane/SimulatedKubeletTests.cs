using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Simulated;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

/// <summary>The simulated kubelet: what a pod's status and events say while it goes through its script.</summary>
[TestFixture]
public sealed class SimulatedKubeletTests
{
    [Test]
    public void A_pod_that_starts_tells_the_kubelets_events_in_their_order_and_words()
    {
        SimulatedCluster cluster = new(1);
        Create(cluster, "p");
        WaitReady(cluster, "p");
        cluster.Settle();
        Assert.That(Events(cluster, "p"), Is.EqualTo(new[]
        {
            ("Normal", "Scheduled", "Successfully assigned default/p to node-0"),
            ("Normal", "Pulled", "Container image \"app:v1\" already present on machine and can be accessed by the pod"),
            ("Normal", "Created", "Container created"),
            ("Normal", "Started", "Container started"),
        }));
        JsonElement container = Container(cluster, "p");
        Assert.Multiple(() =>
        {
            Assert.That(container.TextAt("containerID"), Does.Match("^simulated://[0-9a-f]{64}$"));
            Assert.That(container.TextAt("imageID"), Does.Match("^sha256:[0-9a-f]{64}$"));
            Assert.That(container.FlagAt("started"), Is.True);
            Assert.That(cluster.Pod("p")!.Root.TextAt("status", "podIP"), Does.StartWith("10.244."));
        });
    }

    [Test]
    public void An_image_is_pulled_once_by_a_node_in_its_scripted_time()
    {
        SimulatedCluster cluster = new(2, new EmbeddedClusterOptions { Nodes = 1, Scenario = Scenario.Parse("rules: [{behave: {pull-delay: 7s, start-delay: 0s}}]") });
        DateTimeOffset from = cluster.World.Time.GetUtcNow();
        Create(cluster, "a");
        WaitReady(cluster, "a");
        Assert.That((cluster.World.Time.GetUtcNow() - from).TotalSeconds, Is.EqualTo(7).Within(1));
        Create(cluster, "b");
        WaitReady(cluster, "b");
        cluster.Settle();
        Assert.That(Events(cluster, "a").Select(e => e.Message), Does.Contain("Pulling image \"app:v1\"")
            .And.Contain("Successfully pulled image \"app:v1\" in 7s (7s including waiting). Image size: 10485760 bytes."));
        Assert.That(Events(cluster, "b").Select(e => e.Reason), Does.Contain("Pulled").And.Not.Contain("Pulling"));
    }

    [Test]
    public void A_pull_that_fails_alternates_between_its_error_and_its_back_off_and_a_mended_script_is_followed_at_once()
    {
        SimulatedCluster cluster = new(3);
        List<string> reasons = [];
        cluster.OnPod = change => Note(reasons, change.Latest.Root.ItemsAt("status", "containerStatuses").FirstOrDefault().TextAt("state", "waiting", "reason"));
        Create(cluster, "p", annotations: [("fail", "ImagePullBackOff")]);
        cluster.World.RunFor(TimeSpan.FromSeconds(45));
        Assert.That(reasons, Is.EqualTo(new[] { "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff" }).Or.EqualTo(
            new[] { "ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff" }));
        Assert.That(Container(cluster, "p").TextAt("state", "waiting", "message"), Is.EqualTo(
            "Back-off pulling image \"app:v1\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/app:v1\": "
            + "failed to resolve reference \"docker.io/library/app:v1\": docker.io/library/app:v1: not found"));
        Assert.That(Events(cluster, "p").Select(e => $"{e.Type} {e.Reason} {e.Message}"), Does.Contain("Normal BackOff Back-off pulling image \"app:v1\"")
            .And.Contain("Warning Failed Error: ErrImagePull").And.Contain("Warning Failed Error: ImagePullBackOff"));
        Annotate(cluster, "p", "fail", null);
        DateTimeOffset mended = cluster.World.Time.GetUtcNow();
        WaitReady(cluster, "p");
        Assert.That(cluster.World.Time.GetUtcNow() - mended, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void A_pull_works_after_its_scripted_failures()
    {
        SimulatedCluster cluster = new(4);
        DateTimeOffset from = cluster.World.Time.GetUtcNow();
        Create(cluster, "p", annotations: [("pull-failures", "2")]);
        WaitReady(cluster, "p");
        Assert.That((cluster.World.Time.GetUtcNow() - from).TotalSeconds, Is.EqualTo(10 + 20 + 1).Within(2), "two back-offs, and the start");
    }

    [Test]
    public void A_crashing_container_is_restarted_at_once_and_then_with_a_growing_pause()
    {
        SimulatedCluster cluster = new(5);
        Create(cluster, "p", annotations: [("fail", "CrashLoopBackOff"), ("exit-code", "3")]);
        cluster.WaitFor("the second pause", () => Container(cluster, "p").TextAt("state", "waiting", "message")?.StartsWith("back-off 20s", StringComparison.Ordinal) ?? false);
        JsonElement container = Container(cluster, "p");
        string title = $"p_default({cluster.Pod("p")!.Uid})";
        Assert.Multiple(() =>
        {
            Assert.That(container.TextAt("state", "waiting", "reason"), Is.EqualTo("CrashLoopBackOff"));
            Assert.That(container.TextAt("state", "waiting", "message"), Is.EqualTo($"back-off 20s restarting failed container=c pod={title}"));
            Assert.That(container.NumberAt("restartCount"), Is.EqualTo(2), "at once, and after 10 s");
            Assert.That(container.NumberAt("lastState", "terminated", "exitCode"), Is.EqualTo(3));
            Assert.That(container.TextAt("lastState", "terminated", "containerID"), Does.StartWith("simulated://"));
            Assert.That(Events(cluster, "p").Select(e => e.Message), Does.Contain($"Back-off restarting failed container c in pod {title}"));
            Assert.That(cluster.Pod("p")!.Root.TextAt("status", "phase"), Is.EqualTo("Running"));
        });
    }

    [Test]
    public void A_container_that_is_out_of_memory_says_so()
    {
        SimulatedCluster cluster = new(6);
        Create(cluster, "p", annotations: [("fail", "OOMKilled")]);
        cluster.WaitFor("a pause", () => Container(cluster, "p").TextAt("state", "waiting", "reason") == "CrashLoopBackOff");
        Assert.That(Container(cluster, "p").TextAt("lastState", "terminated", "reason"), Is.EqualTo("OOMKilled"));
        Assert.That(Container(cluster, "p").NumberAt("lastState", "terminated", "exitCode"), Is.EqualTo(137));
    }

    [Test]
    public void Crashes_that_are_counted_end()
    {
        SimulatedCluster cluster = new(7);
        Create(cluster, "p", annotations: [("crashes", "2")]);
        WaitReady(cluster, "p");
        Assert.That(Container(cluster, "p").NumberAt("restartCount"), Is.EqualTo(2));
    }

    [TestCase("1s", "back-off 2s restarting")]
    [TestCase("0", "back-off 20s restarting")]
    [TestCase("10m", "back-off 20s restarting")]
    public void The_pause_after_a_crash_begins_as_the_script_says_and_doubles(string first, string second)
    {
        SimulatedCluster cluster = new(10);
        Create(cluster, "p", annotations: [("fail", "CrashLoopBackOff"), ("back-off", first)]);
        cluster.WaitFor("its second pause", () => (Container(cluster, "p").TextAt("state", "waiting", "message") ?? "").Contains(second, StringComparison.Ordinal));
        Assert.That(Container(cluster, "p").NumberAt("restartCount"), Is.EqualTo(2));
    }

    [TestCase("Never", "0", "Succeeded", 0)]
    [TestCase("Never", "4", "Failed", 0)]
    [TestCase("OnFailure", "0", "Succeeded", 0)]
    [TestCase("OnFailure", "4", "Running", 3)]
    [TestCase("Always", "0", "Running", 3)]
    public void The_restart_policy_decides_what_becomes_of_a_container_that_ends(string policy, string code, string phase, int restarts)
    {
        SimulatedCluster cluster = new(8);
        Create(cluster, "p", annotations: [("run-for", "2s"), ("exit-code", code)], change: spec => spec["restartPolicy"] = policy);
        cluster.World.RunFor(TimeSpan.FromSeconds(55));
        JsonElement status = cluster.Pod("p")!.Root.At("status");
        Assert.That(status.TextAt("phase"), Is.EqualTo(phase));
        Assert.That(Container(cluster, "p").NumberAt("restartCount"), Is.EqualTo(restarts));
        string? ready = status.ItemsAt("conditions").First(c => c.TextAt("type") == "Ready").TextAt("reason");
        Assert.That(ready, Is.EqualTo(phase switch { "Succeeded" => "PodCompleted", "Failed" => "PodFailed", _ => "ContainersNotReady" }));
    }

    [Test]
    public void Init_containers_run_one_after_the_other_and_a_sidecar_goes_on_beside_the_rest()
    {
        SimulatedCluster cluster = new(9);
        Create(cluster, "p", annotations: [("init-delay", "3s")], change: spec => spec["initContainers"] = JsonNode.Parse("""
            [{"name":"first","image":"a:1"},{"name":"side","image":"b:1","restartPolicy":"Always"},{"name":"last","image":"c:1"}]
            """));
        cluster.WaitFor("the first init container", () => Init(cluster, 0).At("state", "running").ValueKind is JsonValueKind.Object);
        JsonElement initialized = cluster.Pod("p")!.Root.ItemsAt("status", "conditions").First(c => c.TextAt("type") == "Initialized");
        Assert.That(initialized.TextAt("reason"), Is.EqualTo("ContainersNotInitialized"));
        Assert.That(initialized.TextAt("message"), Is.EqualTo("containers with incomplete status: [first side last]"));
        Assert.That(Container(cluster, "p").TextAt("state", "waiting", "reason"), Is.EqualTo("PodInitializing"));
        Assert.That(cluster.Pod("p")!.Root.TextAt("status", "phase"), Is.EqualTo("Pending"));
        DateTimeOffset from = cluster.World.Time.GetUtcNow();
        WaitReady(cluster, "p");
        Assert.Multiple(() =>
        {
            Assert.That((cluster.World.Time.GetUtcNow() - from).TotalSeconds, Is.EqualTo(6).Within(1));
            Assert.That(Init(cluster, 0).TextAt("state", "terminated", "reason"), Is.EqualTo("Completed"));
            Assert.That(Init(cluster, 1).At("state", "running").ValueKind, Is.EqualTo(JsonValueKind.Object));
            Assert.That(Init(cluster, 1).FlagAt("ready"), Is.True);
            Assert.That(Init(cluster, 2).TextAt("state", "terminated", "reason"), Is.EqualTo("Completed"));
        });
    }

    [Test]
    public void A_sidecar_ends_with_the_last_container_and_does_not_keep_the_pod_from_succeeding()
    {
        SimulatedCluster cluster = new(10);
        Create(cluster, "p", annotations: [("run-for", "2s")], change: spec =>
        {
            spec["restartPolicy"] = "Never";
            spec["initContainers"] = JsonNode.Parse("""[{"name":"side","image":"b:1","restartPolicy":"Always"}]""");
        });
        cluster.WaitFor("the end", () => cluster.Pod("p")!.Root.TextAt("status", "phase") == "Succeeded");
        Assert.That(Init(cluster, 0).At("state", "terminated").ValueKind, Is.EqualTo(JsonValueKind.Object));
    }

    [Test]
    public void An_init_container_that_crashes_keeps_the_pod_pending()
    {
        SimulatedCluster cluster = new(11);
        Create(cluster, "p", annotations: [("fail", "InitCrashLoopBackOff")], change: spec => spec["initContainers"] = JsonNode.Parse("""[{"name":"i","image":"a:1"}]"""));
        cluster.WaitFor("the pause", () => Init(cluster, 0).TextAt("state", "waiting", "reason") == "CrashLoopBackOff");
        Assert.That(cluster.Pod("p")!.Root.TextAt("status", "phase"), Is.EqualTo("Pending"));
    }

    [Test]
    public void Readiness_comes_late_and_flips_as_scripted()
    {
        SimulatedCluster cluster = new(12);
        List<(double At, bool IsReady)> turns = [];
        cluster.OnPod = change =>
        {
            bool ready = PodFacts.Of(change.Latest).HasReadyCondition;
            if (turns.Count == 0 ? ready : turns[^1].IsReady != ready)
            {
                turns.Add((cluster.World.Time.Elapsed.TotalSeconds, ready));
            }
        };
        Create(cluster, "p", annotations: [("ready-delay", "5s"), ("flip", "10s/2s")]);
        cluster.World.RunFor(TimeSpan.FromSeconds(32));
        Assert.That(turns.Select(t => t.IsReady), Is.EqualTo(new[] { true, false, true, false, true }));
        double[] gaps = [.. turns.Zip(turns.Skip(1), (a, b) => b.At - a.At)];
        Assert.That(gaps, Has.All.GreaterThan(1.5).And.All.LessThan(10.5));
        Assert.That(Events(cluster, "p").Select(e => e.Message), Does.Contain("Readiness probe failed: HTTP probe failed with statuscode: 503"));
    }

    [Test]
    public void A_closed_readiness_gate_is_named_in_the_ready_condition()
    {
        SimulatedCluster cluster = new(13);
        Create(cluster, "p", change: spec => spec["readinessGates"] = JsonNode.Parse("""[{"conditionType":"ordinal.dev/gate"}]"""));
        cluster.WaitFor("the reason", () => Ready(cluster).TextAt("reason") == "ReadinessGatesNotReady");
        Assert.That(Ready(cluster).TextAt("message"), Is.EqualTo("corresponding condition of pod readiness gate \"ordinal.dev/gate\" does not exist."));
        cluster.World.Run(
            () => cluster.Client.StrategicPatchAsync(ResourceKind.Pods, new ObjectKey("default", "p"), JsonNode.Parse("""{"status":{"conditions":[{"type":"ordinal.dev/gate","status":"False"}]}}""")!.AsObject(), "status", CancellationToken.None),
            TimeSpan.FromMinutes(1));
        cluster.WaitFor("the other message", () => Ready(cluster).TextAt("message") == "the status of pod readiness gate \"ordinal.dev/gate\" is not \"True\", but False");

        static JsonElement Ready(SimulatedCluster cluster) => cluster.Pod("p")?.Root.ItemsAt("status", "conditions").FirstOrDefault(c => c.TextAt("type") == "Ready") ?? default;
    }

    [Test]
    public void A_pod_that_never_stops_goes_only_by_a_forced_deletion()
    {
        SimulatedCluster cluster = new(14);
        Create(cluster, "p", annotations: [("fail", "NeverStops")]);
        WaitReady(cluster, "p");
        cluster.Delete(ResourceKind.Pods, "p");
        cluster.Settle();
        Assert.That(cluster.Pod("p")?.IsTerminating, Is.True);
        cluster.World.Run(() => cluster.Client.DeleteAsync(ResourceKind.Pods, new ObjectKey("default", "p"), null, 0, null, CancellationToken.None), TimeSpan.FromMinutes(1));
        cluster.WaitFor("it to go", () => cluster.Pod("p") is null);
        cluster.Settle();
    }

    [Test]
    public void What_befalls_one_container_by_script_leaves_the_other_alone()
    {
        SimulatedCluster cluster = new(15);
        Create(cluster, "p", annotations: [("fail", "CrashLoopBackOff"), ("container", "c")], change: spec => spec["containers"]!.AsArray().Add((JsonNode)new JsonObject { ["name"] = "d", ["image"] = "other:1" }));
        cluster.WaitFor("the pause", () => Container(cluster, "p").TextAt("state", "waiting", "reason") == "CrashLoopBackOff");
        JsonElement other = cluster.Pod("p")!.Root.ItemsAt("status", "containerStatuses").ElementAt(1);
        Assert.That(other.FlagAt("ready"), Is.True);
        Assert.That(cluster.Pod("p")!.Root.ItemsAt("status", "conditions").First(c => c.TextAt("type") == "ContainersReady").TextAt("message"), Is.EqualTo("containers with unready status: [c]"));
    }

    [TestCase(PodAffliction.Crash, 1)]
    [TestCase(PodAffliction.Kill, 137)]
    public void A_struck_pod_is_restarted(PodAffliction affliction, int code)
    {
        SimulatedCluster cluster = new(16);
        Create(cluster, "p");
        WaitReady(cluster, "p");
        Assert.That(Afflict(cluster, affliction), Is.True);
        cluster.WaitFor("the restart", () => Container(cluster, "p").NumberAt("restartCount") == 1);
        WaitReady(cluster, "p");
        Assert.That(Container(cluster, "p").NumberAt("lastState", "terminated", "exitCode"), Is.EqualTo(code));
    }

    [Test]
    public void A_hung_pod_is_not_ready_hears_no_TERM_and_recovers()
    {
        SimulatedCluster cluster = new(17);
        Create(cluster, "p", change: spec => spec["terminationGracePeriodSeconds"] = 20);
        WaitReady(cluster, "p");
        Afflict(cluster, PodAffliction.Hang);
        cluster.WaitFor("unready", () => !PodFacts.Of(cluster.Pod("p")!).HasReadyCondition);
        Afflict(cluster, PodAffliction.Recover);
        WaitReady(cluster, "p");
        Afflict(cluster, PodAffliction.Hang);
        DateTimeOffset asked = cluster.World.Time.GetUtcNow();
        cluster.Delete(ResourceKind.Pods, "p");
        cluster.WaitFor("it to go", () => cluster.Pod("p") is null);
        Assert.That((cluster.World.Time.GetUtcNow() - asked).TotalSeconds, Is.EqualTo(20).Within(1));
    }

    internal static void Create(SimulatedCluster cluster, string name, (string Name, string Value)[]? annotations = null, Action<JsonObject>? change = null)
    {
        JsonObject notes = [];
        foreach ((string note, string value) in annotations ?? [])
        {
            notes[SimulatedScript.Prefix + note] = value;
        }

        JsonObject spec = new()
        {
            ["terminationGracePeriodSeconds"] = 5,
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }),
        };
        change?.Invoke(spec);
        cluster.Create(ResourceKind.Pods, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["annotations"] = notes, ["labels"] = new JsonObject { ["app"] = name } },
            ["spec"] = spec,
        });
    }

    internal static void WaitReady(SimulatedCluster cluster, string name) =>
        cluster.WaitFor($"{name} to be ready", () => cluster.Pod(name) is { } pod && PodFacts.Of(pod).IsRunningAndReady);

    internal static IReadOnlyList<(string Type, string Reason, string Message)> Events(SimulatedCluster cluster, string name) =>
    [
        .. cluster.Store(ResourceKind.Events).List("default")
            .Where(item => item.Root.TextAt("involvedObject", "kind") == "Pod" && item.Root.TextAt("involvedObject", "name") == name)
            .OrderBy(item => item.Root.TimeAt("firstTimestamp")).ThenBy(item => item.Name, StringComparer.Ordinal)
            .Select(item => (item.Root.TextAt("type")!, item.Root.TextAt("reason")!, item.Root.TextAt("message")!)),
    ];

    private static bool Afflict(SimulatedCluster cluster, PodAffliction affliction) =>
        cluster.World.Run(() => Task.FromResult(cluster.Cluster.Agents.Any(agent => agent.Afflict(new ObjectKey("default", "p"), affliction))), TimeSpan.FromMinutes(1));

    private static JsonElement Container(SimulatedCluster cluster, string name) => cluster.Pod(name)?.Root.ItemsAt("status", "containerStatuses").FirstOrDefault() ?? default;

    private static JsonElement Init(SimulatedCluster cluster, int index) => cluster.Pod("p")?.Root.ItemsAt("status", "initContainerStatuses").ElementAtOrDefault(index) ?? default;

    private static void Annotate(SimulatedCluster cluster, string pod, string name, string? value) => cluster.Annotate(pod, SimulatedScript.Prefix + name, value);

    private static void Note(List<string> reasons, string? reason)
    {
        if (reason is not null && (reasons.Count == 0 || reasons[^1] != reason))
        {
            reasons.Add(reason);
        }
    }
}
