using Ordinal.ControlPlane.Workloads.Wire;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>
/// <c>Maintenance.HashKV</c> over gRPC, the one thing that etcd's JSON gateway has only since 3.6: a checksum over everything that was put up to a
/// revision. A member that has not got there yet says so, and one whose data are corrupt has another sum than the others. Safe for several threads.
/// </summary>
/// <param name="kept">How many puts are remembered, at least 1; an older revision is answered as compacted.</param>
internal sealed class EtcdHashKv(int kept = 100_000)
{
    internal const string Path = "/etcdserverpb.Maintenance/HashKV";

    private const int Unimplemented = 12;
    private const int Internal = 13;
    private const int OutOfRange = 11;
    private const byte HashField = 0x10;
    private const byte CompactRevisionField = 0x18;

    private readonly Lock gate = new();
    private readonly Queue<(long Revision, uint Sum)> sums = new();
    private uint latest = 2166136261u;
    private bool hasForgotten;

    /// <summary>A key was put.</summary>
    internal void Add(string key, string value, long revision)
    {
        lock (gate)
        {
            foreach (var letter in string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{revision}\0{key}\0{value}\0"))
            {
                latest = (latest ^ letter) * 16777619u;
            }

            sums.Enqueue((revision, latest));
            if (sums.Count > kept)
            {
                sums.Dequeue();
                hasForgotten = true;
            }
        }
    }

    internal GrpcSaid Answer(string path, byte[] message, QuorumView view, bool isCorrupt)
    {
        if (path != Path)
        {
            return new(Unimplemented, $"the simulated etcd knows {Path} only", []);
        }

        if (Revision(message) is not { } asked)
        {
            return new(Internal, "a broken message", []);
        }

        if (asked > view.Applied)
        {
            return new(OutOfRange, "etcdserver: mvcc: required revision is a future revision", []);
        }

        if (SumAt(asked == 0 ? view.Applied : asked) is not { } sum)
        {
            return new(OutOfRange, "etcdserver: mvcc: required revision has been compacted", []);
        }

        return new(0, "", [HashField, .. Varint(sum ^ (isCorrupt ? 0xbadu : 0u)), CompactRevisionField, .. Varint(ulong.MaxValue)]);
    }

    /// <summary>Null for a revision that is forgotten, 0 for one before every put.</summary>
    private uint? SumAt(long revision)
    {
        lock (gate)
        {
            uint? found = hasForgotten ? null : 0;
            foreach (var (put, sum) in sums)
            {
                if (put > revision)
                {
                    break;
                }

                found = sum;
            }

            return found;
        }
    }

    /// <summary>Reads <c>HashKVRequest{revision = 1: int64}</c>; null when it is none.</summary>
    private static long? Revision(byte[] message)
    {
        if (message.Length == 0)
        {
            return 0;
        }

        ulong value = 0;
        for (var at = 1; message[0] == 0x08 && at < message.Length && at <= 10; at++)
        {
            value |= (ulong)(message[at] & 127) << (7 * (at - 1));
            if ((message[at] & 128) == 0)
            {
                return at == message.Length - 1 && value <= long.MaxValue ? (long)value : null;
            }
        }

        return null;
    }

    private static IEnumerable<byte> Varint(ulong value)
    {
        for (; value > 127; value >>= 7)
        {
            yield return (byte)(value | 128);
        }

        yield return (byte)value;
    }
}
