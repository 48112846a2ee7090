using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>What one kind of request is counted under.</summary>
/// <param name="Method">HTTP method, or WATCH.</param>
/// <param name="Resource">Resource with its group: <c>statefulsets.apps</c>; empty for paths without one.</param>
/// <param name="Subresource">Subresource; empty for the object.</param>
/// <param name="Code">HTTP status code.</param>
/// <param name="Client">User-Agent up to its first slash.</param>
public readonly record struct RequestKind(string Method, string Resource, string Subresource, int Code, string Client);

/// <summary>Counts the requests that were answered, so that tests and benchmarks can say what a client cost.</summary>
public sealed class RequestCounts
{
    private const int MostKinds = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<RequestKind, long> _counts = [];

    /// <summary>Gets the counts so far.</summary>
    public IReadOnlyDictionary<RequestKind, long> Snapshot()
    {
        lock (_lock)
        {
            return new Dictionary<RequestKind, long>(_counts);
        }
    }

    internal void Add(ApiRequest request, string method, int code)
    {
        string agent = request.Call.UserAgent ?? "";
        int slash = agent.IndexOf('/', StringComparison.Ordinal);
        string resource = request.Target is { } target ? target.Group.Length == 0 ? target.Resource : $"{target.Resource}.{target.Group}" : "";
        var kind = new RequestKind(method, resource, request.Target?.Subresource ?? "", code, slash < 0 ? agent : agent[..slash]);
        lock (_lock)
        {
            if (_counts.Count >= MostKinds && !_counts.ContainsKey(kind))
            {
                // Names come from clients: they must not grow the server without bound.
                kind = new RequestKind(method, "other", "", code, "other");
            }

            _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        }
    }

    /// <summary>Writes the counts as Prometheus text.</summary>
    internal string ToPrometheus(long revision)
    {
        var text = new StringBuilder();
        text.Append("# HELP apiserver_request_total Requests answered.\n# TYPE apiserver_request_total counter\n");
        IEnumerable<KeyValuePair<RequestKind, long>> sorted = Snapshot().OrderBy(c => c.Key.ToString(), StringComparer.Ordinal);
        foreach ((RequestKind kind, long count) in sorted)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"apiserver_request_total{{verb=\"{kind.Method}\",resource=\"{Escape(kind.Resource)}\",subresource=\"{Escape(kind.Subresource)}\",code=\"{kind.Code}\",client=\"{Escape(kind.Client)}\"}} {count}\n");
        }

        text.Append("# HELP apiserver_store_revision Revision of the last write.\n# TYPE apiserver_store_revision counter\n");
        text.Append(CultureInfo.InvariantCulture, $"apiserver_store_revision {revision}\n");
        return text.ToString();
    }

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
