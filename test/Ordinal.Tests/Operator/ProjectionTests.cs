using System.Text.Json;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;

namespace Ordinal.Tests.Operating;

public sealed class ProjectionTests
{
    [Test]
    public void A_pod_is_read()
    {
        var pod = Pod("""
            {"metadata":{"name":"web-2","namespace":"prod","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z",
              "labels":{"controller-revision-hash":"web-abc"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true}]},
             "spec":{"nodeName":"n1"},
             "status":{"phase":"Running","podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:05:00Z"}],
              "containerStatuses":[{"name":"c","restartCount":2},{"name":"d","restartCount":1}]}}
            """);
        Assert.That(pod, Is.EqualTo(new PodItem("prod", "s", "web", new PodSnapshot
        {
            Name = "web-2", Ordinal = 2, Uid = "u", ResourceVersion = "7", Revision = "web-abc", Phase = PodPhase.Running, Address = "10.0.0.1", Node = "n1", Restarts = 3,
            CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ReadySince = new DateTimeOffset(2026, 1, 2, 3, 5, 0, TimeSpan.Zero),
        })));
    }

    [TestCase("web-2x")]
    [TestCase("web-")]
    [TestCase("web--1")]
    [TestCase("other-1")]
    public void A_pod_without_an_ordinal_of_its_set_belongs_to_nobody(string name) =>
        Assert.That(Pod($$$"""{"metadata":{"name":"{{{name}}}","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true}]}}""").OwnerUid, Is.Empty);

    [Test]
    public void A_pod_of_another_controller_belongs_to_nobody() =>
        Assert.That(Pod("""{"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"s","controller":true}]}}""").OwnerUid, Is.Empty);

    [Test]
    public void Nothing_is_as_good_as_something_to_a_projection()
    {
        Assert.That(() => Pod("{}"), Throws.Nothing);
        Assert.That(() => Pod("""{"metadata":[],"status":7}"""), Throws.Nothing);
        Assert.That(() => Set("{}"), Throws.Nothing);
        Assert.That(() => Set("""{"metadata":null,"spec":{"updateStrategy":"x","replicas":"three"},"status":{"observedGeneration":{}}}"""), Throws.Nothing);
    }

    [TestCase(4, 4, "web-new")]
    [TestCase(5, 4, "", Description = "the revision that is known belongs to the template before")]
    public void E20_gates_are_told_the_templates_containers_and_the_revision_that_it_stands_for(int generation, int observed, string revision)
    {
        var set = Set($$$"""
            {"metadata":{"name":"web","namespace":"prod","uid":"u","generation":{{{generation}}}},
             "spec":{"template":{"spec":{"containers":[{"name":"etcd","image":"quay.io/coreos/etcd:v3.6.5"},{"name":"sidecar","ports":[{"containerPort":2379},{"name":"odd"}]}]} } },
             "status":{"observedGeneration":{{{observed}}},"updateRevision":"web-new"}}
            """);
        var context = Observer.GateContextOf(new Observation(set, new WorkloadSnapshot { Set = set.Snapshot, Pods = [] }), []);
        Assert.That(context.TemplateContainers.Select(c => (c.Name, c.Image)), Is.EqualTo(new[] { ("etcd", "quay.io/coreos/etcd:v3.6.5"), ("sidecar", "") }));
        Assert.That(context.TemplateContainers.Select(c => c.Ports), Is.EqualTo(new[] { Array.Empty<int>(), [2379, 0] }));
        Assert.That(context.TemplateRevision, Is.EqualTo(revision));
    }

    [TestCase("ImagePullBackOff", PodTrouble.ImagePull)]
    [TestCase("CrashLoopBackOff", PodTrouble.CrashLoop)]
    [TestCase("CreateContainerConfigError", PodTrouble.ConfigError)]
    [TestCase("ContainerCreating", PodTrouble.None)]
    public void A_trouble_is_named(string reason, PodTrouble trouble)
    {
        var pod = Owned($$$$"""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"{{{{reason}}}}","message":"why"}}}]}""");
        Assert.That(pod.Snapshot.Trouble, Is.EqualTo(trouble));
        Assert.That(pod.Snapshot.TroubleMessage, Is.EqualTo(trouble is PodTrouble.None ? "" : $"container c: {reason}: why"));
    }

    [TestCase("""{"waiting":{"reason":"ImagePullBackOff"}}""", """{"running":{}}""", true)]
    [TestCase("""{"waiting":{"reason":"CrashLoopBackOff"}}""", """{"waiting":{"reason":"PodInitializing"}}""", false)]
    public void A_pod_in_trouble_tells_whether_another_container_runs(string broken, string other, bool runs)
    {
        var pod = Owned($$$$"""{"phase":"Pending","containerStatuses":[{"name":"sidecar","state":{{{{broken}}}}},{"name":"etcd","state":{{{{other}}}}}]}""");
        Assert.That(pod.Snapshot.HasRunningContainer, Is.EqualTo(runs));
    }

    [TestCase("""[{"name":"tmp","emptyDir":{}}]""", 1, true)]
    [TestCase("""[{"name":"tmp","emptyDir":{}}]""", 0, false, TestName = "One_that_never_ran_has_written_nothing")]
    [TestCase("""[{"name":"tmp","emptyDir":{}},{"name":"data","persistentVolumeClaim":{"claimName":"data-web-1"}}]""", 1, false)]
    [TestCase("""[{"name":"host","hostPath":{"path":"/data"}}]""", 1, true)]
    [TestCase("""[{"name":"config","configMap":{"name":"c"}}]""", 1, false)]
    public void A_pod_in_trouble_tells_whether_its_data_would_go_with_it(string volumes, int restarts, bool goes)
    {
        var pod = Pod($$$$"""
            {"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true}]},"spec":{"volumes":{{{{volumes}}}}},
             "status":{"phase":"Running","containerStatuses":[{"name":"c","restartCount":{{{{restarts}}}},"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}
            """);
        Assert.That(pod.Snapshot.TakesDataAlong, Is.EqualTo(goes));
    }

    [Test]
    public void A_ready_pod_has_no_trouble() => Assert.That(
        Owned("""{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:05:00Z"}],"initContainerStatuses":[{"name":"c","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}""").Snapshot.Trouble,
        Is.EqualTo(PodTrouble.None));

    [Test]
    public void A_ready_condition_without_a_time_is_not_long_ready()
    {
        var pod = Owned("""{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}""").Snapshot;
        Assert.That(pod.IsReady, Is.True);
        Assert.That(pod.IsAvailable(TimeSpan.FromSeconds(1), DateTimeOffset.UnixEpoch), Is.False);
    }

    [Test]
    public void The_greatest_partition_does_not_overflow() => Assert.That(
        Set("""{"spec":{"replicas":3,"ordinals":{"start":7},"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2147483647}}}}""").Snapshot.Strategy.Holds(3), Is.True);

    [Test]
    public void A_strategy_survives_the_way_through_the_annotation()
    {
        foreach (var value in new StrategyValue[] { new(UpdateStrategyType.OnDelete), new(UpdateStrategyType.RollingUpdate), new(UpdateStrategyType.RollingUpdate, 0), new(UpdateStrategyType.RollingUpdate, 3, "25%"), new(UpdateStrategyType.RollingUpdate, null, "2") })
        {
            Assert.That(StrategyValues.Parse(StrategyValues.ToJson(value).ToJsonString()), Is.EqualTo(value));
        }
    }

    [Test]
    public void OnDelete_is_written_without_rolling_update() =>
        Assert.That(StrategyValues.ToJson(new StrategyValue(UpdateStrategyType.OnDelete)).ToJsonString(), Is.EqualTo("""{"type":"OnDelete"}"""));

    [Test]
    public void A_revision_that_only_is_written_otherwise_means_the_same()
    {
        var one = Revision("""{"spec":{"containers":[{"name":"c","image":"a"}],"volumes":[]},"metadata":{"creationTimestamp":null,"labels":{"a":"b"}}}""");
        var other = Revision("""{"$patch":"replace","metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"image":"a","name":"c"}]}}""");
        var third = Revision("""{"spec":{"containers":[{"name":"c","image":"b"}]},"metadata":{"labels":{"a":"b"}}}""");
        Assert.That(one.Meaning, Is.EqualTo(other.Meaning).And.Not.Empty);
        Assert.That(one.Meaning, Is.Not.EqualTo(third.Meaning));
    }

    [TestCase("""{"matchLabels":{"a":"1"}}""", true)]
    [TestCase("""{"matchLabels":{"a":"2"}}""", false)]
    [TestCase("""{"matchExpressions":[{"key":"a","operator":"In","values":["1","2"]}]}""", true)]
    [TestCase("""{"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]}]}""", false)]
    [TestCase("""{"matchExpressions":[{"key":"b","operator":"NotIn","values":["1"]}]}""", true)]
    [TestCase("""{"matchExpressions":[{"key":"a","operator":"Exists"}]}""", true)]
    [TestCase("""{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}""", false)]
    [TestCase("""{"matchExpressions":[{"key":"a","operator":"Gt","values":["0"]}]}""", false)]
    [TestCase("{}", true)]
    [TestCase("null", false)]
    public void A_selector_selects_as_Kubernetes_does(string selector, bool selects)
    {
        using var document = JsonDocument.Parse(selector);
        Assert.That(LabelSelector.Read(document.RootElement).Matches(new Dictionary<string, string> { ["a"] = "1" }), Is.EqualTo(selects));
    }

    private static PodItem Owned(string status) => Pod(
        $$$"""{"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true}]},"status":{{{status}}}}""");

    private static PodItem Pod(string json) => Parse(json, PodItem.Read);

    private static StatefulSetItem Set(string json) => Parse(json, StatefulSetItem.Read);

    private static RevisionItem Revision(string template) => Parse(
        $$$$"""{"metadata":{"name":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true}]},"revision":3,"data":{"spec":{"template":{{{{template}}}}}}}""", RevisionItem.Read);

    private static T Parse<T>(string json, Projection<T> read)
    {
        using var document = JsonDocument.Parse(json);
        return read(document.RootElement, new StringPool());
    }
}
