using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>What happened to the pods of a StatefulSet, change by change.</summary>
public sealed record PartitionRecord
{
    /// <summary>Gets the pods in the order in which they began to go.</summary>
    public ImmutableArray<string> Order { get; init; } = [];

    /// <summary>Gets the largest number of pods that were missing, going or not ready at once.</summary>
    public int MostAway { get; init; }

    /// <summary>Gets the values that the partition went through, the first one included.</summary>
    public ImmutableArray<long> Partitions { get; init; } = [];
}

/// <summary>
/// Follows pods and StatefulSet over the API and counts for itself. Begin it when all pods are ready: from then on every change counts.
/// </summary>
public sealed class PartitionWitness(PlainApi api, string setName, int replicas)
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";
    private readonly Lock _gate = new();
    private readonly Dictionary<string, bool> _isServing = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly List<long> _partitions = [];
    private int _mostAway;

    /// <summary>Gets a value indicating whether all pods and the StatefulSet have been seen.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate)
            {
                return _isServing.Count == replicas && _partitions.Count > 0;
            }
        }
    }

    /// <summary>Follows until the token ends.</summary>
    /// <exception cref="HttpRequestException">The API server could not be reached, or ended a watch: the record would have a hole.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // Whichever ends first has failed; the other must not be left behind.
            Task[] both = [FollowAsync(Pods, SeePod, stop.Token), FollowAsync(Sets, SeeSet, stop.Token)];
            var first = await Task.WhenAny(both);
            await stop.CancelAsync();
            await first;
            await Task.WhenAll(both);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to end.
        }
    }

    /// <summary>Returns what was seen so far.</summary>
    public PartitionRecord Record()
    {
        lock (_gate)
        {
            return new PartitionRecord { Order = [.. _order], MostAway = _mostAway, Partitions = [.. _partitions] };
        }
    }

    /// <summary>Takes one change of a pod. Public so that the counting can be tested without a server.</summary>
    public void SeePod(string type, JsonObject pod)
    {
        var metadata = pod["metadata"];
        if (metadata?["ownerReferences"] is not JsonArray owners || !owners.Any(o => o?["name"]?.ToString() == setName))
        {
            return;
        }

        var name = metadata["name"]!.ToString();
        var isGoing = type == "DELETED" || metadata["deletionTimestamp"] is not null;
        var isServing = !isGoing && (pod["status"]?["conditions"] as JsonArray ?? []).Any(c => c?["type"]?.ToString() == "Ready" && c["status"]?.ToString() == "True");
        lock (_gate)
        {
            if (isGoing && !_order.Contains(name, StringComparer.Ordinal))
            {
                _order.Add(name);
            }

            _isServing[name] = isServing;
            if (_isServing.Count == replicas)
            {
                _mostAway = Math.Max(_mostAway, _isServing.Values.Count(serves => !serves));
            }
        }
    }

    /// <summary>Takes one change of a StatefulSet.</summary>
    public void SeeSet(string type, JsonObject set)
    {
        if (set["metadata"]?["name"]?.ToString() != setName || type == "DELETED")
        {
            return;
        }

        var partition = set["spec"]?["updateStrategy"]?["rollingUpdate"]?["partition"] is JsonValue value && long.TryParse(value.ToString(), out var p) ? p : 0;
        lock (_gate)
        {
            if (_partitions.Count == 0 || _partitions[^1] != partition)
            {
                _partitions.Add(partition);
            }
        }
    }

    private async Task FollowAsync(string path, Action<string, JsonObject> see, CancellationToken cancellationToken)
    {
        await foreach (var (type, value) in api.WatchAsync(path, cancellationToken))
        {
            see(type, value);
        }

        throw new HttpRequestException($"the watch of {path} ended; the record would have a hole");
    }
}
