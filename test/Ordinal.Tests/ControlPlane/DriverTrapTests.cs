using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Harness;
using static Ordinal.Tests.ControlPlane.RollingUpdateTests;

namespace Ordinal.Tests.ControlPlane;

/// <summary>The traps of driver-traps.md that are the built-in controllers' doing: our own must have them too, or a driver that falls into them passes.</summary>
[TestFixture]
public sealed class DriverTrapTests
{
    private const long Hold = 1_000_000_000;

    [Test]
    public void T07_the_original_partition_restored_while_a_change_waits_rolls_all_pods()
    {
        SimulatedCluster cluster = Held(1);
        string update = cluster.Status().TextAt("updateRevision")!;
        SetPartition(cluster, 0);
        cluster.WaitForRollout();
        Assert.That(Revisions(cluster), Is.All.EqualTo(update));
    }

    [Test]
    public void T01_a_strategy_named_without_its_rolling_update_rolls_from_ordinal_zero()
    {
        SimulatedCluster cluster = Held(2);
        string update = cluster.Status().TextAt("updateRevision")!;
        cluster.PatchSet("""{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":null}}}""");
        cluster.WaitForRollout();
        Assert.That(Revisions(cluster), Is.All.EqualTo(update));
    }

    [Test]
    public void T08_a_held_set_scaled_to_zero_and_back_comes_up_on_the_waiting_revision()
    {
        SimulatedCluster cluster = Held(3);
        string update = cluster.Status().TextAt("updateRevision")!;
        cluster.PatchSet("""{"spec":{"replicas":0}}""");
        cluster.Settle();
        Assert.That(cluster.Status().TextAt("currentRevision"), Is.EqualTo(update));
        cluster.PatchSet("""{"spec":{"replicas":3}}""");
        cluster.WaitForRollout();
        Assert.That(Revisions(cluster), Is.All.EqualTo(update));
    }

    [Test]
    public void T09_a_release_that_an_unready_pod_held_up_takes_effect_when_the_pod_turns_ready()
    {
        SimulatedCluster cluster = Held(4);
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.MakeReady("web-0", false);
        SetPartition(cluster, 2);
        cluster.Settle();
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(old));
        cluster.MakeReady("web-0", true);
        cluster.Settle();
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(cluster.Status().TextAt("updateRevision")));
    }

    [Test]
    public void T10_a_new_template_in_mid_run_rolls_the_released_pods_again()
    {
        SimulatedCluster cluster = Held(5, replicas: 5);
        SetPartition(cluster, 2);
        cluster.Settle();
        string second = cluster.Status().TextAt("updateRevision")!;
        Assert.That(Revisions(cluster)[2..], Is.All.EqualTo(second));
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v3"));
        cluster.Settle();
        string third = cluster.Status().TextAt("updateRevision")!;
        Assert.That(third, Is.Not.EqualTo(second));
        Assert.That(Revisions(cluster)[2..], Is.All.EqualTo(third));
    }

    [Test]
    public void T11_pods_added_above_the_partition_in_mid_run_come_up_updated()
    {
        SimulatedCluster cluster = Held(6, replicas: 5);
        SetPartition(cluster, 2);
        cluster.Settle();
        cluster.PatchSet("""{"spec":{"replicas":8}}""");
        cluster.Settle();
        Assert.That(Revisions(cluster)[5..], Is.All.EqualTo(cluster.Status().TextAt("updateRevision")));
        Assert.That(Revisions(cluster), Has.Length.EqualTo(8));
    }

    [Test]
    public void T12_the_built_in_update_ignores_a_disruption_budget()
    {
        SimulatedCluster cluster = Held(7);
        cluster.Create(ResourceKind.DisruptionBudgets, Budget("""{"minAvailable":3,"selector":{"matchLabels":{"app":"web"}}}"""));
        cluster.Settle();
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.Zero);
        SetPartition(cluster, 2);
        cluster.Settle();
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(cluster.Status().TextAt("updateRevision")));
    }

    [Test]
    public void T13_once_the_last_pod_is_ready_a_hold_and_a_deletion_bring_the_new_revision_back()
    {
        SimulatedCluster cluster = Held(8);
        SetPartition(cluster, 0);
        cluster.WaitForRollout();
        string update = cluster.Status().TextAt("updateRevision")!;
        SetPartition(cluster, Hold);
        Lose(cluster, "web-2");
        Assert.That(cluster.RevisionOf("web-2"), Is.EqualTo(update));
    }

    [Test]
    public void T14_a_hold_put_back_before_the_last_pod_of_an_on_delete_run_is_ready_returns_that_pod_to_the_old_revision()
    {
        SimulatedCluster cluster = Rolled(9, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        foreach (string pod in new[] { "web-0", "web-2", "web-1" })
        {
            Lose(cluster, pod);
        }

        cluster.MakeReady("web-1", false);
        SetPartition(cluster, Hold);
        cluster.Settle();
        Assert.That(Revisions(cluster), Has.None.EqualTo(old));
        string uid = cluster.Pod("web-1")!.Uid;
        cluster.Delete(ResourceKind.Pods, "web-1");
        cluster.WaitFor("a new web-1", () => cluster.Pod("web-1") is { } pod && pod.Uid != uid);
        Assert.That(cluster.RevisionOf("web-1"), Is.EqualTo(old));
    }

    [Test]
    public void T14_the_hold_after_a_whole_on_delete_run_completes_it()
    {
        SimulatedCluster cluster = Rolled(10, new StatefulSetDocument { Strategy = """{"type":"OnDelete"}""" });
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        foreach (string pod in new[] { "web-0", "web-2", "web-1" })
        {
            Lose(cluster, pod);
        }

        SetPartition(cluster, Hold);
        cluster.WaitForRollout();
    }

    [Test]
    public void T15_under_ordered_ready_a_gated_pod_blocks_the_return_of_a_pod_above_it()
    {
        SimulatedCluster cluster = Rolled(11, Gated(new StatefulSetDocument { Replicas = 5, IsParallel = false }), 5);
        Gate(cluster, "web-2", "False");
        cluster.WaitFor("web-2 to be unready", () => !PodFacts.Of(cluster.Pod("web-2")!).HasReadyCondition);
        cluster.Delete(ResourceKind.Pods, "web-4");
        cluster.Settle();
        Assert.That(cluster.Pod("web-4"), Is.Null);
        Gate(cluster, "web-2", "True");
        cluster.WaitFor("web-4", () => cluster.Pod("web-4") is not null);
    }

    [Test]
    public void T16_under_ordered_ready_with_a_readiness_gate_only_the_first_pod_is_ever_made()
    {
        SimulatedCluster cluster = new(12);
        cluster.Create(ResourceKind.StatefulSets, Gated(new StatefulSetDocument()));
        cluster.Settle();
        Assert.That(cluster.Pods.Select(pod => pod.Name), Is.EqualTo(new[] { "web-0" }));
        Assert.That(cluster.Pod("web-0")!.Root.ItemsAt("status", "conditions").First(item => item.TextAt("type") == "ContainersReady").TextAt("status"), Is.EqualTo("True"));
    }

    [Test]
    public void T17_an_eviction_with_a_wrong_uid_burns_the_budget_for_two_minutes()
    {
        SimulatedCluster cluster = Rolled(13, new StatefulSetDocument());
        cluster.Create(ResourceKind.DisruptionBudgets, Budget("""{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}"""));
        cluster.Settle();
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.EqualTo(1));
        JsonObject eviction = JsonNode.Parse("""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"web-2"},"deleteOptions":{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}}""")!.AsObject();
        ApiAnswer answer = cluster.Send(new ApiCall("POST", "/api/v1/namespaces/default/pods/web-2/eviction")
        {
            ContentType = "application/json",
            Body = System.Text.Encoding.UTF8.GetBytes(eviction.ToJsonString()),
        });
        Assert.That(answer.StatusCode, Is.EqualTo(409));
        cluster.World.RunFor(TimeSpan.FromSeconds(60));
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.Zero);
        cluster.World.RunFor(TimeSpan.FromSeconds(70));
        Assert.That(BudgetStatus(cluster, "disruptionsAllowed"), Is.EqualTo(1));
    }

    /// <summary>A set at the hold with a change waiting.</summary>
    private static SimulatedCluster Held(int seed, int replicas = 3)
    {
        SimulatedCluster cluster = Rolled(seed, new StatefulSetDocument { Replicas = replicas, Strategy = Partition(Hold) });
        string old = cluster.Status().TextAt("currentRevision")!;
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.Settle();
        Assert.That(Revisions(cluster), Is.All.EqualTo(old));
        return cluster;
    }

    private static SimulatedCluster Rolled(int seed, JsonObject gated, int replicas)
    {
        SimulatedCluster cluster = new(seed);
        cluster.Create(ResourceKind.StatefulSets, gated);
        for (int ordinal = 0; ordinal < replicas; ordinal++)
        {
            string pod = $"web-{ordinal}";
            cluster.WaitFor(pod, () => cluster.Pod(pod) is not null);
            Gate(cluster, pod, "True");
        }

        cluster.WaitForRollout();
        return cluster;
    }

    private static SimulatedCluster Rolled(int seed, StatefulSetDocument document) => RollingUpdateTests.Rolled(seed, document);

    private static JsonObject Gated(StatefulSetDocument document)
    {
        JsonObject set = document.Build();
        set["spec"]!["template"]!["spec"]!["readinessGates"] = new JsonArray(new JsonObject { ["conditionType"] = "ordinal.dev/gate" });
        return set;
    }

    private static void Gate(SimulatedCluster cluster, string pod, string status)
    {
        JsonObject condition = new() { ["type"] = "ordinal.dev/gate", ["status"] = status };
        JsonObject patch = new() { ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) } };
        cluster.World.Run(() => cluster.Client.StrategicPatchAsync(ResourceKind.Pods, new ObjectKey("default", pod), patch, "status", CancellationToken.None), TimeSpan.FromMinutes(1));
    }

    private static JsonObject Budget(string spec) => new()
    {
        ["apiVersion"] = "policy/v1",
        ["kind"] = "PodDisruptionBudget",
        ["metadata"] = new JsonObject { ["name"] = "web" },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static long BudgetStatus(SimulatedCluster cluster, string field) =>
        cluster.World.Run(() => cluster.Client.GetAsync(ResourceKind.DisruptionBudgets, new ObjectKey("default", "web"), CancellationToken.None), TimeSpan.FromMinutes(1))!
            .Root.NumberAt("status", field) ?? 0;
}
