using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PartitionProofTests
{
    private readonly PartitionWitness _witness = new(null!, "web", 3);

    [Test]
    public void A_rollout_one_by_one_from_the_top_passes()
    {
        RollProperly();
        Assert.That(Judge(), Is.Empty);
        Assert.That(_witness.Record().Partitions, Is.EqualTo(new[] { 1_000_000_000L, 2, 1, 0, 1_000_000_000 }));
    }

    [Test]
    public void Two_pods_away_at_once_break_it()
    {
        RollProperly();
        Pod("MODIFIED", 0, ready: false);
        Pod("MODIFIED", 1, ready: false);
        Assert.That(Judge(), Is.EqualTo(new[] { "never was more than one pod away" }));
    }

    [Test]
    public void A_pod_that_goes_while_another_is_not_back_counts()
    {
        AllReady();
        Pod("MODIFIED", 2, ready: true, going: true);
        Pod("DELETED", 2, ready: true, going: true);
        Pod("ADDED", 2, ready: false);
        Assert.That(_witness.Record().MostAway, Is.EqualTo(1));
        Pod("MODIFIED", 1, ready: true, going: true);
        Assert.That(_witness.Record().MostAway, Is.EqualTo(2));
    }

    [Test]
    public void Another_order_breaks_it()
    {
        AllReady();
        foreach (var ordinal in (int[])[0, 1, 2])
        {
            Replace(ordinal);
        }

        Assert.That(Judge(), Does.Contain("the highest ordinal went first, and each once"));
    }

    [Test]
    public void Two_pods_released_at_once_break_it()
    {
        AllReady();
        Set(1_000_000_000);
        Set(1);
        Set(0);
        foreach (var ordinal in (int[])[2, 1, 0])
        {
            Replace(ordinal);
        }

        Assert.That(Judge(), Is.EqualTo(new[] { "pods were released one at a time" }));
    }

    [Test]
    public void Pods_of_others_do_not_count()
    {
        AllReady();
        _witness.SeePod("MODIFIED", (JsonObject)JsonNode.Parse("""{"metadata":{"name":"db-0","ownerReferences":[{"name":"db"}],"deletionTimestamp":"2026-01-01T00:00:00Z"}}""")!);
        Assert.That(_witness.Record().Order, Is.Empty);
    }

    private void RollProperly()
    {
        AllReady();
        Set(1_000_000_000);
        foreach (var ordinal in (int[])[2, 1, 0])
        {
            Set(ordinal);
            Replace(ordinal);
        }

        Set(1_000_000_000);
    }

    private void AllReady()
    {
        foreach (var ordinal in (int[])[0, 1, 2])
        {
            Pod("ADDED", ordinal, ready: true);
        }
    }

    private void Replace(int ordinal)
    {
        Pod("MODIFIED", ordinal, ready: true, going: true);
        Pod("DELETED", ordinal, ready: false, going: true);
        Pod("ADDED", ordinal, ready: false);
        Pod("MODIFIED", ordinal, ready: true);
    }

    private void Pod(string type, int ordinal, bool ready, bool going = false) => _witness.SeePod(type, (JsonObject)JsonNode.Parse($$"""
        {
          "metadata": { "name": "web-{{ordinal}}", "ownerReferences": [{ "name": "web" }]{{(going ? ", \"deletionTimestamp\": \"2026-01-01T00:00:00Z\"" : "")}} },
          "status": { "conditions": [{ "type": "Ready", "status": "{{ready}}" }] }
        }
        """)!);

    private void Set(long partition) => _witness.SeeSet("MODIFIED", (JsonObject)JsonNode.Parse($$"""
        { "metadata": { "name": "web" }, "spec": { "updateStrategy": { "rollingUpdate": { "partition": {{partition}} } } } }
        """)!);

    private string[] Judge() => [.. PartitionProof.Judge(
        _witness.Record(), "web", 3, [new("web-0", "b", true), new("web-1", "b", true), new("web-2", "b", true)], "b", true, "Completed").Where(l => !l.IsKept).Select(l => l.Promise)];
}
