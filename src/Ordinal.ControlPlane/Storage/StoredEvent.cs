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
/// One entry of the event log. The frame that most watchers get is a part of the stored object's own buffer; others are encoded when they are asked for.
/// </summary>
/// <param name="Kind">What the store did.</param>
/// <param name="State">The object after the change; for a deletion its last state at the deletion's revision.</param>
/// <param name="Previous">The object before the change; null for a creation.</param>
public sealed record StoredEvent(ChangeKind Kind, StoredObject State, StoredObject? Previous)
{
    private static readonly byte[] AddedHead = [.. Start, .. "ADDED"u8, .. Middle];
    private static readonly byte[] ModifiedHead = [.. Start, .. "MODIFIED"u8, .. Middle];
    private static readonly byte[] DeletedHead = [.. Start, .. "DELETED"u8, .. Middle];

    private static ReadOnlySpan<byte> Start => "{\"type\":\""u8;

    private static ReadOnlySpan<byte> Middle => "\",\"object\":"u8;

    /// <summary>Gets the revision of the change.</summary>
    public long Revision => State.Revision;

    /// <summary>
    /// Gets the watch frame of this change under another name: a watcher with a selector hears of an object that enters its
    /// selection as added, and of one that leaves it as deleted.
    /// </summary>
    public ReadOnlyMemory<byte> Frame(ChangeKind shownAs) =>
        shownAs == State.WrittenAs && !State.Frame.IsEmpty ? State.Frame : Encode(Name(shownAs), State.Bytes.Span);

    /// <summary>Encodes a watch frame around the JSON of an object.</summary>
    public static byte[] Encode(string type, ReadOnlySpan<byte> objectJson)
    {
        byte[] frame = new byte[Start.Length + type.Length + Middle.Length + objectJson.Length + 1];
        Span<byte> rest = frame;
        Start.CopyTo(rest);
        rest = rest[Start.Length..];
        rest = rest[Encoding.UTF8.GetBytes(type, rest)..];
        Middle.CopyTo(rest);
        rest = rest[Middle.Length..];
        objectJson.CopyTo(rest);
        rest[objectJson.Length] = (byte)'}';
        return frame;
    }

    /// <summary>Gets what stands in the frame of a change before the object; after it stands one brace.</summary>
    public static ReadOnlyMemory<byte> Head(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => AddedHead,
        ChangeKind.Modified => ModifiedHead,
        ChangeKind.Deleted => DeletedHead,
    };

    /// <summary>Gets the name of a change in a watch frame.</summary>
    public static string Name(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => "ADDED",
        ChangeKind.Modified => "MODIFIED",
        ChangeKind.Deleted => "DELETED",
    };
}
