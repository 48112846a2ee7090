using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>How a gate trusts, and is trusted. Secrets live in the policy's namespace and are read when the gate is made.</summary>
public sealed class TlsSpec
{
    [Description("Secret and key of the CA certificates in PEM; the operator's own trust store when absent.")]
    public CaSecretSpec? Ca { get; set; }

    [Description("Secret of type kubernetes.io/tls with the client's certificate and key.")]
    public SecretNameSpec? ClientCertificate { get; set; }

    [Length(1, 253)]
    [Description("Name that the server's certificate must carry, with {pod}, {service} and {namespace} replaced; the name that is dialled when absent.")]
    public string? ServerName { get; set; }
}

/// <summary>A Secret by name.</summary>
public sealed class SecretNameSpec
{
    [Required]
    [Length(1, 253)]
    public string SecretName { get; set; } = "";
}

/// <summary>CA certificates in a Secret.</summary>
public sealed class CaSecretSpec
{
    [Required]
    [Length(1, 253)]
    public string SecretName { get; set; } = "";

    [Length(1, 253)]
    [Default("\"ca.crt\"")]
    public string? Key { get; set; }
}

/// <summary>User name and password in a Secret, as in type kubernetes.io/basic-auth.</summary>
public sealed class BasicSecretSpec
{
    [Required]
    [Length(1, 253)]
    public string SecretName { get; set; } = "";

    [Length(1, 253)]
    [Default("\"username\"")]
    public string? UsernameKey { get; set; }

    [Length(1, 253)]
    [Default("\"password\"")]
    public string? PasswordKey { get; set; }
}

/// <summary>A bearer token in a Secret.</summary>
public sealed class BearerSecretSpec
{
    [Required]
    [Length(1, 253)]
    public string SecretName { get; set; } = "";

    [Length(1, 253)]
    [Default("\"token\"")]
    public string? Key { get; set; }
}

/// <summary>How an HTTP request says who it is.</summary>
[ValidationRule("has(self.basic) != has(self.bearer)", "set exactly one of basic or bearer")]
public sealed class HttpCredentialsSpec
{
    public BasicSecretSpec? Basic { get; set; }

    public BearerSecretSpec? Bearer { get; set; }
}

/// <summary>SASL for Kafka.</summary>
[ValidationRule("self.mechanism == 'OAUTHBEARER' ? has(self.token) && !has(self.credentials) : has(self.credentials) && !has(self.token)", "OAUTHBEARER needs token, every other mechanism needs credentials")]
public sealed class SaslSpec
{
    [Required]
    [EmbeddedEnum("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")]
    public string Mechanism { get; set; } = "";

    [Description("User name and password, for PLAIN and SCRAM.")]
    public BasicSecretSpec? Credentials { get; set; }

    [Description("The token, for OAUTHBEARER. Keep it fresh in the Secret: it is read again every 5 minutes.")]
    public BearerSecretSpec? Token { get; set; }
}
