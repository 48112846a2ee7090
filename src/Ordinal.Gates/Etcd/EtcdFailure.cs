namespace Ordinal.Gates.Etcd;

/// <summary>Why a request to one member brought no usable answer.</summary>
public enum EtcdFailureKind
{
    /// <summary>Connected or not, nothing came back in time: a hung process, a dropped packet.</summary>
    Timeout,

    /// <summary>Refused, reset, unreachable, or a proxy that says so.</summary>
    Unreachable,

    /// <summary>The host's name has no address (yet).</summary>
    NameUnknown,

    /// <summary>The TLS handshake failed, on either side.</summary>
    Tls,

    /// <summary>401, 403, wrong user, wrong password, no user where one is needed.</summary>
    AccessDenied,

    /// <summary>Something answered that is not etcd's JSON gateway, or not in its language.</summary>
    NotEtcd,

    /// <summary>etcd answered with an error of its own: no leader, time-out, corrupt.</summary>
    Refused,
}

/// <summary>Why a request to one member brought no usable answer.</summary>
/// <param name="Kind">What sort of failure.</param>
/// <param name="Text">A phrase for a person, without secrets.</param>
/// <param name="Code">etcd's gRPC code; 0 when the failure is not etcd's own.</param>
public sealed record EtcdFailure(EtcdFailureKind Kind, string Text, int Code = 0)
{
    /// <summary>Gets a value indicating whether a human must change the gate's configuration.</summary>
    public bool IsConfiguration => Kind is EtcdFailureKind.Tls or EtcdFailureKind.AccessDenied or EtcdFailureKind.NotEtcd;
}
