using System.Globalization;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Where one broker listens.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record KafkaEndpoint(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c> or <c>[address]:port</c>; null when it is neither.</summary>
    internal static KafkaEndpoint? Parse(string text)
    {
        var at = text.LastIndexOf(':');
        if (at < 1 || !int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = text[..at] is ['[', .. var inner, ']'] ? inner : text[..at];
        return Uri.CheckHostName(host) is UriHostNameType.Unknown ? null : new KafkaEndpoint(host, port);
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
