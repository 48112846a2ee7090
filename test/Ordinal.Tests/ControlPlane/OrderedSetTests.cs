using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class OrderedSetTests
{
    [Test]
    public void S01_pods_come_in_order_with_name_host_name_and_labels_of_their_own()
    {
        SimulatedCluster cluster = new(1);
        List<string> created = [];
        cluster.OnPod = change =>
        {
            if (change.Before is null)
            {
                created.Add(change.After!.Name);
            }
        };
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { HasClaims = true }.Build());
        cluster.WaitForRollout();

        Assert.That(created, Is.EqualTo(new[] { "web-0", "web-1", "web-2" }));
        foreach (KubeObject pod in cluster.Pods)
        {
            string index = pod.Name[^1..];
            Assert.That(pod.Root.TextAt("spec", "hostname"), Is.EqualTo(pod.Name));
            Assert.That(pod.Root.TextAt("spec", "subdomain"), Is.EqualTo("web"));
            Assert.That(pod.Root.TextAt("metadata", "generateName"), Is.EqualTo("web-"));
            Assert.That(pod.Labels["statefulset.kubernetes.io/pod-name"], Is.EqualTo(pod.Name));
            Assert.That(pod.Labels["apps.kubernetes.io/pod-index"], Is.EqualTo(index));
            Assert.That(pod.Labels["controller-revision-hash"], Is.EqualTo(cluster.Status().TextAt("updateRevision")));
            Assert.That(pod.Root.ItemsAt("spec", "volumes").Select(volume => volume.TextAt("persistentVolumeClaim", "claimName")), Does.Contain($"data-web-{index}"));
            Assert.That(cluster.Store(ResourceKind.Claims).Get(new ObjectKey("default", $"data-web-{index}"))!.Labels["app"], Is.EqualTo("web"));
        }
    }

    [Test]
    public void S01_each_pod_waits_for_the_one_before_it()
    {
        SimulatedCluster cluster = new(2);
        List<string> early = [];
        cluster.OnPod = change =>
        {
            if (change.Before is null && change.After!.Name[^1] != '0')
            {
                string before = $"web-{change.After.Name[^1] - '1'}";
                if (cluster.Pod(before) is not { } pod || !PodFacts.Of(pod).IsRunningAndReady)
                {
                    early.Add(change.After.Name);
                }
            }
        };
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 5 }.Build());
        cluster.WaitForRollout();
        Assert.That(early, Is.Empty);
    }

    [Test]
    public void S01_the_events_have_the_words_of_a_real_controller()
    {
        SimulatedCluster cluster = new(3);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1, HasClaims = true }.Build());
        cluster.WaitForRollout();
        cluster.PatchSet(StatefulSetDocument.NewImage("app:v2"));
        cluster.WaitForRollout();
        cluster.Settle();

        // A controller that looks again before its watch shows its deletion deletes, and says so, twice: the real one too.
        Assert.That(cluster.EventsOnSets().Select(e => (e.Type, e.Reason, e.Message, e.Reason == "SuccessfulDelete" ? 1 : e.Count)), Is.EquivalentTo(new[]
        {
            ("Normal", "SuccessfulCreate", "Create Claim data-web-0 Pod web-0 in StatefulSet web success", 1L),
            ("Normal", "SuccessfulCreate", "Create Pod web-0 in StatefulSet web successful", 2L),
            ("Normal", "SuccessfulDelete", "Delete Pod web-0 in StatefulSet web successful", 1L),
        }));
    }

    [Test]
    public void S02_an_orphan_that_matches_is_adopted_and_one_that_matches_no_more_is_released()
    {
        SimulatedCluster cluster = new(4);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1 }.Build());
        cluster.WaitForRollout();
        string uid = cluster.Pod("web-0")!.Uid;

        cluster.Patch(ResourceKind.Pods, "web-0", Json("""{"metadata":{"labels":{"app":"other"}}}"""));
        cluster.WaitFor("web-0 to be released", () => cluster.Pod("web-0")!.Controller is null);
        cluster.Patch(ResourceKind.Pods, "web-0", Json("""{"metadata":{"labels":{"app":"web"}}}"""));
        cluster.WaitFor("web-0 to be adopted", () => cluster.Pod("web-0")!.Controller?.Uid == cluster.Set().Uid);
        Assert.That(cluster.Pod("web-0")!.Uid, Is.EqualTo(uid));
    }

    [Test]
    public void S02_a_released_pod_gets_a_replacement_once_its_name_is_free()
    {
        SimulatedCluster cluster = new(5);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1 }.Build());
        cluster.WaitForRollout();
        string uid = cluster.Pod("web-0")!.Uid;
        cluster.Patch(ResourceKind.Pods, "web-0", Json("""{"metadata":{"labels":{"app":"other"}}}"""));
        cluster.WaitFor("web-0 to be released", () => cluster.Pod("web-0")!.Controller is null);
        cluster.Delete(ResourceKind.Pods, "web-0");
        cluster.WaitFor("a replacement", () => cluster.Pod("web-0") is { } pod && pod.Uid != uid && pod.Controller is not null);
    }

    [Test]
    public void S02_a_set_deleted_with_its_pods_orphaned_and_made_again_adopts_pods_and_revision()
    {
        SimulatedCluster cluster = new(6);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitForRollout();
        string[] uids = [.. cluster.Pods.Select(pod => pod.Uid)];
        cluster.Delete(ResourceKind.StatefulSets, "web", "Orphan");
        cluster.WaitFor("the set to go", () => cluster.Store(ResourceKind.StatefulSets).List().IsEmpty);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitForRollout();
        Assert.That(cluster.Pods.Select(pod => pod.Uid), Is.EqualTo(uids));
        Assert.That(cluster.Pods.Select(pod => pod.Controller!.Uid), Is.All.EqualTo(cluster.Set().Uid));
        Assert.That(cluster.Store(ResourceKind.ControllerRevisions).List().Single().Controller!.Uid, Is.EqualTo(cluster.Set().Uid));
    }

    [TestCase("Failed")]
    [TestCase("Succeeded")]
    public void S03_a_pod_that_ended_is_deleted_and_made_again(string phase)
    {
        SimulatedCluster cluster = new(7);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitForRollout();
        string uid = cluster.Pod("web-1")!.Uid;
        cluster.Patch(ResourceKind.Pods, "web-1", new JsonObject { ["status"] = new JsonObject { ["phase"] = phase } }, "status");
        cluster.WaitFor("a new web-1", () => cluster.Pod("web-1") is { } pod && pod.Uid != uid);
        cluster.WaitForRollout();
        Assert.That(cluster.EventsOnSets().Select(item => item.Message), Does.Contain("Delete Pod web-1 in StatefulSet web successful"));
    }

    [Test]
    public void S04_a_predecessor_that_fails_and_recovers_leaves_no_deadlock()
    {
        SimulatedCluster cluster = new(8);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitFor("web-1", () => cluster.Pod("web-1") is not null);
        cluster.MakeReady("web-0", false);
        cluster.Settle();
        Assert.That(cluster.Pod("web-2"), Is.Null);
        cluster.MakeReady("web-0", true);
        cluster.WaitForRollout();
    }

    [Test]
    public void S05_an_ordered_scale_up_waits_for_an_unready_pod()
    {
        SimulatedCluster cluster = new(9);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1 }.Build());
        cluster.WaitForRollout();
        cluster.MakeReady("web-0", false);
        cluster.PatchSet("""{"spec":{"replicas":3}}""");
        cluster.Settle();
        Assert.That(cluster.Pods, Has.Length.EqualTo(1));
        cluster.MakeReady("web-0", true);
        cluster.WaitForRollout();
    }

    [Test]
    public void S06_an_ordered_scale_down_halts_with_unhealthy_pods_and_goes_from_the_top_once_they_are_healthy()
    {
        SimulatedCluster cluster = new(10);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitForRollout();
        List<string> gone = [];
        foreach (string pod in new[] { "web-0", "web-1", "web-2" })
        {
            cluster.MakeReady(pod, false);
        }

        cluster.OnPod = change =>
        {
            if (change.After is null)
            {
                gone.Add(change.Before!.Name);
            }
        };
        cluster.PatchSet("""{"spec":{"replicas":0}}""");
        cluster.Settle();
        Assert.That(gone, Is.Empty, "only the lowest unhealthy pod may go, and it is not its turn");

        // With them web-2 is the lowest unhealthy pod, and its turn has come: it may be gone before it is ready again.
        cluster.MakeReady("web-0", true);
        cluster.MakeReady("web-1", true);
        cluster.WaitFor("all pods to go", () => cluster.Pods.IsEmpty);
        Assert.That(gone, Is.EqualTo(new[] { "web-2", "web-1", "web-0" }));
    }

    [Test]
    public void S06_an_unhealthy_pod_that_stays_blocks_an_ordered_scale_down()
    {
        SimulatedCluster cluster = new(11);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        cluster.WaitForRollout();
        cluster.MakeReady("web-0", false);
        cluster.PatchSet("""{"spec":{"replicas":1}}""");
        cluster.Settle();
        Assert.That(cluster.Pods, Has.Length.EqualTo(3));
        cluster.MakeReady("web-0", true);
        cluster.WaitForRollout();
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
