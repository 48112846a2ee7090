using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>Cluster, brokers (fenced ones too, from Kafka 4.0 on) and what the principal may do to the cluster.</summary>
internal sealed record DescribeCluster(short ErrorCode, string? ErrorMessage, string ClusterId, int ControllerId, KafkaBroker[] Brokers, int AuthorizedOperations)
{
    internal static KafkaRequest<DescribeCluster> Request { get; } = new(
        KafkaApi.DescribeCluster,
        (writer, version) =>
        {
            writer.Bool(true); // authorized operations
            if (version >= 1)
            {
                writer.Int8(1); // brokers, not controllers
            }

            if (version >= 2)
            {
                writer.Bool(true); // fenced ones too
            }

            writer.Tags();
        },
        Read);

    private static DescribeCluster Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var (error, message) = (reader.Int16(), reader.NullableString());
        if (version >= 1)
        {
            reader.Int8();
        }

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
        return new DescribeCluster(error, message, cluster, controller, brokers, operations);
    }
}
