using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>Takes the registration of a broker that is gone for good out of a KRaft cluster.</summary>
internal sealed record UnregisterBroker(short ErrorCode, string? ErrorMessage)
{
    internal static KafkaRequest<UnregisterBroker> Request(int id) => new(
        KafkaApi.UnregisterBroker,
        (writer, _) =>
        {
            writer.Int32(id);
            writer.Tags();
        },
        (ref reader, _) =>
        {
            reader.Int32();
            var answer = new UnregisterBroker(reader.Int16(), reader.NullableString());
            reader.Tags();
            return answer;
        });
}
