using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Etcd;

/// <summary>Tells the failures of the network, which pass, from those of the configuration, which do not.</summary>
internal static class EtcdFailures
{
    internal static async Task<EtcdHttpAnswer> ExplainAsync(EtcdEndpoint endpoint, Exception failure, CancellationToken cancellationToken)
    {
        var known = await TlsGlance.ExplainAsync(endpoint.Address, failure, cancellationToken) ?? NetFailures.Explain(endpoint.Address.Authority, failure);
        return new(0, default, new EtcdFailure(KindOf(known.Kind), known.Text));
    }

    private static EtcdFailureKind KindOf(NetFailureKind kind) => kind switch
    {
        NetFailureKind.Timeout => EtcdFailureKind.Timeout,
        NetFailureKind.Unreachable => EtcdFailureKind.Unreachable,
        NetFailureKind.NameUnknown => EtcdFailureKind.NameUnknown,
        NetFailureKind.Tls => EtcdFailureKind.Tls,
        NetFailureKind.Protocol => EtcdFailureKind.NotEtcd,
    };
}
