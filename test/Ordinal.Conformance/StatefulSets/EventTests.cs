using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Simulation.Harness;

namespace Ordinal.Conformance.StatefulSets;

/// <summary>A controller that has much to tell combines it, and then says no more.</summary>
public sealed class EventTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string Combined = "(combined from similar events): ";

    [Test, Rule("API-events-combined")]
    public async Task From_the_tenth_on_events_that_differ_in_their_words_only_are_combined()
    {
        var web = await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 14, IsParallel = true });
        Assert.That(web.Pods, Has.Length.EqualTo(14));
        await Space.UntilAsync("fourteen are told", () => Told().Sum(item => item.Count) == 14);
        Assert.That(Told().Select(item => item.Count).Order(), Is.EqualTo(new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 5 }));
        Assert.That(Told().Single(item => item.Count == 5).Message, Does.Match("^[(]combined from similar events[)]: Create Pod web-[0-9]+ in StatefulSet web successful$"));
    }

    [Test, Rule("API-events-dropped")]
    public async Task Of_more_than_twenty_five_events_about_one_object_the_rest_is_dropped()
    {
        await Workload.StartAsync(Space, new StatefulSetDocument { Replicas = 30, IsParallel = true });
        await Space.UntilAsync("twenty-five are told", () => Told().Sum(item => item.Count) == 25);
        await Space.QuietAsync();
        Assert.That(Told().Sum(item => item.Count), Is.EqualTo(25));
        Assert.That(Told().Single(item => item.Message.StartsWith(Combined, StringComparison.Ordinal)).Count, Is.EqualTo(16));
    }

    private List<(string Message, long Count)> Told() =>
    [
        .. Space.All(ResourceKind.Events).Where(item => item.Child("involvedObject").Text("kind") is "StatefulSet")
            .Select(item => (item.Text("message")!, item.Number("count") ?? 0)),
    ];
}
