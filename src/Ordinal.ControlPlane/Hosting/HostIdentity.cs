using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>
/// The keys of one run: a certificate authority, a server certificate and a bearer token. ECDSA, since such a server starts twice
/// as fast as one with RSA.
/// </summary>
internal sealed class HostIdentity : IDisposable
{
    private readonly byte[] _tokenHash;

    private HostIdentity(X509Certificate2 serverCertificate, string certificateAuthorityPem, string token)
    {
        ServerCertificate = serverCertificate;
        CertificateAuthorityPem = certificateAuthorityPem;
        Token = token;
        _tokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
    }

    public X509Certificate2 ServerCertificate { get; }

    public string CertificateAuthorityPem { get; }

    public string Token { get; }

    /// <summary>Makes an identity for an address; <c>localhost</c> and <c>kubernetes</c> are names of it too.</summary>
    public static HostIdentity Create(IPAddress address, DateTimeOffset now)
    {
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=ordinal-ca", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authorityRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, false));
        DateTimeOffset from = now.AddDays(-1);
        DateTimeOffset until = now.AddYears(1);
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, until);

        using ECDsa serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var serverRequest = new CertificateRequest("CN=ordinal-apiserver", serverKey, HashAlgorithmName.SHA256);
        serverRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        serverRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        serverRequest.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        serverRequest.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        names.AddDnsName("localhost");
        names.AddDnsName("kubernetes");
        names.AddDnsName("kubernetes.default.svc");
        serverRequest.CertificateExtensions.Add(names.Build());
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using X509Certificate2 signed = serverRequest.Create(authority, from, until.AddDays(-1), serial);
        X509Certificate2 server = signed.CopyWithPrivateKey(serverKey);
        return new HostIdentity(server, authority.ExportCertificatePem() + "\n", Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
    }

    /// <summary>Checks an Authorization header without telling by its time how much of the token was right.</summary>
    public bool Accepts(string? authorization)
    {
        const string Scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(hash, _tokenHash);
    }

    public void Dispose() => ServerCertificate.Dispose();
}
