using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.Tests.ControlPlane;

/// <summary>An API server on virtual time, and short ways to call it.</summary>
internal sealed class ApiHarness
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public ApiHarness(StoreOptions? store = null, IApiFaults? faults = null)
    {
        Server = new ApiServer(Clock, new ApiServerOptions { Seed = 1, Store = store ?? new StoreOptions(), Faults = faults ?? NoFaults.Instance });
        Door = new InProcessDoor(Server, "tests/1.0");
    }

    public FakeTimeProvider Clock { get; } = new(Start);

    public ApiServer Server { get; }

    public IClusterDoor Door { get; }

    public async Task<Reply> CallAsync(string method, string pathAndQuery, string? body = null, string? contentType = null, string? accept = null)
    {
        int question = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        ApiAnswer answer = await Door.SendAsync(
            new ApiCall(method, question < 0 ? pathAndQuery : pathAndQuery[..question], question < 0 ? "" : pathAndQuery[(question + 1)..])
            {
                Body = body is null ? default : Encoding.UTF8.GetBytes(body),
                ContentType = contentType ?? (body is null ? null : "application/json"),
                Accept = accept,
            },
            CancellationToken.None);
        return new Reply(answer);
    }

    public Task<Reply> GetAsync(string path, string? accept = null) => CallAsync("GET", path, accept: accept);

    public Task<Reply> PostAsync(string path, string body) => CallAsync("POST", path, body);

    public Task<Reply> PutAsync(string path, string body) => CallAsync("PUT", path, body);

    public Task<Reply> DeleteAsync(string path, string? body = null) => CallAsync("DELETE", path, body);

    public Task<Reply> MergeAsync(string path, string body) => CallAsync("PATCH", path, body, "application/merge-patch+json");

    public Task<Reply> StrategicAsync(string path, string body) => CallAsync("PATCH", path, body, "application/strategic-merge-patch+json");

    public Task<Reply> JsonPatchAsync(string path, string body) => CallAsync("PATCH", path, body, "application/json-patch+json");

    public Task<Reply> ApplyAsync(string path, string body) => CallAsync("PATCH", path, body, "application/apply-patch+yaml");

    public async Task<IApiFeed> WatchAsync(string path, string query = "")
    {
        StreamOpening opening = await Door.OpenAsync(new ApiCall("GET", path, query.Length == 0 ? "watch=true" : "watch=true&" + query), CancellationToken.None);
        Assert.That(opening.Refused, Is.Null, () => Encoding.UTF8.GetString(opening.Refused!.Body.Span));
        return opening.Feed!;
    }

    /// <summary>Reads the next event of a watch as "TYPE name"; the watch must have one.</summary>
    public static async Task<string> NextAsync(IApiFeed feed)
    {
        JsonObject frame = await NextFrameAsync(feed);
        return $"{frame["type"]} {frame["object"]?["metadata"]?["name"]}".TrimEnd();
    }

    public static async Task<JsonObject> NextFrameAsync(IApiFeed feed)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        ReadOnlyMemory<byte>? frame = await feed.ReadAsync(deadline.Token);
        Assert.That(frame, Is.Not.Null, "the watch has ended");
        return JsonNode.Parse(frame!.Value.Span)!.AsObject();
    }

    public static string StatefulSet(string name, int replicas = 3, string extra = "") => $$$"""
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"{{{name}}}","labels":{"app":"{{{name}}}"}},
         "spec":{"serviceName":"{{{name}}}","replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"{{{name}}}"} }, {{{extra}}}
         "template":{"metadata":{"labels":{"app":"{{{name}}}"}},"spec":{"terminationGracePeriodSeconds":5,"containers":[{"name":"c","image":"app:v1"}]} } } }
        """;

    public static string Pod(string name, string extra = "", string labels = "{\"app\":\"web\"}") => $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","labels":{{{labels}}}},
         "spec":{ {{{extra}}}"containers":[{"name":"c","image":"app:v1"}]}}
        """;

    public static string ConfigMap(string name, string labels = "{}") =>
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","labels":{{{labels}}}},"data":{"k":"v"}}""";
}

/// <summary>An answer, parsed.</summary>
internal sealed class Reply(ApiAnswer answer)
{
    public ApiAnswer Answer { get; } = answer;

    public int Code => Answer.StatusCode;

    public string Text => Encoding.UTF8.GetString(Answer.Body.Span);

    public JsonObject Body { get; } = answer.ContentType == "application/json" && answer.Body.Length > 0
        ? JsonNode.Parse(answer.Body.Span)!.AsObject() : [];

    public string? Message => (string?)Body["message"];

    public string? ResourceVersion => (string?)Body["metadata"]?["resourceVersion"];

    public string[] ItemNames => [.. Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!)];
}
