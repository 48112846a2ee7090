using System.Security.Authentication;
using System.Text;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Asks four-letter words: one command a connection, the server closes it behind its answer. No session is made, so none is left behind.</summary>
/// <param name="dialer">Opens connections.</param>
/// <param name="port">The client port.</param>
/// <param name="limit">The longest answer that is taken, bytes.</param>
/// <param name="timeout">The longest time for one command, connection included.</param>
/// <param name="time">The clock for the deadline.</param>
internal sealed class FourLetterClient(ZkDialer dialer, int port, int limit, TimeSpan timeout, TimeProvider time)
{
    /// <summary>How long a port that gave no answer may take to show a certificate, beyond the command's own time.</summary>
    internal static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(500);

    internal async Task<ZkResult<string>> AskAsync(ZkEndpoint endpoint, string word, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var where = endpoint.At(port);
        try
        {
            var answer = await ExchangeAsync(endpoint, where, word, both.Token);
            return answer.Value is { } text && WordAnswers.Problem(where, word, text) is { } problem ? problem : answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A TLS server waits for the fifth byte of its record before it says anything at all.
            return await LooksSecureAsync(endpoint, cancellationToken) ? ExpectsTls(where) : ZkFailures.Timeout(where, timeout);
        }
    }

    private static ZkFailure ExpectsTls(string where) => new(ZkFailureKind.Tls, $"{where} expects TLS: add tls to the gate, or name the plain client port");

    private async Task<bool> LooksSecureAsync(ZkEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (dialer.IsSecure)
        {
            return false;
        }

        using var timer = new CancellationTokenSource(Glance, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await TlsGlance.SpeaksTlsAsync(endpoint.Host, port, endpoint.ServerName, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<ZkResult<string>> ExchangeAsync(ZkEndpoint endpoint, string where, string word, CancellationToken cancellationToken)
    {
        var opened = await dialer.DialAsync(endpoint, port, cancellationToken);
        if (opened.Value is not { } stream)
        {
            return opened.Failure!;
        }

        using var answer = new MemoryStream();
        await using (stream)
        {
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(word), cancellationToken);
                var buffer = new byte[16 << 10];
                while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    if (answer.Length + read > limit)
                    {
                        return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answers {word} with more than {limit} bytes");
                    }

                    answer.Write(buffer, 0, read);
                }
            }
            catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException && answer.Length == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var explained = ZkFailures.Explain(where, e, inHandshake: false);
                return explained.Kind is ZkFailureKind.Tls ? explained : await SilentAsync(endpoint, where, cancellationToken);
            }
        }

        return answer.Length > 0 ? Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length) : await SilentAsync(endpoint, where, cancellationToken);
    }

    /// <summary>Explains a connection that was closed without a word.</summary>
    private async Task<ZkFailure> SilentAsync(ZkEndpoint endpoint, string where, CancellationToken cancellationToken) =>
        dialer.IsSecure ? new(ZkFailureKind.Tls, $"{where} closed the connection right after the TLS handshake (it may want a client certificate, or another one)")
        : await TlsGlance.SpeaksTlsAsync(endpoint.Host, port, endpoint.ServerName, cancellationToken) ? ExpectsTls(where)
        : new(ZkFailureKind.Unreachable, $"{where} closed the connection without an answer");
}
