using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>How the election of one partition's preferred leader went.</summary>
internal sealed record ElectionResult(string Topic, int Partition, short ErrorCode);

/// <summary>Gives partitions back to the first of their replicas. Never an unclean election.</summary>
internal sealed record ElectLeaders(short ErrorCode, ElectionResult[] Results)
{
    private const sbyte Preferred = 0;

    internal static KafkaRequest<ElectLeaders> Request(IReadOnlyCollection<(string Topic, int Partition)> partitions, TimeSpan timeout) => new(
        KafkaApi.ElectLeaders,
        (writer, _) =>
        {
            writer.Int8(Preferred);
            writer.Array(partitions.GroupBy(p => p.Topic, p => p.Partition).ToList(), (w, topic) =>
            {
                w.String(topic.Key);
                w.Array(topic.ToList(), (inner, index) => inner.Int32(index));
                w.Tags();
            });
            writer.Int32((int)timeout.TotalMilliseconds);
            writer.Tags();
        },
        Read);

    private static ElectLeaders Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var error = reader.Int16();
        var results = new List<ElectionResult>();
        for (var topics = reader.Array(3); topics > 0; topics--)
        {
            var topic = reader.String();
            for (var partitions = reader.Array(7); partitions > 0; partitions--)
            {
                results.Add(new ElectionResult(topic, reader.Int32(), reader.Int16()));
                reader.NullableString();
                reader.Tags();
            }

            reader.Tags();
        }

        reader.Tags();
        return new ElectLeaders(error, [.. results]);
    }
}
