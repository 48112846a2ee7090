using k8s.Models;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;
using Ordinal.Gates.Exec;
using Ordinal.Gates.Grpc;
using Ordinal.Gates.Http;
using Ordinal.Gates.Kafka;
using Ordinal.Gates.Prometheus;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Makes gates and reads the Secrets they name. Values of Secrets go nowhere but into the gate.</summary>
/// <param name="api">Where Secrets are read.</param>
/// <param name="exec">Runs commands in pods; null where the connection cannot.</param>
/// <param name="time">The clock for deadlines.</param>
[EntityRbac(typeof(V1Secret), Verbs = RbacVerb.Get, Role = "secrets")]
[PolicyRule(Groups = [""], Resources = ["pods/exec"], Verbs = RbacVerb.Get | RbacVerb.Create, Role = OrdinalNames.ExecRole)]
public sealed class GateFactory(IKubernetesApi api, IPodExec? exec, TimeProvider time) : IGateFactory
{
    private readonly EtcdGateFactory etcd = new(time);
    private readonly KafkaGateFactory kafka = new(time);
    private readonly ZooKeeperGateFactory zookeeper = new(time);
    private readonly HttpGateFactory http = new(time);
    private readonly PrometheusGateFactory prometheus = new(time);
    private readonly GrpcGateFactory grpc = new(time);
    private readonly ExecGateFactory execGates = new(exec, time);

    /// <inheritdoc/>
    public async Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken)
    {
        var reader = new SecretReader(api, ns);
        try
        {
            return (spec.Type, spec) switch
            {
                (EtcdGateFactory.Type, { Etcd: { } part }) => new MadeGate(etcd.Create(EtcdGateReader.Options(part), await EtcdGateReader.SecretsAsync(part, reader, cancellationToken)), reader.Versions),
                (KafkaGateFactory.Type, { Kafka: { } part }) => new MadeGate(kafka.Create(KafkaGateReader.Options(part), await KafkaGateReader.SecretsAsync(part, reader, cancellationToken)), reader.Versions),
                (ZooKeeperGateFactory.Type, { Zookeeper: { } part }) => new MadeGate(zookeeper.Create(ZooKeeperGateReader.Options(part), await ZooKeeperGateReader.SecretsAsync(part, reader, cancellationToken)), reader.Versions),
                (HttpGateFactory.Type, { Http: { } part }) => new MadeGate(http.Create(ProbeGateReader.Options(part), await ProbeGateReader.SecretsAsync(part.Tls, part.Credentials, part.Headers, reader, cancellationToken)), reader.Versions),
                (PrometheusGateFactory.Type, { Prometheus: { } part }) => new MadeGate(prometheus.Create(ProbeGateReader.Options(part), await ProbeGateReader.SecretsAsync(part.Tls, part.Credentials, null, reader, cancellationToken)), reader.Versions),
                (GrpcGateFactory.Type, { Grpc: { } part }) => new MadeGate(grpc.Create(ProbeGateReader.Options(part), await ProbeGateReader.SecretsAsync(part.Tls, part.Credentials, null, reader, cancellationToken)), reader.Versions),
                (ExecGateFactory.Type, { Exec: { } part }) => new MadeGate(execGates.Create(ProbeGateReader.Options(part)), ""),
                _ => new MadeGate(new MisconfiguredGate(spec.Type, ReasonCodes.NotSupported, $"gate {spec.Name}: type {spec.Type} is not supported by this version of the operator; use another type"), ""),
            };
        }
        catch (SecretReader.MissingException missing)
        {
            // Not empty, so that the Secret is looked for again.
            return new MadeGate(new MisconfiguredGate(spec.Type, ReasonCodes.GateSecretMissing, $"gate {spec.Name}: {missing.Message}"), "missing");
        }
    }
}
