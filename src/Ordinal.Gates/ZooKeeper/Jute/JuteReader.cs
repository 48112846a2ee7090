using System.Buffers.Binary;
using System.Text;

namespace Ordinal.Gates.ZooKeeper.Jute;

/// <summary>A frame that is not what its length or the protocol promised.</summary>
internal sealed class JuteException(string message) : Exception(message);

/// <summary>Reads one frame. Every length is checked against what is left before anything is allocated.</summary>
internal ref struct JuteReader(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> rest = frame;

    internal int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    internal long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    /// <summary>Reads bytes behind their length; a length of -1 is null, which reads as empty.</summary>
    internal ReadOnlySpan<byte> Buffer()
    {
        var length = Int32();
        return length switch
        {
            -1 => [],
            < -1 => throw new JuteException($"a length of {length}"),
            _ => Take(length),
        };
    }

    /// <summary>Reads a text; bytes that are not UTF-8 are replaced.</summary>
    internal string Text() => Encoding.UTF8.GetString(Buffer());

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw new JuteException($"{count} bytes wanted, {rest.Length} left");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
