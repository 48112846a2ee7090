namespace Ordinal.Gates.Grpc;

/// <summary>What one gRPC server answered.</summary>
public sealed record GrpcSample
{
    /// <summary>Gets the HTTP status; 200 from any gRPC server.</summary>
    public required int HttpStatus { get; init; }

    /// <summary>Gets a value indicating whether this is gRPC at all.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>Gets gRPC's status code; 0 is success, null when there was none.</summary>
    public int? Code { get; init; }

    /// <summary>Gets the server's words for a code that is no success.</summary>
    public string Message { get; init; } = "";

    /// <summary>Gets the serving status (0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN); null when there was none to read.</summary>
    public int? Serving { get; init; }
}
