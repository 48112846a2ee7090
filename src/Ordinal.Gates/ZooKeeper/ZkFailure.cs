namespace Ordinal.Gates.ZooKeeper;

/// <summary>Why a command to one server brought no usable answer.</summary>
public enum ZkFailureKind
{
    /// <summary>Connected or not, nothing came back in time: a hung process, a dropped packet.</summary>
    Timeout,

    /// <summary>Refused, reset, closed, unreachable.</summary>
    Unreachable,

    /// <summary>The host's name has no address (yet).</summary>
    NameUnknown,

    /// <summary>The TLS handshake failed, or one side speaks TLS and the other does not.</summary>
    Tls,

    /// <summary>401, 403, a refused user, an ACL in the way.</summary>
    AccessDenied,

    /// <summary>Something answered that is not ZooKeeper, or not in its language.</summary>
    NotZooKeeper,

    /// <summary>The four-letter word is not in the server's whitelist.</summary>
    NotWhitelisted,

    /// <summary>The server itself says that it cannot: it is not serving, or the operation failed.</summary>
    Refused,
}

/// <summary>Why a command to one server brought no usable answer.</summary>
/// <param name="Kind">What sort of failure.</param>
/// <param name="Text">A phrase for a person, without secrets.</param>
public sealed record ZkFailure(ZkFailureKind Kind, string Text)
{
    /// <summary>Gets a value indicating whether a human must change the gate's or the servers' configuration.</summary>
    public bool IsConfiguration => Kind is ZkFailureKind.Tls or ZkFailureKind.AccessDenied or ZkFailureKind.NotZooKeeper or ZkFailureKind.NotWhitelisted;
}

/// <summary>A value, or why there is none. Exactly one of the two is set.</summary>
internal readonly record struct ZkResult<T>(T? Value, ZkFailure? Failure)
    where T : class
{
    public static implicit operator ZkResult<T>(T value) => new(value, null);

    public static implicit operator ZkResult<T>(ZkFailure failure) => new(null, failure);
}
