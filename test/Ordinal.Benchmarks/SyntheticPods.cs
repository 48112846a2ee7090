using System.Buffers;
using System.Globalization;
using System.Text;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Benchmarks;

/// <summary>
/// Answers lists of all pods with pods that exist nowhere, page by page, so that a hundred thousand of them cost this process a page of memory. All
/// else, the watch of pods too, is left to the API server: no pod ever changes.
/// </summary>
internal sealed class SyntheticPods : IApiFaults
{
    private readonly List<KubeObject> owners = [];
    private string[] pieces = [];
    private string[] markers = [];
    private int podsPerSet;
    private ClusterClient? client;

    /// <summary>Gives the pods; until then there are none.</summary>
    public void Serve(ClusterClient from, WorkloadPattern pattern, IReadOnlyList<KubeObject> sets, int each)
    {
        var document = pattern.PodOf(sets[0], "@name@");
        document["metadata"]!["uid"] = "@uid@";
        document["metadata"]!["resourceVersion"] = "1";
        document["metadata"]!["creationTimestamp"] = "2026-01-01T00:00:00Z";
        document["metadata"]!["ownerReferences"]![0]!["name"] = "@set@";
        document["metadata"]!["ownerReferences"]![0]!["uid"] = "@owner@";
        document["metadata"]!["labels"]!["controller-revision-hash"] = document["metadata"]!["labels"]!["controller-revision-hash"]!.GetValue<string>().Replace(sets[0].Name, "@set@", StringComparison.Ordinal);
        var parts = document.ToJsonString().Split('@');
        pieces = [.. parts.Where((_, i) => i % 2 == 0)];
        markers = [.. parts.Where((_, i) => i % 2 == 1)];
        owners.AddRange(sets);
        podsPerSet = each;
        client = from;
    }

    public async ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        var query = apiCall.Query.Split('&').Select(each => each.Split('=')).Where(each => each.Length == 2).ToDictionary(each => each[0], each => each[1], StringComparer.Ordinal);
        if (client is null || apiCall.Method != "GET" || apiCall.Path != "/api/v1/pods" || query.ContainsKey("watch"))
        {
            return null;
        }

        var from = int.Parse(query.GetValueOrDefault("continue", "0"), CultureInfo.InvariantCulture);
        var to = Math.Min(from + int.Parse(query.GetValueOrDefault("limit", "500"), CultureInfo.InvariantCulture), owners.Count * podsPerSet);
        var now = (await client.ListPageAsync(ResourceKind.Namespaces.CollectionPath(""), "", cancellationToken)).TextAt("metadata", "resourceVersion");
        var page = new ArrayBufferWriter<byte>(2 * 1024 * 1024);
        Write(page, $$$"""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"{{{now}}}"{{{(to < owners.Count * podsPerSet ? string.Create(CultureInfo.InvariantCulture, $",\"continue\":\"{to}\"") : "")}}}},"items":[""");
        for (var index = from; index < to; index++)
        {
            Write(page, index == from ? "" : ",");
            WritePod(page, index);
        }

        Write(page, "]}");
        return new ApiAnswer(200, page.WrittenMemory);
    }

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);

    private static void Write(ArrayBufferWriter<byte> page, string text) => Encoding.UTF8.GetBytes(text, page);

    private void WritePod(ArrayBufferWriter<byte> page, int index)
    {
        var owner = owners[index / podsPerSet];
        for (var i = 0; i < pieces.Length; i++)
        {
            Write(page, pieces[i]);
            if (i < markers.Length)
            {
                Write(page, markers[i] switch
                {
                    "name" => string.Create(CultureInfo.InvariantCulture, $"{owner.Name}-{index % podsPerSet}"),
                    "uid" => string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{index:d12}"),
                    "set" => owner.Name,
                    "owner" => owner.Uid,
                    var other => throw new InvalidOperationException($"the pattern has an unknown marker \"{other}\""),
                });
            }
        }
    }
}
