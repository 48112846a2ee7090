using System.Text;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Sasl;

/// <summary>Says who we are, by one of Kafka's mechanisms.</summary>
/// <param name="mechanism">PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.</param>
/// <param name="secrets">User name and password, or a token.</param>
internal sealed class KafkaSasl(string mechanism, IGateSecrets secrets)
{
    internal const string Plain = "PLAIN";
    internal const string Scram256 = "SCRAM-SHA-256";
    internal const string Scram512 = "SCRAM-SHA-512";
    internal const string OAuthBearer = "OAUTHBEARER";

    /// <summary>Speaks the mechanism on a new connection.</summary>
    /// <returns>Why it was refused, or how long the session lives (zero: for ever).</returns>
    internal async Task<(KafkaFailure? Failure, TimeSpan Lifetime)> AuthenticateAsync(KafkaConnection connection, KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var handshake = await connection.AskAsync(SaslHandshake.Request(mechanism), cancellationToken);
        if (handshake.Value is not { } greeted)
        {
            return (handshake.Failure!.Kind is KafkaFailureKind.Unsupported ? Denied($"{endpoint} does not speak SASL") : handshake.Failure, TimeSpan.Zero);
        }

        switch (greeted.ErrorCode)
        {
            case KafkaError.None:
                break;
            case KafkaError.UnsupportedSaslMechanism:
                var offered = string.Join(", ", greeted.Mechanisms.Take(6).Select(KafkaFailures.Clean));
                return (Denied($"{endpoint} does not take {mechanism}{(offered.Length == 0 ? "" : $", it takes {offered}")}", greeted.ErrorCode), TimeSpan.Zero);
            default:
                return (Denied($"{endpoint} does not take SASL on this listener: {KafkaError.Name(greeted.ErrorCode)}", greeted.ErrorCode), TimeSpan.Zero);
        }

        return mechanism switch
        {
            Plain => Done(await SayAsync(connection, endpoint, Encoding.UTF8.GetBytes($"\0{secrets.Username}\0{secrets.Password}"), cancellationToken)),
            OAuthBearer => await TokenAsync(connection, endpoint, cancellationToken),
            _ => await ScramAsync(connection, endpoint, cancellationToken),
        };
    }

    private static (KafkaFailure? Failure, TimeSpan Lifetime) Done(KafkaResult<SaslAuthenticate> last) => (last.Failure, last.Value?.SessionLifetime ?? TimeSpan.Zero);

    private static KafkaFailure Denied(string text, short code = 0) => new(KafkaFailureKind.AccessDenied, text, code);

    private async Task<(KafkaFailure? Failure, TimeSpan Lifetime)> TokenAsync(KafkaConnection connection, KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var first = await SayAsync(connection, endpoint, Encoding.UTF8.GetBytes($"n,,\u0001auth=Bearer {secrets.Token?.Trim()}\u0001\u0001"), cancellationToken);
        if (first.Value is not { Answer.Length: > 0 })
        {
            return Done(first);
        }

        // The answer of a refusal is JSON (RFC 7628), to which the client says 0x01 and hears the error code then.
        var second = await SayAsync(connection, endpoint, [1], cancellationToken);
        return second.Failure is not null ? Done(second) : (Denied($"{endpoint} refused the token"), TimeSpan.Zero);
    }

    private async Task<(KafkaFailure? Failure, TimeSpan Lifetime)> ScramAsync(KafkaConnection connection, KafkaEndpoint endpoint, CancellationToken cancellationToken)
    {
        var scram = new ScramClient(mechanism == Scram256, secrets.Username ?? "", secrets.Password ?? "", ScramClient.NewNonce());
        var first = await SayAsync(connection, endpoint, scram.First(), cancellationToken);
        if (first.Value is not { } challenge)
        {
            return Done(first);
        }

        if (scram.Final(challenge.Answer) is not { } proof)
        {
            return (new KafkaFailure(KafkaFailureKind.NotKafka, $"{endpoint} answers {mechanism} in another form than RFC 5802's"), TimeSpan.Zero);
        }

        var last = await SayAsync(connection, endpoint, proof, cancellationToken);
        if (last.Value is { } verdict && !scram.IsServer(verdict.Answer))
        {
            return (Denied($"{endpoint} took the password but does not know it itself: it may be an impostor"), TimeSpan.Zero);
        }

        return Done(last);
    }

    private async Task<KafkaResult<SaslAuthenticate>> SayAsync(KafkaConnection connection, KafkaEndpoint endpoint, byte[] message, CancellationToken cancellationToken)
    {
        var answer = await connection.AskAsync(SaslAuthenticate.Request(message), cancellationToken);

        // The broker's words are left out: some mechanisms repeat in them what they were told.
        return answer.Value is { ErrorCode: not KafkaError.None and var code }
            ? Denied($"{endpoint} refused the {mechanism} credentials: {KafkaError.Name(code)}", code)
            : answer.Failure is { Kind: KafkaFailureKind.Unreachable } ? Denied($"{endpoint} closed the connection at the {mechanism} credentials") : answer;
    }
}
