using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>The partitions that are being moved.</summary>
internal sealed record ListPartitionReassignments(short ErrorCode, string? ErrorMessage, KafkaReassignment[] Reassignments)
{
    internal static KafkaRequest<ListPartitionReassignments> Request(TimeSpan timeout) => new(
        KafkaApi.ListPartitionReassignments,
        (writer, _) =>
        {
            writer.Int32((int)timeout.TotalMilliseconds);
            writer.Array(-1); // of all topics
            writer.Tags();
        },
        Read);

    private static ListPartitionReassignments Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var (error, message) = (reader.Int16(), reader.NullableString());
        var found = new List<KafkaReassignment>();
        for (var topics = reader.Array(3); topics > 0; topics--)
        {
            var topic = reader.String();
            for (var partitions = reader.Array(8); partitions > 0; partitions--)
            {
                var index = reader.Int32();
                found.Add(new KafkaReassignment
                {
                    Topic = topic,
                    Partition = index,
                    Replicas = reader.Int32s(),
                    Adding = reader.Int32s(),
                    Removing = reader.Int32s(),
                });
                reader.Tags();
            }

            reader.Tags();
        }

        reader.Tags();
        return new ListPartitionReassignments(error, message, [.. found]);
    }
}
