namespace Ordinal.Gates.ZooKeeper;

/// <summary>What the ZooKeeper gate needs from Secrets. Never logged, never part of a report: it prints as <c>(secrets)</c>.</summary>
public sealed class ZkSecrets
{
    /// <summary>Gets nothing: no credentials, the system's authorities.</summary>
    public static ZkSecrets None { get; } = new();

    /// <summary>Gets authority and client certificate, and user name and password of the sessions (digest).</summary>
    public IGateSecrets Gate { get; init; } = GateSecrets.None;

    /// <summary>Gets the AdminServer's user name, for basic authentication; null for none.</summary>
    public string? AdminUsername { get; init; }

    public string? AdminPassword { get; init; }

    /// <summary>Gets the AdminServer's bearer token; null for none.</summary>
    public string? AdminToken { get; init; }

    /// <inheritdoc/>
    public override string ToString() => "(secrets)";
}
