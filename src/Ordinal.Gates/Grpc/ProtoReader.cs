namespace Ordinal.Gates.Grpc;

/// <summary>Reads the fields of one protobuf message, one after the other. No input makes it throw.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    private ReadOnlySpan<byte> rest = message;

    /// <summary>Gets a value indicating whether the message is broken; nothing that was read of it counts.</summary>
    internal bool IsBroken { get; private set; }

    /// <summary>Gets the number of the field that was read last.</summary>
    internal int Field { get; private set; }

    /// <summary>Gets its value when it is a varint; 0 otherwise.</summary>
    internal ulong Number { get; private set; }

    /// <summary>Writes a varint.</summary>
    internal static void WriteVarint(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.Add((byte)(value | 0x80));
        }

        to.Add((byte)value);
    }

    /// <summary>Goes to the next field; false at the end, or when the message is broken.</summary>
    internal bool Next()
    {
        if (rest.IsEmpty || IsBroken)
        {
            return false;
        }

        Number = 0;
        if (!ReadVarint(out var tag) || tag >> 3 is 0 or > int.MaxValue)
        {
            return Break();
        }

        Field = (int)(tag >> 3);
        ulong value = 0;
        var isWhole = (int)(tag & 7) switch
        {
            Varint => ReadVarint(out value),
            Fixed64 => Skip(8),
            Bytes => ReadVarint(out var length) && Skip(length),
            Fixed32 => Skip(4),
            _ => false,
        };
        Number = value;
        return isWhole || Break();
    }

    private bool Break()
    {
        IsBroken = true;
        return false;
    }

    private bool Skip(ulong count)
    {
        if (count > (ulong)rest.Length)
        {
            return false;
        }

        rest = rest[(int)count..];
        return true;
    }

    private bool ReadVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < rest.Length; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
