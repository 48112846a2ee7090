namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Reads the body of an answer.</summary>
/// <param name="reader">At the body's first byte.</param>
/// <param name="version">The version that was asked in.</param>
internal delegate T ReadBody<out T>(ref WireReader reader, short version);

/// <summary>A request and how its answer is read.</summary>
/// <param name="Api">What is asked.</param>
/// <param name="Write">Writes the body in a version.</param>
/// <param name="Read">Reads the answer's body in the same version.</param>
internal sealed record KafkaRequest<T>(KafkaApi Api, Action<WireWriter, short> Write, ReadBody<T> Read)
    where T : class
{
    /// <summary>Gets the oldest version in which the request says what it means; 0: any.</summary>
    internal short NotBefore { get; init; }
}
