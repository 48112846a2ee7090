using Microsoft.Extensions.Logging;

namespace Ordinal.Gates.Etcd;

/// <summary>Makes etcd gates from what a policy says.</summary>
public sealed class EtcdGateFactory(TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>The kind of gate, as in the policy.</summary>
    public const string Type = "Etcd";

    /// <summary>Makes a gate. Options or secrets that cannot work make a gate that answers Misconfigured to every question.</summary>
    /// <param name="options">The policy's <c>etcd</c> part.</param>
    /// <param name="secrets">The values of the named Secrets.</param>
    public IGate Create(EtcdGateOptions options, IGateSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        throw new NotImplementedException($"{time}{loggers}");
    }
}
