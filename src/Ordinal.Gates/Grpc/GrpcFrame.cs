using System.Buffers.Binary;

namespace Ordinal.Gates.Grpc;

/// <summary>gRPC's frame around one message: a byte that says whether it is compressed (here never), and a length of four, big-endian.</summary>
internal static class GrpcFrame
{
    private const int Header = 5;

    internal static byte[] Write(ReadOnlySpan<byte> message)
    {
        var frame = new byte[Header + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(Header));
        return frame;
    }

    /// <summary>Takes the one message out of a body.</summary>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (body.Length < Header || body.Span[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]) != (uint)(body.Length - Header))
        {
            return false;
        }

        message = body[Header..];
        return true;
    }
}
