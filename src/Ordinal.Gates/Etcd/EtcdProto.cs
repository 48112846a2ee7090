using Ordinal.Gates.Grpc;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// The one message that is asked for over gRPC itself: the JSON gateway has had no way to HashKV before etcd 3.6
/// (<c>/v3/maintenance/hash</c> goes to Hash, which sums up the whole file, and no two members' files are the same).
/// </summary>
internal static class EtcdProto
{
    internal const string HashKvPath = "/etcdserverpb.Maintenance/HashKV";

    private const int Hash = 2;
    private const int CompactRevision = 3;

    /// <summary>Writes <c>HashKVRequest{revision = 1: int64}</c>.</summary>
    internal static byte[] HashKvRequest(ulong revision)
    {
        var message = new List<byte> { 0x08 };
        ProtoReader.WriteVarint(message, revision);
        return [.. message];
    }

    /// <summary>Reads <c>HashKVResponse{header = 1, hash = 2: uint32, compact_revision = 3: int64}</c>. No input makes it throw.</summary>
    internal static EtcdResult<EtcdHash> HashKv(ReadOnlyMemory<byte> message)
    {
        ulong hash = 0, compact = 0;
        var reader = new ProtoReader(message.Span);
        while (reader.Next())
        {
            hash = reader.Field == Hash ? reader.Number : hash;
            compact = reader.Field == CompactRevision ? reader.Number : compact;
        }

        return reader.IsBroken || hash > uint.MaxValue
            ? new EtcdFailure(EtcdFailureKind.NotEtcd, "the answer is not etcd's: a broken protobuf message")
            : new EtcdHash((uint)hash, (long)compact);
    }
}
