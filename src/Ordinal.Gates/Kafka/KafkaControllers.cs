using System.Collections.Immutable;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>
/// Asks controllers on their own listeners (KIP-919, Kafka 3.7 on): any of them tells who they are and which is active, only the active one tells
/// about the quorum, and each that belongs to a pod shows that it answers at all.
/// </summary>
internal static class KafkaControllers
{
    internal static async Task<(KafkaObserver.QuorumReading Reading, ImmutableArray<KafkaControllerObservation> Controllers)> AskAsync(
        KafkaConnections connections, ImmutableArray<KafkaEndpoint> servers, IReadOnlySet<int> wanted, string? clusterId, CancellationToken cancellationToken)
    {
        var (told, failure) = await DescribeAsync(connections, servers, cancellationToken);
        if (told is null)
        {
            return (Failed(failure!), []);
        }

        if (clusterId is not null && told.ClusterId != clusterId)
        {
            return (Failed(new(KafkaFailureKind.NotKafka, $"the controllers belong to cluster {KafkaFailures.Clean(told.ClusterId)}, the brokers to {KafkaFailures.Clean(clusterId)}; check controllerServers")), []);
        }

        // Registrations outlive their controllers: to ask one that is gone for good would cost the time to dial in each observation.
        var asking = told.Brokers.Where(c => IsEndpoint(c) && wanted.Contains(c.Id)).Select(async c => new KafkaControllerObservation
        {
            Id = c.Id,
            Host = c.Host,
            Failure = (await connections.AskAsync(new KafkaEndpoint(c.Host, c.Port), ApiVersions.Request, cancellationToken)).Failure,
        }).ToList();
        var reading = await ActiveAsync(connections, told, cancellationToken);
        return (reading, [.. (await Task.WhenAll(asking)).OrderBy(c => c.Id)]);
    }

    private static async Task<KafkaObserver.QuorumReading> ActiveAsync(KafkaConnections connections, DescribeCluster told, CancellationToken cancellationToken)
    {
        if (Array.Find(told.Brokers, c => c.Id == told.ControllerId) is not { } active || !IsEndpoint(active))
        {
            return Failed(new(KafkaFailureKind.Refused, told.ControllerId < 0 ? "the controllers know none of them that is active" : $"the controllers do not tell where the active one, {told.ControllerId}, listens"));
        }

        var where = new KafkaEndpoint(active.Host, active.Port);
        return KafkaObserver.Quorum(where, await connections.AskAsync(where, DescribeQuorum.Request, cancellationToken)) with { IsKraft = true };
    }

    /// <summary>Takes the first answer; of several failures the one that a person must do something about.</summary>
    private static async Task<(DescribeCluster? Told, KafkaFailure? Failure)> DescribeAsync(KafkaConnections connections, ImmutableArray<KafkaEndpoint> servers, CancellationToken cancellationToken)
    {
        var asking = servers.Select(async server => (Server: server, Answer: await connections.AskAsync(server, DescribeCluster.Controllers, cancellationToken))).ToList();
        var failures = new List<KafkaFailure>();
        while (asking.Count > 0)
        {
            var done = await Task.WhenAny(asking);
            asking.Remove(done);
            var (server, answer) = await done;
            switch (answer.Value)
            {
                case { ErrorCode: KafkaError.None, EndpointType: DescribeCluster.OfControllers } told:
                    return (told, null);
                case null:
                    failures.Add(answer.Failure!);
                    break;
                case { ErrorCode: KafkaError.None or KafkaError.MismatchedEndpointType or KafkaError.UnsupportedEndpointType }:
                    failures.Add(new(KafkaFailureKind.NotKafka, $"{server} is a broker's listener, not a controller's; check controllerServers"));
                    break;
                case var refused:
                    failures.Add(KafkaObserver.Refused(server, nameof(DescribeCluster), refused.ErrorCode));
                    break;
            }
        }

        return (null, failures.Count == 0 ? new(KafkaFailureKind.Unreachable, "no pod has an address to ask at, as controllerServers wants it") : failures.Find(f => KafkaTrouble.Of(f).Verdict is Core.Model.GateVerdict.Misconfigured) ?? failures[0]);
    }

    private static bool IsEndpoint(KafkaBroker node) => node.Port is > 0 and < 65536 && node.Host.Length > 0;

    private static KafkaObserver.QuorumReading Failed(KafkaFailure failure) => new(true, null, failure);
}
