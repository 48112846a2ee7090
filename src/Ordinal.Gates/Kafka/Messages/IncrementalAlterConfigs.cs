using System.Globalization;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>Sets or deletes dynamic settings of one broker; the others stay as they are.</summary>
internal sealed record IncrementalAlterConfigs(short ErrorCode, string? ErrorMessage)
{
    private const sbyte Set = 0;
    private const sbyte Delete = 1;

    /// <summary>Changes settings of one broker.</summary>
    /// <param name="broker">Its id.</param>
    /// <param name="changes">Values by key; null deletes the setting.</param>
    /// <param name="validateOnly">Asks whether it would be accepted, and changes nothing.</param>
    internal static KafkaRequest<IncrementalAlterConfigs> Request(int broker, IReadOnlyDictionary<string, string?> changes, bool validateOnly = false) => new(
        KafkaApi.IncrementalAlterConfigs,
        (writer, _) =>
        {
            writer.Array(1);
            writer.Int8(DescribeConfigs.Broker);
            writer.String(broker.ToString(CultureInfo.InvariantCulture));
            writer.Array(changes, (w, change) =>
            {
                w.String(change.Key);
                w.Int8(change.Value is null ? Delete : Set);
                w.String(change.Value);
                w.Tags();
            });
            writer.Tags();
            writer.Bool(validateOnly);
            writer.Tags();
        },
        Read);

    private static IncrementalAlterConfigs Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var answer = new IncrementalAlterConfigs(KafkaError.None, null);
        for (var left = reader.Array(6); left > 0; left--)
        {
            var (error, message) = (reader.Int16(), reader.NullableString());
            reader.Int8();
            reader.String();
            reader.Tags();
            answer = answer.ErrorCode == KafkaError.None ? new IncrementalAlterConfigs(error, message) : answer;
        }

        reader.Tags();
        return answer;
    }
}
