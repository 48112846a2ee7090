using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>The metadata log's quorum: voters are controllers, observers are brokers.</summary>
internal sealed record DescribeQuorum(short ErrorCode, string? ErrorMessage, KafkaQuorum? Quorum)
{
    private const string MetadataTopic = "__cluster_metadata";

    internal static KafkaRequest<DescribeQuorum> Request { get; } = new(
        KafkaApi.DescribeQuorum,
        (writer, _) =>
        {
            writer.Array(1);
            writer.String(MetadataTopic);
            writer.Array(1);
            writer.Int32(0);
            writer.Tags();
            writer.Tags();
            writer.Tags();
        },
        Read);

    private static DescribeQuorum Read(ref WireReader reader, short version)
    {
        var error = reader.Int16();
        var message = version >= 2 ? reader.NullableString() : null;
        KafkaQuorum? quorum = null;
        for (var topics = reader.Array(3); topics > 0; topics--)
        {
            var isMetadata = reader.String() == MetadataTopic;
            for (var partitions = reader.Array(25); partitions > 0; partitions--)
            {
                var index = reader.Int32();
                var code = reader.Int16();
                var words = version >= 2 ? reader.NullableString() : null;
                var read = Partition(ref reader, version);
                if (isMetadata && index == 0)
                {
                    (error, message) = error != KafkaError.None ? (error, message) : (code, words);
                    quorum = read;
                }
            }

            reader.Tags();
        }

        if (version >= 2)
        {
            Nodes(ref reader);
        }

        reader.Tags();
        return new DescribeQuorum(error, message, quorum);
    }

    private static KafkaQuorum Partition(ref WireReader reader, short version)
    {
        var quorum = new KafkaQuorum
        {
            LeaderId = reader.Int32(),
            LeaderEpoch = reader.Int32(),
            HighWatermark = reader.Int64(),
            Voters = [.. Replicas(ref reader, version)],
            Observers = [.. Replicas(ref reader, version)],
        };
        reader.Tags();
        return quorum;
    }

    private static KafkaQuorumReplica[] Replicas(ref WireReader reader, short version)
    {
        var replicas = new KafkaQuorumReplica[reader.Array(12)];
        for (var i = 0; i < replicas.Length; i++)
        {
            var id = reader.Int32();
            var directory = version >= 2 ? reader.Uuid() : Guid.Empty;
            replicas[i] = new KafkaQuorumReplica
            {
                Id = id,
                Directory = directory,
                LogEndOffset = reader.Int64(),
                LastFetch = version >= 1 ? reader.Int64() : -1,
                LastCaughtUp = version >= 1 ? reader.Int64() : -1,
            };
            reader.Tags();
        }

        return replicas;
    }

    private static void Nodes(ref WireReader reader)
    {
        for (var nodes = reader.Array(5); nodes > 0; nodes--)
        {
            reader.Int32();
            for (var listeners = reader.Array(4); listeners > 0; listeners--)
            {
                reader.String();
                reader.String();
                reader.UInt16();
                reader.Tags();
            }

            reader.Tags();
        }
    }
}
