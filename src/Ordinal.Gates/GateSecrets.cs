using System.Collections.ObjectModel;

namespace Ordinal.Gates;

/// <summary>The values of one Secret, or of none.</summary>
public sealed class GateSecrets : IGateSecrets
{
    public static GateSecrets None { get; } = new();

    /// <inheritdoc/>
    public string? CertificateAuthorityPem { get; init; }

    /// <inheritdoc/>
    public string? ClientCertificatePem { get; init; }

    /// <inheritdoc/>
    public string? ClientKeyPem { get; init; }

    /// <inheritdoc/>
    public string? Username { get; init; }

    /// <inheritdoc/>
    public string? Password { get; init; }

    /// <inheritdoc/>
    public string? Token { get; init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public override string ToString() => "(secrets)";
}
