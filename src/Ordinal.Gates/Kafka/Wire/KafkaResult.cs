namespace Ordinal.Gates.Kafka.Wire;

/// <summary>An answer, or why there is none.</summary>
internal readonly record struct KafkaResult<T>(T? Value, KafkaFailure? Failure)
    where T : class
{
    public static implicit operator KafkaResult<T>(T value) => new(value, null);

    public static implicit operator KafkaResult<T>(KafkaFailure failure) => new(null, failure);
}
