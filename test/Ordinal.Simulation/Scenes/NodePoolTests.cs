using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Nodes;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>Nodes are lost in mid-rollout: those of a whole pool, as when a zone's power goes, or the one under the pod in flight.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
public sealed class NodePoolTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(1);

    private static readonly SetPlan Plan = new()
    {
        Name = "s0",
        Replicas = 8,
        StartDelay = TimeSpan.FromSeconds(1),
        MinReadyDuration = TimeSpan.FromSeconds(30),
        PodDeadline = TimeSpan.FromHours(2),
    };

    /// <summary>In the end the nodes come back, or somebody deletes them, as the message says.</summary>
    [Test]
    public void U44_While_a_node_pool_is_down_no_other_pod_is_taken_and_the_lost_ones_are_named(
        [Values("Partition", "OnDelete")] string driver, [Values] bool isParallel)
    {
        bool comeBack = isParallel == (driver == "Partition");
        SetPlan plan = Plan with { Driver = driver, IsParallel = isParallel };
        using OperatorWorld stage = InMidRollout(plan);
        List<NodeAgent> pool = [.. stage.Cluster.Agents.Skip(2)];
        List<string> lost = [.. PodsOn(stage, pool)];
        Assert.That(lost, Has.Count.InRange(3, 6), "a part of the set");
        pool.ForEach(node => Lose(stage, node));

        stage.Until(() => lost.TrueForAll(pod => !IsReady(stage, pod)), TimeSpan.FromMinutes(3), "the cluster to notice");
        stage.RunFor(Moment);
        long taken = stage.Checker.Taken;
        Assert.That(stage.Waits(plan.Name).Reason, Is.EqualTo("PodNotReady"));
        Assert.That(lost.Where(pod => !stage.Waits(plan.Name).Words.Contains(pod, StringComparison.Ordinal)), Is.Empty, "each is named");
        Assert.That(stage.Waits(plan.Name).Words, Does.Contain($" on node {pool[0].Node.Name}"));
        Assert.That(stage.Rollout(plan.Name).Condition("Reconciling").Message, Does.EndWith(stage.Waits(plan.Name).Words), "the condition says the same");

        stage.Until(() => lost.TrueForAll(pod => Truth(stage, pod).IsTerminating), TimeSpan.FromMinutes(6), "the pods to be deleted after five minutes, which no kubelet ends");
        stage.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(stage.Checker.Taken, Is.EqualTo(taken), "no other pod");
        Assert.That(stage.Waits(plan.Name).Reason, Is.EqualTo("PodTerminating"));
        Assert.That(stage.Waits(plan.Name).Words, Does.Contain($" on node {pool[0].Node.Name}").And.Contain("force its deletion if the node is dead"));
        Assert.That(lost.Where(pod => !stage.Waits(plan.Name).Words.Contains(pod, StringComparison.Ordinal)), Is.Empty, "each is named");

        foreach (NodeAgent node in pool)
        {
            if (comeBack)
            {
                stage.World.Run(() => node.StartAsync(CancellationToken.None), Moment);
            }
            else
            {
                stage.Somebody($"deletes {node.Node.Name}", client => client.DeleteAsync(ResourceKind.Nodes, new ObjectKey("", node.Node.Name), null, null, null, CancellationToken.None));
            }
        }

        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(20), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
    }

    [Test]
    public void U21_U44_A_pod_stuck_terminating_on_a_dead_node_is_taken_once_and_the_rollout_goes_on_when_it_is_forced([Values("Partition", "OnDelete")] string driver)
    {
        SetPlan plan = Plan with { Driver = driver, IsParallel = true };
        using OperatorWorld stage = InMidRollout(plan);

        // The node under the pod that goes next: it is lost before the pod is taken, and nobody knows yet.
        string next = $"{plan.Name}-5";
        NodeAgent node = stage.Cluster.Agents.First(each => PodsOn(stage, [each]).Contains(next));
        stage.RunFor(TimeSpan.FromSeconds(28));
        Lose(stage, node);
        List<string> lost = [.. PodsOn(stage, [node])];
        stage.Until(() => Truth(stage, next).IsTerminating, TimeSpan.FromMinutes(1), "the next pod to be taken, on a node that is dead");
        long taken = stage.Checker.Taken;

        stage.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(stage.Checker.Taken, Is.EqualTo(taken), "neither this one again nor another one");
        Assert.That(stage.Waits(plan.Name), Is.EqualTo(("PodTerminating", stage.Waits(plan.Name).Words)));
        Assert.That(stage.Waits(plan.Name).Words, Does.Contain(next).And.Contain($"on node {node.Node.Name}").And.Contain("force its deletion"));

        lost.ForEach(pod => stage.Somebody($"forces {pod}", client => client.DeleteAsync(ResourceKind.Pods, OperatorWorld.Key(pod), null, 0, null, CancellationToken.None)));
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(20), "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
    }

    [Test]
    public void U37_U44_A_pod_in_flight_whose_node_is_down_for_longer_than_podDeadline_ends_the_rollout([Values("Partition", "OnDelete")] string driver)
    {
        SetPlan plan = Plan with { Driver = driver, IsParallel = true, PodDeadline = TimeSpan.FromMinutes(6) };
        using OperatorWorld stage = InMidRollout(plan);
        string pod = $"{plan.Name}-6";
        stage.Until(() => IsReady(stage, pod), Moment, "the pod in flight to be there");
        NodeAgent node = stage.Cluster.Agents.First(each => PodsOn(stage, [each]).Contains(pod));

        // Not ready as its node goes, else nobody would know for a while, and it would count as proven.
        stage.Annotate(pod, "sim.ordinal.dev/ready", "false");
        stage.Until(() => !IsReady(stage, pod), Moment, "it to be unready");
        Lose(stage, node);

        stage.Until(() => stage.HasEnded(plan.Name, "DeadlineExceeded"), TimeSpan.FromMinutes(7), "the rollout to fail");
        Assert.That(stage.Rollout(plan.Name).Condition("Succeeded").Message, Does.Contain($"default/{pod}: not done 6m0s after").And.Contain("podDeadline is 6m0s").And.Contain($"on node {node.Node.Name}"));
        Assert.That(stage.Policy(plan, "Ready"), Is.EqualTo(("False", "RolloutFailed", stage.Policy(plan, "Ready").Message)));
        Assert.That(stage.Truth.Find(plan.Name)!.EffectivePartition, Is.GreaterThanOrEqualTo(plan.Replicas), "the hold is back");

        stage.World.Run(() => node.StartAsync(CancellationToken.None), Moment);
        stage.RunFor(TimeSpan.FromMinutes(10));
        Assert.That(stage.Truth.Find(plan.Name)!.Pods.Values.Select(each => each.ReadySince), Has.None.Null, "all pods are back, and nothing is rolled by itself");
        stage.Ask(plan, new() { ["type"] = "Update" });
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(20), "the rollout that somebody asks for to end");
    }

    /// <summary>A cluster of five nodes with a rollout of which one pod is done and one has just been taken.</summary>
    private static OperatorWorld InMidRollout(SetPlan plan)
    {
        OperatorWorld stage = new(1, _ => [plan], options => options with { Nodes = 5, HasHeartbeats = true });
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(10));
        stage.ChangeTemplate(plan.Name, "app:v2");
        stage.Until(() => stage.Checker.Taken == 2, TimeSpan.FromMinutes(2), "two pods to be taken");
        return stage;
    }

    private static void Lose(OperatorWorld stage, NodeAgent node)
    {
        stage.Trace.Add("node", $"{node.Node.Name} is lost with {string.Join(' ', PodsOn(stage, [node]))}");
        stage.World.Run(node.StopAsync, Moment);
    }

    private static IEnumerable<string> PodsOn(OperatorWorld stage, IReadOnlyCollection<NodeAgent> nodes) =>
        stage.Truth.ReadAll("pods").Where(pod => nodes.Any(node => node.Node.Name == pod.TextAt("spec", "nodeName"))).Select(pod => pod.TextAt("metadata", "name")!);

    private static PodTruth Truth(OperatorWorld stage, string pod) =>
        PodFacts.SplitName(pod) is var (parent, ordinal) ? stage.Truth.Find(parent)!.Pods[ordinal] : throw new ArgumentException(pod, nameof(pod));

    private static bool IsReady(OperatorWorld stage, string pod) => Truth(stage, pod).ReadySince is not null;
}
