using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Grpc;

/// <summary>How to ask <c>grpc.health.v1.Health/Check</c>: the gate's part of the policy, without its secrets.</summary>
public sealed record GrpcGateOptions
{
    public ProbePlan Plan { get; init; } = ProbePlan.Default;

    /// <summary>Gets <c>http</c> (HTTP/2 without TLS) or <c>https</c>.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>Gets the pods' port, 1 to 65535.</summary>
    public int Port { get; init; }

    /// <summary>Gets the service that is asked about; empty: the server as a whole.</summary>
    public string Service { get; init; } = "";

    /// <summary>Gets the host to ask for one pod, as <c>{pod}.{service}.{namespace}.svc</c>. Empty: the pod's address.</summary>
    public string HostTemplate { get; init; } = "";

    /// <summary>Gets the name that the server's certificate must carry; the same words are replaced. Empty: the host that is asked.</summary>
    public string ServerName { get; init; } = "";
}
