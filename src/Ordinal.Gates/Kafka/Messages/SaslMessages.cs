using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>Chooses the mechanism; the answer names those that the listener takes.</summary>
internal sealed record SaslHandshake(short ErrorCode, string[] Mechanisms)
{
    internal static KafkaRequest<SaslHandshake> Request(string mechanism) => new(KafkaApi.SaslHandshake, (writer, _) => writer.String(mechanism), Read);

    private static SaslHandshake Read(ref WireReader reader, short version)
    {
        var error = reader.Int16();
        var mechanisms = new string[reader.Array(2)];
        for (var i = 0; i < mechanisms.Length; i++)
        {
            mechanisms[i] = reader.String();
        }

        return new SaslHandshake(error, mechanisms);
    }
}

/// <summary>One message of the mechanism each way.</summary>
internal sealed record SaslAuthenticate(short ErrorCode, string? ErrorMessage, byte[] Answer, TimeSpan SessionLifetime)
{
    internal static KafkaRequest<SaslAuthenticate> Request(byte[] message) => new(
        KafkaApi.SaslAuthenticate,
        (writer, _) =>
        {
            writer.Bytes(message);
            writer.Tags();
        },
        Read);

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(SaslAuthenticate)} {KafkaError.Name(ErrorCode)}";

    private static SaslAuthenticate Read(ref WireReader reader, short version)
    {
        var (error, message, answer) = (reader.Int16(), reader.NullableString(), reader.Bytes());
        var lifetime = version >= 1 ? reader.Int64() : 0;
        reader.Tags();
        return new SaslAuthenticate(error, message, answer, TimeSpan.FromMilliseconds(Math.Clamp(lifetime, 0, int.MaxValue)));
    }
}
