using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Api;

/// <summary>What a compacted history answers; on a cluster of its own, whose other watchers it would throw out.</summary>
[NotOn(ClusterKind.Real, "a real etcd compacts by its own clock")]
public sealed class CompactionTests(ClusterKind kind) : ConformanceTests(kind)
{
    private ConformanceCluster? cluster;

    [Test, Rule("API-watch-compacted")]
    public async Task A_watch_from_a_compacted_version_has_one_event_the_error()
    {
        var maps = $"/api/v1/namespaces/{Space.Name}/configmaps";
        var version = (await CreateAsync(maps, "a")).Child("metadata").Text("resourceVersion");
        await CreateAsync(maps, "b");
        Space.Cluster.Server!.Store.Compact();
        var opening = await Space.Cluster.Door.OpenAsync(new ApiCall("GET", maps, $"watch=1&resourceVersion={version}"), CancellationToken.None);
        await using var watch = opening.Feed!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        var frame = JsonNode.Parse((await watch.ReadAsync(deadline.Token))!.Value.Span)!.AsObject();
        Assert.That(frame.Text("type"), Is.EqualTo("ERROR"));
        Assert.That(frame.Child("object").Number("code"), Is.EqualTo(410));
        Assert.That(frame.Child("object").Text("reason"), Is.EqualTo("Expired"));
        Assert.That(frame.Child("object").Text("message"), Does.StartWith("too old resource version: "));
        Assert.That(await watch.ReadAsync(deadline.Token), Is.Null);

        var list = await Space.SendAsync("GET", maps, $"resourceVersion={version}&resourceVersionMatch=Exact");
        Assert.That((list.Code, list.Reason, list.Message), Is.EqualTo((410, "Expired", "The resourceVersion for the provided list is too old.")));
    }

    /// <inheritdoc/>
    protected override async Task<Space?> OpenAsync()
    {
        cluster = await ConformanceCluster.StartAsync(Kind);
        return await Space.CreateAsync(cluster);
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<JsonObject> CreateAsync(string maps, string name) =>
        (await Space.SendAsync("POST", maps, "", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } })).Ok();
}
