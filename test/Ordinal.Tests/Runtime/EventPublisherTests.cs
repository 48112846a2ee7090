using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;
using Ordinal.Runtime.Metrics;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class EventPublisherTests
{
    private static readonly EventTarget Target = new(Thing.Kind, new NamespacedName("prod", "a"), "uid-1");

    [Test]
    public void An_event_says_what_happened_to_what_and_who_says_so() => Run(async (world, server, events) =>
    {
        events.Publish(Target, EventType.Warning, "Held", "Wait", "a waits for b", new EventTarget(Thing.Kind, new NamespacedName("prod", "b"), "uid-2"));
        await world.UntilAsync(() => server.Requests.Count == 1, "it is sent");

        Assert.That(server.Requests[0].PathAndQuery, Is.EqualTo("/apis/events.k8s.io/v1/namespaces/prod/events?fieldManager=me"));
        var sent = JsonNode.Parse(server.Requests[0].Body.Span)!.AsObject();
        Assert.That((string)sent["metadata"]!["name"]!, Does.Match("^a\\.[0-9a-f]{16}$"));
        sent["metadata"]!["name"] = "a.x";
        Assert.That(sent.ToJsonString(), Is.EqualTo("""
            {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"a.x","namespace":"prod"},"eventTime":"2026-01-01T00:00:00.000000Z","type":"Warning","reason":"Held","action":"Wait","note":"a waits for b","reportingController":"example.dev/me","reportingInstance":"me-1","regarding":{"apiVersion":"example.dev/v1","kind":"Thing","name":"a","namespace":"prod","uid":"uid-1"},"related":{"apiVersion":"example.dev/v1","kind":"Thing","name":"b","namespace":"prod","uid":"uid-2"}}
            """.Trim()));
    });

    [Test]
    public void Repeats_become_one_series_written_at_most_once_a_minute() => Run(async (world, server, events) =>
    {
        for (var second = 0; second < 180; second++)
        {
            events.Publish(Target, EventType.Normal, "Held", "Wait", "a waits for b");
            await world.PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.That(server.Requests.Select(request => request.Method), Is.EqualTo(new[] { "POST", "PATCH", "PATCH" }));
        var series = JsonNode.Parse(server.Requests[^1].Body.Span)!["series"]!;
        Assert.That((int)series["count"]!, Is.EqualTo(121));
    });

    [Test]
    public void After_the_window_the_same_words_are_a_new_event() => Run(async (world, server, events) =>
    {
        events.Publish(Target, EventType.Normal, "Held", "Wait", "a waits for b");
        await world.PassAsync(TimeSpan.FromMinutes(7));
        events.Publish(Target, EventType.Normal, "Held", "Wait", "a waits for b");
        await world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(server.Requests.Select(request => request.Method), Is.EqualTo(new[] { "POST", "POST" }));
        Assert.That(server.Requests.Select(request => (string)JsonNode.Parse(request.Body.Span)!["metadata"]!["name"]!).Distinct().Count(), Is.EqualTo(2));
    });

    [Test]
    public void One_object_cannot_flood_the_server_and_does_not_silence_another() => Run(async (world, server, events) =>
    {
        for (var number = 0; number < 100; number++)
        {
            events.Publish(Target, EventType.Normal, "Held", "Wait", $"number {number}");
        }

        events.Publish(Target with { Uid = "uid-2" }, EventType.Normal, "Held", "Wait", "another");
        await world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(server.Requests, Has.Count.EqualTo(26));
    });

    [Test]
    public void A_server_that_refuses_or_hangs_holds_up_nobody_who_publishes() => Run(async (world, server, events) =>
    {
        server.Before = _ => new TaskCompletionSource<ApiResponse?>().Task;
        for (var number = 0; number < 3000; number++)
        {
            events.Publish(Target with { Uid = $"uid-{number}" }, EventType.Normal, "Held", "Wait", "x");
        }

        Assert.That(world.Time.Elapsed, Is.EqualTo(TimeSpan.Zero));
        await world.PassAsync(TimeSpan.FromSeconds(1));
        server.Before = null;
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.That(server.Requests, Has.Count.InRange(1000, 1002), "the backlog is bounded");
    });

    [Test]
    public void A_long_note_is_cut_to_what_the_server_takes() => Run(async (world, server, events) =>
    {
        events.Publish(Target, EventType.Normal, "Held", "Wait", string.Concat(Enumerable.Repeat("ä€😀", 500)));
        await world.PassAsync(TimeSpan.FromSeconds(1));
        var note = (string)JsonNode.Parse(server.Requests[0].Body.Span)!["note"]!;
        Assert.That(System.Text.Encoding.UTF8.GetByteCount(note), Is.InRange(1018, 1024));
        Assert.That(note, Does.EndWith("…").And.Not.Contain("\uFFFD"));
    });

    private static void Run(Func<VirtualWorld, FakeServer, EventPublisher, Task> test) => VirtualWorld.Run(1, TimeSpan.FromHours(1), async world =>
    {
        using var metrics = new RuntimeMetrics("test");
        using var stop = new CancellationTokenSource();
        var server = new FakeServer();
        var api = new KubernetesApi(server, new KubernetesApiSettings("me", TimeSpan.FromSeconds(4)), world.Time, metrics);
        var events = new EventPublisher(api, new EventPublisherSettings("example.dev/me", "me-1"), world.Time, metrics, NullLogger.Instance);
        var running = events.RunAsync(stop.Token);
        await test(world, server, events);
        stop.Cancel();
        await running;
    });
}
