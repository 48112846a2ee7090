using System.Text;

namespace Ordinal.ControlPlane.Storage;

/// <summary>What happened to an object, as a watcher hears it.</summary>
public enum ChangeKind
{
    Added,
    Modified,
    Deleted,
}

/// <summary>
/// One entry of the event log. Its frames are encoded at most once each and shared by all watchers.
/// </summary>
/// <param name="Kind">What the store did.</param>
/// <param name="State">The object after the change; for a deletion its last state at the deletion's revision.</param>
/// <param name="Previous">The object before the change; null for a creation.</param>
public sealed record StoredEvent(ChangeKind Kind, StoredObject State, StoredObject? Previous)
{
    private byte[]? _added;
    private byte[]? _modified;
    private byte[]? _deleted;

    /// <summary>Gets the revision of the change.</summary>
    public long Revision => State.Revision;

    /// <summary>
    /// Gets the watch frame of this change under another name: a watcher with a selector hears of an object that enters its
    /// selection as added, and of one that leaves it as deleted.
    /// </summary>
    public ReadOnlyMemory<byte> Frame(ChangeKind shownAs) => shownAs switch
    {
        // Two readers may both encode the first time; they produce the same bytes, so the race is harmless.
        ChangeKind.Added => _added ??= Encode("ADDED", State.Bytes.Span),
        ChangeKind.Modified => _modified ??= Encode("MODIFIED", State.Bytes.Span),
        ChangeKind.Deleted => _deleted ??= Encode("DELETED", State.Bytes.Span),
    };

    /// <summary>Encodes a watch frame around the JSON of an object.</summary>
    public static byte[] Encode(string type, ReadOnlySpan<byte> objectJson)
    {
        ReadOnlySpan<byte> middle = "\",\"object\":"u8;
        ReadOnlySpan<byte> start = "{\"type\":\""u8;
        byte[] frame = new byte[start.Length + type.Length + middle.Length + objectJson.Length + 1];
        Span<byte> rest = frame;
        start.CopyTo(rest);
        rest = rest[start.Length..];
        rest = rest[Encoding.UTF8.GetBytes(type, rest)..];
        middle.CopyTo(rest);
        rest = rest[middle.Length..];
        objectJson.CopyTo(rest);
        rest[objectJson.Length] = (byte)'}';
        return frame;
    }
}
