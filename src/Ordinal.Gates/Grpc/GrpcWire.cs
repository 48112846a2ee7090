using System.Buffers.Binary;
using System.Text;

namespace Ordinal.Gates.Grpc;

/// <summary>
/// The two messages of <c>grpc.health.v1</c>: <c>HealthCheckRequest{service = 1: string}</c> and <c>HealthCheckResponse{status = 1: enum}</c>, each in
/// gRPC's frame of one byte (0: not compressed) and a length of four. No input makes it throw.
/// </summary>
internal static class GrpcWire
{
    internal const string CheckPath = "/grpc.health.v1.Health/Check";

    /// <summary>The longest answer that is read, in bytes; a health answer is 7 long.</summary>
    internal const int MaxBody = 4096;

    private const int FrameHeader = 5;

    /// <summary>Writes a framed request.</summary>
    internal static byte[] Request(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = new List<byte>();
        if (name.Length > 0)
        {
            message.Add(0x0A);
            WriteVarint(message, (ulong)name.Length);
            message.AddRange(name);
        }

        var frame = new byte[FrameHeader + message.Count];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Count);
        message.CopyTo(frame, FrameHeader);
        return frame;
    }

    /// <summary>Reads a framed answer's serving status; null when it is none. A message without the field says UNKNOWN, as protobuf has it.</summary>
    internal static int? Serving(ReadOnlySpan<byte> body)
    {
        if (body.Length < FrameHeader || body[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(body[1..]) is var length && length != (uint)(body.Length - FrameHeader))
        {
            return null;
        }

        var message = body[FrameHeader..];
        var serving = 0;
        while (message.Length > 0)
        {
            if (!ReadVarint(ref message, out var tag) || !ReadField(ref message, (int)(tag & 7), out var value))
            {
                return null;
            }

            serving = tag == 0x08 ? (int)Math.Min(value, int.MaxValue) : serving;
        }

        return serving;
    }

    private static bool ReadField(ref ReadOnlySpan<byte> message, int wireType, out ulong value)
    {
        value = 0;
        switch (wireType)
        {
            case 0:
                return ReadVarint(ref message, out value);
            case 1:
                return Skip(ref message, 8);
            case 2:
                return ReadVarint(ref message, out var length) && Skip(ref message, length);
            case 5:
                return Skip(ref message, 4);
            default:
                return false;
        }
    }

    private static bool Skip(ref ReadOnlySpan<byte> message, ulong count)
    {
        if (count > (ulong)message.Length)
        {
            return false;
        }

        message = message[(int)count..];
        return true;
    }

    private static bool ReadVarint(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < message.Length; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    private static void WriteVarint(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.Add((byte)(value | 0x80));
        }

        to.Add((byte)value);
    }
}
