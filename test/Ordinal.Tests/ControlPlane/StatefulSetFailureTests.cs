using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.ControlPlane.Door;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

[TestFixture]
public sealed class StatefulSetFailureTests
{
    [Test]
    public void S27_the_status_is_written_even_when_a_pod_cannot_be_made()
    {
        Refusals faults = new(call => call.Method == "POST" && call.Path.EndsWith("/pods", StringComparison.Ordinal), 5);
        SimulatedCluster cluster = new(1, new EmbeddedClusterOptions { ApiServer = new ApiServerOptions { Faults = faults } });
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 1 }.Build());
        cluster.WaitFor("the generation to be observed", () => cluster.Status().NumberAt("observedGeneration") == 1);
        Assert.That(cluster.Pods, Is.Empty);
        cluster.WaitForRollout();
        cluster.Settle();
        Assert.That(faults.Left, Is.Zero);
        Assert.That(cluster.EventsOnSets(), Does.Contain(("Warning", "FailedCreate", "Create Pod web-0 in StatefulSet web failed error: no", 5L)));
    }

    [Test]
    public void S28_a_deletion_that_fails_is_tried_again_with_a_growing_pause()
    {
        Refusals faults = new(call => call.Method == "DELETE" && call.Path.EndsWith("/pods/web-1", StringComparison.Ordinal), 0);
        SimulatedCluster cluster = new(2, new EmbeddedClusterOptions { ApiServer = new ApiServerOptions { Faults = faults } });
        faults.Clock = cluster.World.Time;
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument { Replicas = 2 }.Build());
        cluster.WaitForRollout();
        faults.Left = 9;
        cluster.PatchSet("""{"spec":{"replicas":1}}""");
        cluster.WaitForRollout();
        Assert.That(cluster.Pods.Select(pod => pod.Name), Is.EqualTo(new[] { "web-0" }));
        double[] gaps = [.. faults.Times.Zip(faults.Times.Skip(1), (before, after) => (after - before).TotalMilliseconds)];

        // The first status write wakes the key once out of turn; from then on each pause is twice the one before.
        Assert.That(gaps[2..], Is.EqualTo(new double[] { 20, 40, 80, 160, 320, 640 }).Within(1e-6));
        Assert.That(cluster.Status().NumberAt("currentReplicas"), Is.EqualTo(1));
    }

    [Test]
    public void S13_a_name_that_is_taken_by_other_content_counts_a_collision_and_gets_another()
    {
        SimulatedCluster cluster = new(3);
        JsonObject document = new StatefulSetDocument { Replicas = 1 }.Build();
        KubeObject set = cluster.Create(ResourceKind.StatefulSets, document);
        cluster.WaitForRollout();

        // The revision of v2 will have the name that this one takes first.
        KubeObject seen = cluster.Set();
        JsonObject next = seen.ToMutable();
        next["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "app:v2";
        StatefulSetView view = StatefulSetView.Of(KubeObject.Of(next));
        string taken = RevisionHistory.NameOf("web", RevisionHistory.Hash(RevisionHistory.DataOf(view), 0));
        cluster.Create(ResourceKind.ControllerRevisions, new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ControllerRevision",
            ["metadata"] = new JsonObject { ["name"] = taken },
            ["data"] = new JsonObject { ["other"] = true },
            ["revision"] = 77,
        });
        cluster.World.Run(() => cluster.Client.StrategicPatchAsync(ResourceKind.StatefulSets, set.Key, JsonNode.Parse(StatefulSetDocument.NewImage("app:v2"))!.AsObject(), "", CancellationToken.None), TimeSpan.FromMinutes(1));
        cluster.Settle();
        cluster.WaitForRollout();
        Assert.That(cluster.Status().NumberAt("collisionCount"), Is.EqualTo(1));
        Assert.That(cluster.Status().TextAt("updateRevision"), Is.Not.EqualTo(taken));
        Assert.That(cluster.RevisionOf("web-0"), Is.EqualTo(cluster.Status().TextAt("updateRevision")));
    }

    [TestCase("""{"spec":{"podManagementPolicy":"Parallel"}}""")]
    [TestCase("""{"spec":{"serviceName":"other"}}""")]
    [TestCase("""{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"x"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}""")]
    public void S29_immutable_fields_are_refused_in_the_words_of_a_real_server(string patch)
    {
        SimulatedCluster cluster = new(4);
        cluster.Create(ResourceKind.StatefulSets, new StatefulSetDocument().Build());
        ApiAnswer answer = cluster.Send(new ApiCall("PATCH", "/apis/apps/v1/namespaces/default/statefulsets/web")
        {
            ContentType = "application/merge-patch+json",
            Body = Encoding.UTF8.GetBytes(patch),
        });
        Assert.That(answer.StatusCode, Is.EqualTo(422));
        Assert.That(
            Encoding.UTF8.GetString(answer.Body.Span),
            Does.Contain("updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
    }

    /// <summary>Refuses the first calls that match, as often as told.</summary>
    private sealed class Refusals(Predicate<ApiCall> matches, int left) : IApiFaults
    {
        public int Left { get; set; } = left;

        public TimeProvider Clock { get; set; } = TimeProvider.System;

        public List<DateTimeOffset> Times { get; } = [];

        public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
        {
            if (Left == 0 || !matches(apiCall))
            {
                return new((ApiAnswer?)null);
            }

            Left--;
            Times.Add(Clock.GetUtcNow());
            return new(new ApiAnswer(500, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","message":"no","code":500}"""u8.ToArray()));
        }

        public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

        public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);
    }
}
