namespace Ordinal.Gates.Kafka.Wire;

/// <summary>A connection that is ready for requests.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Lifetime">How long the broker lets it live before it wants to see credentials again; zero: as long as it likes.</param>
internal sealed record KafkaSession(KafkaConnection Connection, TimeSpan Lifetime);
