using System.Text;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>A request's bytes, read from the front. Running past the end throws <see cref="EndOfStreamException"/>: the broker closes the connection then.</summary>
internal sealed class MessageIn(byte[] frame)
{
    private int at;

    /// <summary>Gets or sets a value indicating whether lengths are compact.</summary>
    internal bool IsFlexible { get; set; }

    internal byte Byte()
    {
        if (at >= frame.Length)
        {
            throw new EndOfStreamException();
        }

        return frame[at++];
    }

    internal bool Flag() => Byte() != 0;

    internal long Number(int bytes)
    {
        long value = (sbyte)Byte();
        for (var i = 1; i < bytes; i++)
        {
            value = (value << 8) | Byte();
        }

        return value;
    }

    internal short Short() => (short)Number(2);

    internal int Int() => (int)Number(4);

    /// <summary>Reads the length of an array; −1 is null.</summary>
    internal int Count() => IsFlexible ? Compact() - 1 : Int();

    internal List<T>? List<T>(Func<T> item)
    {
        var count = Count();
        if (count < 0)
        {
            return null;
        }

        var items = new List<T>();
        for (var i = 0; i < count; i++)
        {
            items.Add(item());
        }

        return items;
    }

    internal string? Text()
    {
        var length = IsFlexible ? Compact() - 1 : Short();
        return length < 0 ? null : Encoding.UTF8.GetString(Raw(length));
    }

    /// <summary>Reads a text whose length is never compact.</summary>
    internal string? PlainText()
    {
        var length = Short();
        return length < 0 ? null : Encoding.UTF8.GetString(Raw(length));
    }

    internal byte[] Blob() => Raw(Count());

    internal byte[] Raw(int length)
    {
        if (length < 0 || length > frame.Length - at)
        {
            throw new EndOfStreamException();
        }

        at += length;
        return frame[(at - length)..at];
    }

    /// <summary>Skips the tagged fields at the end of a structure.</summary>
    internal void Tagged()
    {
        for (var left = IsFlexible ? Compact() : 0; left > 0; left--)
        {
            Compact();
            Raw(Compact());
        }
    }

    private int Compact()
    {
        var value = 0;
        for (var shift = 0; shift < 32; shift += 7)
        {
            var next = Byte();
            value |= (next & 127) << shift;
            if ((next & 128) == 0)
            {
                return value;
            }
        }

        throw new EndOfStreamException();
    }
}
