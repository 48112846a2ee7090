using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>
/// The keys of one run: a certificate authority, a server certificate and a bearer token. ECDSA, since such a server starts twice
/// as fast as one with RSA.
/// </summary>
internal sealed class HostIdentity : IDisposable
{
    private static readonly UserInfo Administrator = new("kubernetes-admin", [UserInfo.Masters, UserInfo.Authenticated]);

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

    /// <summary>Finds who an Authorization header speaks for, without telling by its time how much of a token was right.</summary>
    /// <returns>The user; the anonymous one when no bearer token is there; null when it is not known.</returns>
    public UserInfo? Authenticate(string? authorization, TokenAuthenticator tokens)
    {
        const string Scheme = "Bearer ";
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization[Scheme.Length..].Trim() is not { Length: > 0 } token)
        {
            return UserInfo.Anonymous;
        }

        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        return CryptographicOperations.FixedTimeEquals(hash, _tokenHash) ? Administrator : tokens.Find(token);
    }

    public void Dispose() => ServerCertificate.Dispose();
}
