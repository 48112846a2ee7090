using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Grpc;

/// <summary>Judges one answer of a health service. Pure. Only SERVING passes.</summary>
internal static class GrpcRule
{
    private const int NotFound = 5;
    private const int PermissionDenied = 7;
    private const int Unimplemented = 12;
    private const int Unauthenticated = 16;

    private static readonly string[] Serving = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    internal static ProbeFinding Judge(GrpcSample sample, string where, GrpcGateOptions options) => OnHttp(sample, where) ?? OnCode(sample, where, options) ?? OnServing(sample, where, options);

    private static ProbeFinding? OnHttp(GrpcSample sample, string where) => sample.HttpStatus switch
    {
        401 or 403 or 407 => new(GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, $"{where} answers HTTP {sample.HttpStatus}"),
        408 or 429 or >= 500 => new(GateVerdict.Unknown, ReasonCodes.GrpcUnavailable, $"{where} answers HTTP {sample.HttpStatus}"),
        200 when sample.IsGrpc => null,
        _ => new(GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol, $"{where} answers HTTP {sample.HttpStatus}, and not in gRPC"),
    };

    private static ProbeFinding? OnCode(GrpcSample sample, string where, GrpcGateOptions options)
    {
        if (sample.Code is 0)
        {
            return null;
        }

        var text = sample.Code is { } code ? $"{where} says \"{sample.Message}\" (gRPC code {code})" : $"{where} ended its answer without a gRPC code";
        return sample.Code switch
        {
            PermissionDenied or Unauthenticated => new(GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, text),
            NotFound or Unimplemented => new(GateVerdict.Misconfigured, ReasonCodes.GrpcServiceUnknown, $"{text}, asked for service \"{GateText.Clean(options.Service)}\""),
            _ => new(GateVerdict.Unknown, ReasonCodes.GrpcUnavailable, text),
        };
    }

    private static ProbeFinding OnServing(GrpcSample sample, string where, GrpcGateOptions options)
    {
        var name = sample.Serving is >= 0 and < 4 ? Serving[sample.Serving.Value] : sample.Serving?.ToString(CultureInfo.InvariantCulture) ?? "nothing that can be read";
        var text = $"{where} says {name}{(options.Service.Length > 0 ? $" of service {GateText.Clean(options.Service)}" : "")}";
        ProbeFinding finding = sample.Serving switch
        {
            1 => new(GateVerdict.Allow, ReasonCodes.GateOpen, text),
            2 => new(GateVerdict.Deny, ReasonCodes.GrpcNotServing, text),
            3 => new(GateVerdict.Misconfigured, ReasonCodes.GrpcServiceUnknown, text),
            null => new(GateVerdict.Misconfigured, ReasonCodes.ProbeWrongProtocol, text),
            _ => new(GateVerdict.Unknown, ReasonCodes.GrpcUnavailable, text),
        };
        return finding with { Facts = [new("serving", name)] };
    }
}
