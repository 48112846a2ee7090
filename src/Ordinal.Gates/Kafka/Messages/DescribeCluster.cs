using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>
/// Cluster, brokers (fenced ones too, from Kafka 4.0 on) and what the principal may do to the cluster; or from a controller's own listener (KIP-919,
/// Kafka 3.7 on) the controllers, and which of them is active.
/// </summary>
/// <param name="EndpointType">1: brokers are listed; 2: controllers.</param>
/// <param name="ControllerId">Told by a controller it is the active one, −1 when it knows none; told by a broker under KRaft it is any live broker.</param>
internal sealed record DescribeCluster(short ErrorCode, string? ErrorMessage, sbyte EndpointType, string ClusterId, int ControllerId, KafkaBroker[] Brokers, int AuthorizedOperations)
{
    internal const sbyte OfBrokers = 1;
    internal const sbyte OfControllers = 2;

    internal static KafkaRequest<DescribeCluster> Request { get; } = Of(OfBrokers);

    internal static KafkaRequest<DescribeCluster> Controllers { get; } = Of(OfControllers) with { NotBefore = 1 };

    private static KafkaRequest<DescribeCluster> Of(sbyte endpoints) => new(
        KafkaApi.DescribeCluster,
        (writer, version) =>
        {
            writer.Bool(true); // authorized operations
            if (version >= 1)
            {
                writer.Int8(endpoints);
            }

            if (version >= 2)
            {
                writer.Bool(endpoints == OfBrokers); // fenced ones too; controllers are never fenced
            }

            writer.Tags();
        },
        Read);

    private static DescribeCluster Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var (error, message) = (reader.Int16(), reader.NullableString());
        var endpoints = version >= 1 ? reader.Int8() : OfBrokers;
        var (cluster, controller) = (reader.String(), reader.Int32());
        var brokers = new KafkaBroker[reader.Array(10)];
        for (var i = 0; i < brokers.Length; i++)
        {
            brokers[i] = new KafkaBroker
            {
                Id = reader.Int32(),
                Host = reader.String(),
                Port = reader.Int32(),
                Rack = reader.NullableString(),
                IsFenced = version >= 2 && reader.Bool(),
            };
            reader.Tags();
        }

        var operations = reader.Int32();
        reader.Tags();
        return new DescribeCluster(error, message, endpoints, cluster, controller, brokers, operations);
    }
}
