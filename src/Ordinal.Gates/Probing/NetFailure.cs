namespace Ordinal.Gates.Probing;

/// <summary>Why a request brought no usable answer.</summary>
public enum NetFailureKind
{
    /// <summary>Connected or not, nothing came back in time: a hung process, a dropped packet.</summary>
    Timeout,

    /// <summary>Refused, reset, unreachable.</summary>
    Unreachable,

    /// <summary>The host's name has no address (yet).</summary>
    NameUnknown,

    /// <summary>The TLS handshake failed, on either side.</summary>
    Tls,

    /// <summary>What answers does not speak the protocol.</summary>
    Protocol,
}

/// <summary>Why a request brought no usable answer.</summary>
/// <param name="Kind">What sort of failure.</param>
/// <param name="Text">A phrase for a person, without secrets.</param>
public sealed record NetFailure(NetFailureKind Kind, string Text);
