using System.Text;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>An answer's bytes, written to the end.</summary>
internal sealed class MessageOut
{
    private readonly List<byte> bytes = [];

    /// <summary>Gets or sets a value indicating whether lengths are compact.</summary>
    internal bool IsFlexible { get; set; }

    /// <summary>Gets all bytes behind their length.</summary>
    internal byte[] Frame()
    {
        var length = bytes.Count;
        return [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. bytes];
    }

    internal MessageOut Number(long value, int size)
    {
        for (var shift = (size - 1) * 8; shift >= 0; shift -= 8)
        {
            bytes.Add((byte)(value >> shift));
        }

        return this;
    }

    internal MessageOut Byte(int value) => Number(value, 1);

    internal MessageOut Flag(bool value) => Byte(value ? 1 : 0);

    internal MessageOut Short(int value) => Number(value, 2);

    internal MessageOut Int(int value) => Number(value, 4);

    internal MessageOut Long(long value) => Number(value, 8);

    internal MessageOut Text(string? value)
    {
        var text = value is null ? null : Encoding.UTF8.GetBytes(value);
        if (IsFlexible)
        {
            Compact((text?.Length ?? -1) + 1);
        }
        else
        {
            Short(text?.Length ?? -1);
        }

        bytes.AddRange(text ?? []);
        return this;
    }

    internal MessageOut Blob(byte[] value)
    {
        Count(value.Length);
        bytes.AddRange(value);
        return this;
    }

    /// <summary>Writes an id of 16 bytes, all of them the same.</summary>
    internal MessageOut Uuid(byte fill)
    {
        for (var i = 0; i < 16; i++)
        {
            bytes.Add(fill);
        }

        return this;
    }

    internal MessageOut Count(int count) => IsFlexible ? Compact(count + 1) : Int(count);

    internal MessageOut List<T>(IReadOnlyCollection<T> items, Action<T> write)
    {
        Count(items.Count);
        foreach (var item in items)
        {
            write(item);
        }

        return this;
    }

    internal MessageOut Ints(IReadOnlyCollection<int> values) => List(values, v => Int(v));

    /// <summary>Writes numbers; null is told from none.</summary>
    internal MessageOut NullableInts(IReadOnlyCollection<int>? values) => values is null ? Count(-1) : Ints(values);

    /// <summary>Ends a structure: no tagged fields.</summary>
    internal MessageOut Tagged() => IsFlexible ? Byte(0) : this;

    private MessageOut Compact(int value)
    {
        var left = (uint)value;
        while (left > 127)
        {
            bytes.Add((byte)(left | 128));
            left >>= 7;
        }

        bytes.Add((byte)left);
        return this;
    }
}
