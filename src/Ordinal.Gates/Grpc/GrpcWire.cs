using System.Text;

namespace Ordinal.Gates.Grpc;

/// <summary>
/// The two messages of <c>grpc.health.v1</c>: <c>HealthCheckRequest{service = 1: string}</c> and <c>HealthCheckResponse{status = 1: enum}</c>.
/// No input makes it throw.
/// </summary>
internal static class GrpcWire
{
    internal const string CheckPath = "/grpc.health.v1.Health/Check";

    /// <summary>The longest answer that is read, in bytes; a health answer is 7 long.</summary>
    internal const int MaxBody = 4096;

    private const int Status = 1;

    /// <summary>Writes a framed request.</summary>
    internal static byte[] Request(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = new List<byte>();
        if (name.Length > 0)
        {
            message.Add(0x0A);
            ProtoReader.WriteVarint(message, (ulong)name.Length);
            message.AddRange(name);
        }

        return GrpcFrame.Write([.. message]);
    }

    /// <summary>Reads a framed answer's serving status; null when it is none. A message without the field says UNKNOWN, as protobuf has it.</summary>
    internal static int? Serving(ReadOnlyMemory<byte> body)
    {
        if (!GrpcFrame.TryRead(body, out var message))
        {
            return null;
        }

        var serving = 0;
        var reader = new ProtoReader(message.Span);
        while (reader.Next())
        {
            serving = reader.Field == Status ? (int)Math.Min(reader.Number, int.MaxValue) : serving;
        }

        return reader.IsBroken ? null : serving;
    }
}
