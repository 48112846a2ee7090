using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Writes one message.</summary>
/// <param name="isFlexible">Whether lengths are compact and structures end with tagged fields.</param>
internal sealed class WireWriter(bool isFlexible)
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    internal ReadOnlyMemory<byte> Written => buffer.WrittenMemory;

    internal void Int8(sbyte value) => Next(1)[0] = (byte)value;

    internal void Bool(bool value) => Int8(value ? (sbyte)1 : (sbyte)0);

    internal void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Next(2), value);

    internal void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Next(4), value);

    internal void String(string? value)
    {
        var bytes = value is null ? null : Encoding.UTF8.GetBytes(value);
        if (!isFlexible)
        {
            Int16(bytes is null ? (short)-1 : checked((short)bytes.Length));
        }
        else
        {
            VarUInt(bytes is null ? 0 : (uint)bytes.Length + 1);
        }

        buffer.Write(bytes);
    }

    internal void Bytes(ReadOnlySpan<byte> value)
    {
        Array(value.Length);
        buffer.Write(value);
    }

    /// <summary>Begins an array; −1 writes null.</summary>
    internal void Array(int length)
    {
        if (isFlexible)
        {
            VarUInt((uint)(length + 1));
        }
        else
        {
            Int32(length);
        }
    }

    /// <summary>Begins an array and writes its elements.</summary>
    internal void Array<T>(IReadOnlyCollection<T>? items, Action<WireWriter, T> write)
    {
        Array(items?.Count ?? -1);
        foreach (var item in items ?? [])
        {
            write(this, item);
        }
    }

    /// <summary>Ends a structure: no tagged fields.</summary>
    internal void Tags()
    {
        if (isFlexible)
        {
            Int8(0);
        }
    }

    private void VarUInt(uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Int8((sbyte)(value | 0x80));
        }

        Int8((sbyte)value);
    }

    private Span<byte> Next(int length)
    {
        var span = buffer.GetSpan(length)[..length];
        buffer.Advance(length);
        return span;
    }
}
