using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Ordinal.Gates.ZooKeeper.Jute;

/// <summary>Writes one frame of ZooKeeper's own encoding: big-endian numbers, and bytes behind their length.</summary>
internal sealed class JuteWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    internal JuteWriter() => bytes.Write(stackalloc byte[4]);

    internal JuteWriter Int32(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        bytes.Write(four);
        return this;
    }

    internal JuteWriter Int64(long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        bytes.Write(eight);
        return this;
    }

    internal JuteWriter Bool(bool value)
    {
        bytes.Write([value ? (byte)1 : (byte)0]);
        return this;
    }

    internal JuteWriter Buffer(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        bytes.Write(value);
        return this;
    }

    internal JuteWriter Text(string value) => Buffer(Encoding.UTF8.GetBytes(value));

    /// <summary>Ends the frame: its length goes in front.</summary>
    internal byte[] Frame()
    {
        var frame = bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }
}
