namespace Ordinal.Gates.Kafka;

/// <summary>Why there is no answer.</summary>
public enum KafkaFailureKind
{
    Timeout,
    Unreachable,

    /// <summary>The host has no address.</summary>
    NameUnknown,
    Tls,

    /// <summary>SASL or an ACL said no.</summary>
    AccessDenied,

    /// <summary>The bytes are not Kafka's.</summary>
    NotKafka,

    /// <summary>It is Kafka, but speaks no version of the request that is spoken here.</summary>
    Unsupported,

    /// <summary>Kafka answered with an error that may pass.</summary>
    Refused,
}

/// <summary>A failed exchange with one broker.</summary>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Text">The fact, with the address; no secret, no remedy.</param>
/// <param name="Code">Kafka's error code; 0 when it did not give one.</param>
public sealed record KafkaFailure(KafkaFailureKind Kind, string Text, short Code = 0);
