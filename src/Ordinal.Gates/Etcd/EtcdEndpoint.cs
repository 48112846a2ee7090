namespace Ordinal.Gates.Etcd;

/// <summary>Where one member is asked. Each incarnation of a pod has connections of its own, so that none reaches its predecessor.</summary>
/// <param name="Pod">The pod's name.</param>
/// <param name="Uid">The pod's UID.</param>
/// <param name="Address">Scheme, host and port.</param>
/// <param name="ServerName">The name that the certificate must carry.</param>
public sealed record EtcdEndpoint(string Pod, string Uid, Uri Address, string ServerName);
