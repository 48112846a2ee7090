using System.Globalization;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>The configuration of one topic or broker.</summary>
internal sealed record ConfigResource(short ErrorCode, string? ErrorMessage, sbyte Type, string Name, IReadOnlyDictionary<string, string?> Values);

/// <summary>Configurations of topics or brokers, only the keys that were asked for.</summary>
internal sealed record DescribeConfigs(ConfigResource[] Resources)
{
    internal const sbyte Topic = 2;
    internal const sbyte Broker = 4;

    internal static KafkaRequest<DescribeConfigs> Topics(IReadOnlyCollection<string> topics, params string[] keys) => Request(Topic, topics, keys);

    /// <summary>Asks one broker about itself: it is answered by that broker alone.</summary>
    internal static KafkaRequest<DescribeConfigs> OfBroker(int id, params string[] keys) =>
        Request(Broker, [id.ToString(CultureInfo.InvariantCulture)], keys);

    private static KafkaRequest<DescribeConfigs> Request(sbyte type, IReadOnlyCollection<string> names, string[] keys) => new(
        KafkaApi.DescribeConfigs,
        (writer, version) =>
        {
            writer.Array(names, (w, name) =>
            {
                w.Int8(type);
                w.String(name);
                w.Array(keys, (inner, key) => inner.String(key));
                w.Tags();
            });
            writer.Bool(false); // synonyms
            if (version >= 3)
            {
                writer.Bool(false); // documentation
            }

            writer.Tags();
        },
        Read);

    private static DescribeConfigs Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var resources = new ConfigResource[reader.Array(6)];
        for (var i = 0; i < resources.Length; i++)
        {
            var (error, message, type, name) = (reader.Int16(), reader.NullableString(), reader.Int8(), reader.String());
            var values = new Dictionary<string, string?>(StringComparer.Ordinal);
            for (var left = reader.Array(6); left > 0; left--)
            {
                var key = reader.String();
                values[key] = reader.NullableString();
                Skip(ref reader, version);
            }

            reader.Tags();
            resources[i] = new ConfigResource(error, message, type, name, values);
        }

        reader.Tags();
        return new DescribeConfigs(resources);
    }

    /// <summary>Skips all of an entry but its name and value.</summary>
    private static void Skip(ref WireReader reader, short version)
    {
        reader.Bool(); // read only
        reader.Int8(); // source
        reader.Bool(); // sensitive
        for (var left = reader.Array(3); left > 0; left--)
        {
            reader.String();
            reader.NullableString();
            reader.Int8();
            reader.Tags();
        }

        if (version >= 3)
        {
            reader.Int8();
            reader.NullableString();
        }

        reader.Tags();
    }
}
