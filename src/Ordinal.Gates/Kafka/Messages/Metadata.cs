using System.Runtime.InteropServices;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>The cluster as one broker knows it.</summary>
internal sealed record Metadata(string? ClusterId, int ControllerId, KafkaBroker[] Brokers, KafkaTopic[] Topics)
{
    /// <summary>All topics that the principal may describe.</summary>
    internal static KafkaRequest<Metadata> AllTopics { get; } = Request(null);

    /// <summary>The brokers alone.</summary>
    internal static KafkaRequest<Metadata> NoTopics { get; } = Request([]);

    /// <summary>Asks about named topics: here a topic that may not be described says so, while the list of all topics just leaves it out.</summary>
    internal static KafkaRequest<Metadata> Request(IReadOnlyCollection<string>? topics) => new(
        KafkaApi.Metadata,
        (writer, version) =>
        {
            writer.Array(topics, (w, topic) =>
            {
                if (version >= 10)
                {
                    w.Int32(0);
                    w.Int32(0);
                    w.Int32(0);
                    w.Int32(0);
                }

                w.String(topic);
                w.Tags();
            });

            // Never create a topic by asking about it.
            writer.Bool(false);
            if (version is >= 8 and <= 10)
            {
                writer.Bool(false);
            }

            if (version >= 8)
            {
                writer.Bool(false);
            }

            writer.Tags();
        },
        Read);

    private static Metadata Read(ref WireReader reader, short version)
    {
        reader.Int32(); // throttle time
        var brokers = new KafkaBroker[reader.Array(10)];
        for (var i = 0; i < brokers.Length; i++)
        {
            brokers[i] = new KafkaBroker { Id = reader.Int32(), Host = reader.String(), Port = reader.Int32(), Rack = reader.NullableString() };
            reader.Tags();
        }

        var cluster = reader.NullableString();
        var controller = reader.Int32();
        var topics = new KafkaTopic[reader.Array(5)];
        for (var i = 0; i < topics.Length; i++)
        {
            topics[i] = Topic(ref reader, version);
        }

        if (version is >= 8 and <= 10)
        {
            reader.Int32();
        }

        reader.Tags();
        return new Metadata(cluster, controller, brokers, topics);
    }

    private static KafkaTopic Topic(ref WireReader reader, short version)
    {
        var error = reader.Int16();
        var name = reader.NullableString() ?? "";
        if (version >= 10)
        {
            reader.Uuid();
        }

        var isInternal = reader.Bool();
        var partitions = new KafkaPartition[reader.Array(10)];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = Partition(ref reader, version);
        }

        if (version >= 8)
        {
            reader.Int32();
        }

        reader.Tags();
        return new KafkaTopic { ErrorCode = error, Name = name, IsInternal = isInternal, Partitions = ImmutableCollectionsMarshal.AsImmutableArray(partitions) };
    }

    private static KafkaPartition Partition(ref WireReader reader, short version)
    {
        var partition = new KafkaPartition
        {
            ErrorCode = reader.Int16(),
            Index = reader.Int32(),
            Leader = reader.Int32(),
            LeaderEpoch = version >= 7 ? reader.Int32() : -1,
            Replicas = reader.Int32s(),
            Isr = reader.Int32s(),
        };
        if (version >= 5)
        {
            reader.Int32s(); // offline replicas: what the live set tells already
        }

        reader.Tags();
        return partition;
    }
}
