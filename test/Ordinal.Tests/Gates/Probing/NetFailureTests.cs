using NUnit.Framework;
using Ordinal.Gates.Probing;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>What a gate says of a connection that failed: a person must be able to act on it.</summary>
public sealed class NetFailureTests
{
    private const string Hidden = "The SSL connection could not be established, see inner exception.";

    [Test]
    public void A_server_that_closes_in_the_handshake_may_speak_plain_text()
    {
        var failure = NetFailures.Explain("etcd-0:2379", new HttpRequestException(HttpRequestError.SecureConnectionError, Hidden, new IOException("Received an unexpected EOF or 0 bytes from the transport stream.")));
        Assert.That(failure, Is.EqualTo(new NetFailure(NetFailureKind.Tls, "etcd-0:2379 closed the connection in the middle of the TLS handshake (its port may be plain text, or want a client certificate)")));
    }

    [Test]
    public void What_is_inside_of_a_failure_is_told_in_place_of_the_hint_to_look_there()
    {
        var failure = NetFailures.Explain("etcd-0:2379", new HttpRequestException(HttpRequestError.SecureConnectionError, Hidden, new NotSupportedException("The requested protocol is not supported.")));
        Assert.That(failure, Is.EqualTo(new NetFailure(NetFailureKind.Tls, "the TLS handshake with etcd-0:2379 failed: The requested protocol is not supported")));
    }
}
