using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>
/// Who may lead each partition beside those in sync (KIP-966, from Kafka 4.0 on; brokers under KRaft only). Brokers give it page by page.
/// </summary>
/// <param name="Partitions">Those of this page of which the broker tells it.</param>
/// <param name="Next">Where the next page begins; null: this was the last one.</param>
internal sealed record DescribeTopicPartitions(KafkaEligible[] Partitions, (string Topic, int Partition)? Next)
{
    /// <summary>The most partitions of one page; brokers give no more (max.request.partition.size.limit).</summary>
    private const int Page = 2000;

    internal static KafkaRequest<DescribeTopicPartitions> Request(IReadOnlyCollection<string> topics, (string Topic, int Partition)? from = null) => new(
        KafkaApi.DescribeTopicPartitions,
        (writer, _) =>
        {
            writer.Array(topics, (w, topic) =>
            {
                w.String(topic);
                w.Tags();
            });
            writer.Int32(Page);
            if (from is { } cursor)
            {
                writer.Int8(1);
                writer.String(cursor.Topic);
                writer.Int32(cursor.Partition);
                writer.Tags();
            }
            else
            {
                writer.Int8(-1);
            }

            writer.Tags();
        },
        static (ref WireReader reader, short _) => Read(ref reader));

    private static DescribeTopicPartitions Read(ref WireReader reader)
    {
        reader.Int32(); // throttle time
        var partitions = new List<KafkaEligible>();
        for (var topics = reader.Array(26); topics > 0; topics--)
        {
            reader.Int16(); // what is wrong with a topic Metadata tells as well
            var name = reader.NullableString() ?? "";
            reader.Uuid();
            reader.Bool();
            for (var count = reader.Array(20); count > 0; count--)
            {
                if (Partition(ref reader, name) is { } told)
                {
                    partitions.Add(told);
                }
            }

            reader.Int32(); // operations that the principal is allowed
            reader.Tags();
        }

        (string, int)? next = null;
        if (reader.HasStructure())
        {
            next = (reader.String(), reader.Int32());
            reader.Tags();
        }

        reader.Tags();
        return new DescribeTopicPartitions([.. partitions], next);
    }

    private static KafkaEligible? Partition(ref WireReader reader, string topic)
    {
        reader.Int16();
        var index = reader.Int32();
        reader.Int32(); // leader
        reader.Int32(); // its epoch
        reader.Int32s(); // replicas
        reader.Int32s(); // in sync
        var (eligible, lastKnown) = (reader.NullableInt32s(), reader.NullableInt32s());
        reader.Int32s(); // offline replicas
        reader.Tags();
        return eligible is null && lastKnown is null
            ? null
            : new KafkaEligible { Topic = topic, Partition = index, Eligible = eligible ?? [], LastKnown = lastKnown ?? [] };
    }
}
