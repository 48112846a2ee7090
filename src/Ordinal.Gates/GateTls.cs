using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ordinal.Gates;

/// <summary>Builds TLS options from PEM. There is no way to skip the check of the server's certificate.</summary>
internal static class GateTls
{
    /// <summary>Reads the secrets' PEM texts.</summary>
    /// <param name="secrets">Authority, client certificate and key.</param>
    /// <param name="problem">What cannot be read, without its content; null when all is well.</param>
    /// <returns>A maker of options by server name; null with a problem.</returns>
    internal static Func<string, SslClientAuthenticationOptions>? Create(IGateSecrets secrets, out string? problem)
    {
        var authorities = new X509Certificate2Collection();
        X509Certificate2? client = null;
        problem = null;
        try
        {
            if (secrets.CertificateAuthorityPem is { Length: > 0 } ca)
            {
                authorities.ImportFromPem(ca);
                problem = authorities.Count == 0 ? "the certificate authority holds no certificate in PEM" : null;
            }
        }
        catch (CryptographicException)
        {
            problem = "the certificate authority is not PEM";
        }

        try
        {
            if (secrets.ClientCertificatePem is { Length: > 0 } certificate)
            {
                client = X509Certificate2.CreateFromPem(certificate, secrets.ClientKeyPem ?? "");
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            problem ??= "the client certificate and its key are not a matching pair in PEM";
        }

        return problem is null ? serverName => Options(serverName, authorities, client) : null;
    }

    private static SslClientAuthenticationOptions Options(string serverName, X509Certificate2Collection authorities, X509Certificate2? client)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (authorities.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            CertificateChainPolicy = policy,
            ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(client, additionalCertificates: null, offline: true),
        };
    }
}
