using NUnit.Framework;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Tests.ControlPlane;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TableTests
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private readonly ApiHarness _api = new();

    [TestCase(-5, "<invalid>")]
    [TestCase(0, "0s")]
    [TestCase(119, "119s")]
    [TestCase(120, "2m")]
    [TestCase(125, "2m5s")]
    [TestCase(600, "10m")]
    [TestCase(3 * 3600, "3h")]
    [TestCase((3 * 3600) + 300, "3h5m")]
    [TestCase(47 * 3600, "47h")]
    [TestCase(49 * 3600, "2d1h")]
    [TestCase(9 * 86400, "9d")]
    [TestCase(800 * 86400, "2y70d")]
    public void Ages_are_written_as_kubectl_writes_them(int seconds, string expected) =>
        Assert.That(CellText.Duration(TimeSpan.FromSeconds(seconds)), Is.EqualTo(expected));

    [TestCase("""{"phase":"Pending"}""", "0/1", "Pending")]
    [TestCase("""{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"restartCount":0,"state":{"running":{}}}]}""", "1/1", "Running")]
    [TestCase("""{"phase":"Pending","containerStatuses":[{"name":"c","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}""", "0/1", "ImagePullBackOff")]
    [TestCase("""{"phase":"Failed","containerStatuses":[{"name":"c","ready":false,"restartCount":0,"state":{"terminated":{"exitCode":3}}}]}""", "0/1", "ExitCode:3")]
    [TestCase("""{"phase":"Failed","reason":"Evicted"}""", "0/1", "Evicted")]
    public async Task A_pods_status_is_worked_out_from_its_containers(string status, string ready, string shown)
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("a"));
        await _api.MergeAsync($"{Pods}/a/status", $$$"""{"status": {{{status}}} }""");
        Reply table = await _api.GetAsync(Pods, Table);
        string[] cells = [.. table.Body["rows"]![0]!["cells"]!.AsArray().Select(c => c!.ToString())];
        Assert.That(cells[1..3], Is.EqualTo(new[] { ready, shown }));
    }

    [Test]
    public async Task A_pod_that_is_going_says_so_and_restarts_tell_when()
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("a", "\"nodeName\":\"n\","));
        await _api.MergeAsync(
            $"{Pods}/a/status",
            """{"status":{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"restartCount":2,"state":{"running":{}},"lastState":{"terminated":{"finishedAt":"2026-01-01T11:55:00Z"}}}]}}""");
        await _api.DeleteAsync($"{Pods}/a");
        Reply table = await _api.GetAsync(Pods, Table);
        Assert.That(table.Body["rows"]![0]!["cells"]!.AsArray().Select(c => c!.ToString()).Take(5), Is.EqualTo(new[] { "a", "1/1", "Terminating", "2 (5m ago)", "0s" }));
    }

    [Test]
    public async Task A_watch_as_table_sends_the_columns_once()
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("a"));
        await _api.PostAsync(Pods, ApiHarness.Pod("b"));
        StreamOpening opening = await _api.Door.OpenAsync(new ApiCall("GET", Pods, "watch=true") { Accept = Table }, CancellationToken.None);
        await using IApiFeed feed = opening.Feed!;
        int first = (await ApiHarness.NextFrameAsync(feed))["object"]!["columnDefinitions"]!.AsArray().Count;
        int? second = (await ApiHarness.NextFrameAsync(feed))["object"]!["columnDefinitions"]?.AsArray().Count;
        Assert.That((first, second), Is.EqualTo((9, (int?)null)));
    }

    [Test]
    public async Task Metadata_only_is_answered_when_it_is_asked_for()
    {
        await _api.PostAsync(Pods, ApiHarness.Pod("a"));
        Reply list = await _api.GetAsync(Pods, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
        Assert.Multiple(() =>
        {
            Assert.That((string?)list.Body["kind"], Is.EqualTo("PartialObjectMetadataList"));
            Assert.That(list.Body["items"]![0]!["spec"], Is.Null);
        });
    }

    [Test]
    public async Task Both_event_apis_show_one_store()
    {
        await _api.PostAsync("/apis/events.k8s.io/v1/namespaces/default/events", """
            {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"eventTime":"2026-01-01T12:00:00.000000Z","type":"Normal","reason":"Held",
             "note":"waits for quorum","reportingController":"ordinal.dev/operator","reportingInstance":"x","action":"Hold",
             "regarding":{"kind":"StatefulSet","name":"web","namespace":"default"}}
            """);
        Reply core = await _api.GetAsync("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb,involvedObject.kind%3DStatefulSet");
        Reply other = await _api.GetAsync("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Ddb");
        Reply newer = await _api.GetAsync("/apis/events.k8s.io/v1/namespaces/default/events/e");
        Assert.Multiple(() =>
        {
            Assert.That((string?)core.Body["items"]![0]!["message"], Is.EqualTo("waits for quorum"));
            Assert.That((string?)core.Body["items"]![0]!["apiVersion"], Is.EqualTo("v1"));
            Assert.That(other.ItemNames, Is.Empty);
            Assert.That((string?)newer.Body["note"], Is.EqualTo("waits for quorum"));
            Assert.That((string?)newer.Body["regarding"]!["name"], Is.EqualTo("web"));
        });
    }
}
