using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>
/// Reads one message. Every length is checked against what is left before anything is allocated, so no input makes it allocate more than a
/// small multiple of the frame, read past its end, or run without end.
/// </summary>
/// <param name="bytes">The message.</param>
/// <param name="isFlexible">Whether lengths are compact and structures end with tagged fields.</param>
internal ref struct WireReader(ReadOnlySpan<byte> bytes, bool isFlexible)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> rest = bytes;

    internal readonly int Left => rest.Length;

    internal sbyte Int8() => (sbyte)Take(1)[0];

    internal bool Bool() => Take(1)[0] != 0;

    internal short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    internal int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    internal long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    internal Guid Uuid() => new(Take(16), bigEndian: true);

    internal string String() => NullableString() ?? throw new WireFormatException("a text is missing");

    internal string? NullableString()
    {
        var length = isFlexible ? CompactLength() : Int16();
        return length < 0 ? null : Text(length);
    }

    internal byte[] Bytes()
    {
        var length = isFlexible ? CompactLength() : Int32();
        return length < 0 ? throw new WireFormatException("bytes are missing") : Take(length).ToArray();
    }

    /// <summary>Reads an array's length; null is 0. It cannot be more than would fit into what is left.</summary>
    /// <param name="smallest">The fewest bytes that one element takes.</param>
    internal int Array(int smallest)
    {
        var length = isFlexible ? CompactLength() : Int32();
        if (length > rest.Length / smallest)
        {
            throw new WireFormatException($"an array of {length} does not fit into {rest.Length} bytes");
        }

        return Math.Max(0, length);
    }

    internal ImmutableArray<int> Int32s()
    {
        var values = new int[Array(4)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Int32();
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    /// <summary>Reads a list of numbers that may be absent; null when it is.</summary>
    internal ImmutableArray<int>? NullableInt32s()
    {
        var isAbsent = rest.Length > 0 && (isFlexible ? rest[0] == 0 : (sbyte)rest[0] < 0);
        var values = Int32s();
        return isAbsent ? null : values;
    }

    /// <summary>Tells whether a structure that may be absent follows.</summary>
    internal bool HasStructure() => Int8() >= 0;

    /// <summary>Skips the tagged fields that end a structure in flexible versions: fields of newer versions that nobody here needs.</summary>
    internal void Tags()
    {
        if (!isFlexible)
        {
            return;
        }

        var count = VarUInt();
        for (var i = 0u; i < count; i++)
        {
            _ = VarUInt();
            var size = VarUInt();
            if (size > (uint)rest.Length)
            {
                throw new WireFormatException($"a tagged field of {size} bytes does not fit into {rest.Length}");
            }

            rest = rest[(int)size..];
        }
    }

    internal uint VarUInt()
    {
        var value = 0u;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Take(1)[0];
            if (shift == 28 && next > 0x0f)
            {
                break;
            }

            value |= (uint)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new WireFormatException("a number has more than 32 bits");
    }

    private int CompactLength()
    {
        var length = VarUInt();
        return length > int.MaxValue ? throw new WireFormatException($"a length of {length}") : (int)length - 1;
    }

    private string Text(int length)
    {
        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new WireFormatException("a text is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > rest.Length)
        {
            throw new WireFormatException($"it ends {length - rest.Length} bytes too early");
        }

        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }
}
