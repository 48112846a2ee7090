using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Gates.Exec;
using Ordinal.Operator.Reconciling;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>One invocation of a verb: the way to the cluster, and where data and progress go. Objects are plain JSON: a verb shows what there is.</summary>
internal sealed class CliSession : IDisposable
{
    /// <summary>Name of the verbs' writes in managed fields.</summary>
    public const string FieldManager = "ordinal-cli";

    private readonly KubernetesTransport transport;
    private readonly RuntimeMetrics metrics = new("ordinal_cli");

    public CliSession(KubernetesTransport transport, TimeSpan requestTimeout)
    {
        this.transport = transport;
        Api = new KubernetesApi(transport, new KubernetesApiSettings(FieldManager, requestTimeout), Time, metrics);
    }

    /// <summary>Gets the API server.</summary>
    public IKubernetesApi Api { get; }

    /// <summary>Gets what runs commands in pods.</summary>
    public IPodExec? Exec => PodExec.Over(transport);

    /// <summary>Gets the namespace; null for all.</summary>
    public required string? Namespace { get; init; }

    /// <summary>Gets where data goes.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Gets where progress and problems go.</summary>
    public required TextWriter Error { get; init; }

    public TimeProvider Time { get; } = TimeProvider.System;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Says what is wrong; returns the exit code.</summary>
    public async Task<int> FailAsync(CliProblem problem)
    {
        await Error.WriteLineAsync($"error: {problem.Message}");
        return problem.ExitCode;
    }

    /// <summary>Reads one object; null when there is none of this name.</summary>
    public async Task<JsonObject?> FindAsync(ResourceKind kind, NamespacedName key, CancellationToken cancellationToken)
    {
        try
        {
            return Parse(await Api.GetRawAsync(kind, key, null, cancellationToken));
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound && !error.Message.Contains("could not find the requested resource", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>Reads all objects of a kind.</summary>
    /// <param name="inNamespace">Null for all namespaces.</param>
    /// <param name="labelSelector">Null for none.</param>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceKind kind, string? inNamespace, string? labelSelector, CancellationToken cancellationToken)
    {
        var all = new List<JsonObject>();
        for (ListQuery? next = new ListQuery { InNamespace = inNamespace, LabelSelector = labelSelector }; next is not null;)
        {
            var page = Parse(await Api.ListPageRawAsync(kind, next, cancellationToken));
            foreach (var item in page["items"] as JsonArray ?? [])
            {
                if (item is JsonObject found)
                {
                    // Items of a list carry neither; whoever prints one alone needs both.
                    found["apiVersion"] = kind.ApiVersion;
                    found["kind"] = kind.Kind;
                    all.Add(found);
                }
            }

            next = page.Text("metadata", "continue") is { Length: > 0 } more ? next with { Continue = more } : null;
        }

        return all;
    }

    /// <summary>Changes an object by JSON patch.</summary>
    public async Task<JsonObject> PatchAsync(ResourceKind kind, NamespacedName key, JsonPatch patch, CancellationToken cancellationToken) =>
        Parse(await Api.PatchRawAsync(kind, key, null, PatchTypes.Json, patch.ToBytes(), cancellationToken));

    /// <summary>Makes an object, or lets the server only check it.</summary>
    public async Task<JsonObject> CreateAsync(ResourceKind kind, string inNamespace, JsonObject document, bool isDryRun, CancellationToken cancellationToken)
    {
        var query = $"?fieldManager={FieldManager}{(isDryRun ? "&dryRun=All" : "")}";
        var request = new ApiRequest("POST", kind.CollectionPath(inNamespace) + query) { ContentType = "application/json", Body = JsonSerializer.SerializeToUtf8Bytes(document) };
        return Parse((await Api.SendAsync(request, cancellationToken)).Body);
    }

    public void Dispose()
    {
        metrics.Dispose();
        transport.Dispose();
    }

    private static JsonObject Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) as JsonObject ?? throw Unreadable();
        }
        catch (JsonException)
        {
            throw Unreadable();
        }
    }

    private static CliProblem Unreadable() => new(ExitCodes.Unreachable, "the answer is no Kubernetes object; does the kubeconfig's server point at an API server?");
}
