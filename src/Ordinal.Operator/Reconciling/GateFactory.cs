using System.Text;
using k8s.Models;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Makes gates and reads the Secrets they name. Values of Secrets go nowhere but into the gate.</summary>
[EntityRbac(typeof(V1Secret), Verbs = RbacVerb.Get, Role = "secrets")]
public sealed class GateFactory(IKubernetesApi api, EtcdGateFactory etcd) : IGateFactory
{
    /// <inheritdoc/>
    public async Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Type is not EtcdGateFactory.Type || spec.Etcd is null)
        {
            return new MadeGate(new MisconfiguredGate(spec.Type, ReasonCodes.NotSupported, $"gate {spec.Name}: type {spec.Type} is not supported by this version of the operator; use Etcd"), "");
        }

        var reader = new SecretReader(api, ns);
        var part = spec.Etcd;
        try
        {
            var secrets = new GateSecrets
            {
                CertificateAuthorityPem = part.Tls?.Ca is { } ca ? await reader.ReadAsync(ca.SecretName, ca.Key ?? "ca.crt", cancellationToken) : null,
                ClientCertificatePem = part.Tls?.ClientCertificate is { } certificate ? await reader.ReadAsync(certificate.SecretName, "tls.crt", cancellationToken) : null,
                ClientKeyPem = part.Tls?.ClientCertificate is { } key ? await reader.ReadAsync(key.SecretName, "tls.key", cancellationToken) : null,
                Username = part.Credentials is { } user ? await reader.ReadAsync(user.SecretName, user.UsernameKey ?? "username", cancellationToken) : null,
                Password = part.Credentials is { } password ? await reader.ReadAsync(password.SecretName, password.PasswordKey ?? "password", cancellationToken) : null,
            };
            return new MadeGate(etcd.Create(OptionsOf(part), secrets), reader.Versions);
        }
        catch (SecretReader.MissingException missing)
        {
            // Not empty, so that the Secret is looked for again.
            return new MadeGate(new MisconfiguredGate(spec.Type, ReasonCodes.GateSecretMissing, $"gate {spec.Name}: {missing.Message}"), "missing");
        }
    }

    private static EtcdGateOptions OptionsOf(EtcdGateSpec spec)
    {
        var defaults = new EtcdGateOptions();
        return defaults with
        {
            Scheme = spec.Scheme ?? defaults.Scheme,
            Port = spec.Port ?? defaults.Port,
            HostTemplate = spec.HostTemplate ?? defaults.HostTemplate,
            ServerName = spec.Tls?.ServerName ?? defaults.ServerName,
            MaxRaftLag = spec.MaxRaftLag ?? defaults.MaxRaftLag,
            RequestTimeout = Durations.TryParse(spec.RequestTimeout, out var timeout) && timeout > TimeSpan.Zero ? timeout : defaults.RequestTimeout,
            MoveLeaderBeforeStop = spec.MoveLeaderBeforeStop ?? defaults.MoveLeaderBeforeStop,
            AllowLearner = spec.AllowLearner ?? defaults.AllowLearner,
            AllowNoSpace = spec.AllowNoSpace ?? defaults.AllowNoSpace,
        };
    }

    /// <summary>Reads Secrets for one gate, each once.</summary>
    private sealed class SecretReader(IKubernetesApi api, string ns)
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

        /// <summary>Carries a message without any value.</summary>
        internal sealed class MissingException(string message) : Exception(message);
    }
}
