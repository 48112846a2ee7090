using System.Collections.ObjectModel;

namespace Ordinal.Gates;

/// <summary>What a gate needs from Secrets, resolved by the operator. Never logged, never part of a report: it prints as <c>(secrets)</c>.</summary>
public interface IGateSecrets
{
    /// <summary>Gets the certificate authority in PEM (one certificate or several); null: the system's authorities.</summary>
    string? CertificateAuthorityPem { get; }

    /// <summary>Gets the client certificate in PEM; null for none.</summary>
    string? ClientCertificatePem { get; }

    /// <summary>Gets the client certificate's private key in PEM; null for none.</summary>
    string? ClientKeyPem { get; }

    string? Username { get; }

    string? Password { get; }

    /// <summary>Gets a bearer token; null for none.</summary>
    string? Token { get; }

    /// <summary>Gets HTTP headers whose values are secret, by name.</summary>
    IReadOnlyDictionary<string, string> Headers => ReadOnlyDictionary<string, string>.Empty;
}
