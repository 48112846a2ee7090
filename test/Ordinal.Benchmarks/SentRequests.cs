using System.Text.Json;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>One request of the operator, as the API server saw it.</summary>
/// <param name="Method">HTTP method, or WATCH.</param>
/// <param name="Path">The path, without its query.</param>
internal sealed record SentRequest(string Method, string Path)
{
    /// <summary>How the user agent of <c>ordinal run</c> begins.</summary>
    public const string Agent = "ordinal/";

    /// <summary>Gets whether it is one of those that an operator sends all the time: watches, and the lease.</summary>
    public bool IsExpected => Method == "WATCH" || Path.Contains("/leases", StringComparison.Ordinal);
}

/// <summary>Notes what the operator sends to an embedded API server.</summary>
internal sealed class SentRequests : IApiFaults
{
    private readonly Lock gate = new();
    private readonly List<SentRequest> all = [];

    /// <summary>Returns all so far, in their order.</summary>
    public IReadOnlyList<SentRequest> Read()
    {
        lock (gate)
        {
            return [.. all];
        }
    }

    public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        if (apiCall.UserAgent is { } agent && agent.StartsWith(SentRequest.Agent, StringComparison.Ordinal))
        {
            lock (gate)
            {
                all.Add(new SentRequest(apiCall.Query.Contains("watch=true", StringComparison.Ordinal) ? "WATCH" : apiCall.Method, apiCall.Path));
            }
        }

        return new((ApiAnswer?)null);
    }

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);
}

/// <summary>Reads what the operator sent to a real API server from its audit log.</summary>
internal static class AuditLog
{
    /// <summary>Returns all so far, in the order in which they were answered; a watch when it was opened.</summary>
    public static async Task<IReadOnlyList<SentRequest>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        List<SentRequest> all = [];
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            // The last line may be half written; it is counted when it is whole.
            if (line.Length == 0 || line[^1] != '}')
            {
                continue;
            }

            using var document = JsonDocument.Parse(line);
            var entry = document.RootElement;
            var verb = entry.TextAt("verb");
            var stage = entry.TextAt("stage");
            if (entry.TextAt("userAgent")?.StartsWith(SentRequest.Agent, StringComparison.Ordinal) is true && stage == (verb == "watch" ? "ResponseStarted" : "ResponseComplete"))
            {
                all.Add(new SentRequest(MethodOf(verb), entry.TextAt("requestURI")!.Split('?')[0]));
            }
        }

        return all;
    }

    private static string MethodOf(string? verb) => verb switch
    {
        "watch" => "WATCH",
        "get" or "list" => "GET",
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" or "deletecollection" => "DELETE",
        _ => verb ?? "",
    };
}
