using System.Text;
using k8s.Models;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Reads Secrets for one gate, each once.</summary>
internal sealed class SecretReader(IKubernetesApi api, string ns)
{
    private readonly SortedDictionary<string, V1Secret> read = new(StringComparer.Ordinal);

    public string Versions => string.Join(',', read.Select(secret => $"{secret.Key}:{secret.Value.Metadata.Uid}:{secret.Value.Metadata.ResourceVersion}"));

    public async Task<string> ReadAsync(string name, string key, CancellationToken cancellationToken)
    {
        if (!read.TryGetValue(name, out var secret))
        {
            try
            {
                secret = await api.GetAsync<V1Secret>(new NamespacedName(ns, name), cancellationToken);
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
            {
                throw new MissingException($"Secret {ns}/{name} does not exist; create it with key {key}");
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.Forbidden)
            {
                throw new MissingException($"the operator may not read Secret {ns}/{name}; give it get on that Secret with a Role and RoleBinding in namespace {ns}");
            }

            read[name] = secret;
        }

        return secret.Data is not null && secret.Data.TryGetValue(key, out var value)
            ? Encoding.UTF8.GetString(value)
            : throw new MissingException($"Secret {ns}/{name} has no key {key}; add it");
    }

    /// <summary>Reads the CA certificates; null: the operator's own trust store.</summary>
    public async Task<string?> AuthorityAsync(TlsSpec? tls, CancellationToken cancellationToken) =>
        tls?.Ca is { } ca ? await ReadAsync(ca.SecretName, ca.Key ?? "ca.crt", cancellationToken) : null;

    /// <summary>Reads a key of the client certificate's Secret; null: there is none.</summary>
    public async Task<string?> CertificateAsync(TlsSpec? tls, string key, CancellationToken cancellationToken) =>
        tls?.ClientCertificate is { } certificate ? await ReadAsync(certificate.SecretName, key, cancellationToken) : null;

    public async Task<string?> UsernameAsync(BasicSecretSpec? credentials, CancellationToken cancellationToken) =>
        credentials is null ? null : await ReadAsync(credentials.SecretName, credentials.UsernameKey ?? "username", cancellationToken);

    public async Task<string?> PasswordAsync(BasicSecretSpec? credentials, CancellationToken cancellationToken) =>
        credentials is null ? null : await ReadAsync(credentials.SecretName, credentials.PasswordKey ?? "password", cancellationToken);

    public async Task<string?> TokenAsync(BearerSecretSpec? token, CancellationToken cancellationToken) =>
        token is null ? null : await ReadAsync(token.SecretName, token.Key ?? "token", cancellationToken);

    /// <summary>Carries a message without any value.</summary>
    internal sealed class MissingException(string message) : Exception(message);
}
