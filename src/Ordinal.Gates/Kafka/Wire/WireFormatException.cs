namespace Ordinal.Gates.Kafka.Wire;

/// <summary>The bytes are not what the message's schema says.</summary>
/// <param name="message">What is wrong, without any of the bytes.</param>
internal sealed class WireFormatException(string message) : Exception(message);
