using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Storage;

/// <summary>One revision of one object: its bytes, and the little that selectors ask about. Immutable and shared.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Revision">The global revision that wrote it, the object's resourceVersion.</param>
/// <param name="Bytes">The whole object as UTF-8 JSON, resourceVersion included.</param>
/// <param name="Labels">metadata.labels.</param>
/// <param name="Fields">Values of the field selectors that this resource supports.</param>
public sealed record StoredObject(
    StoreKey Key,
    long Revision,
    ReadOnlyMemory<byte> Bytes,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>Gets the watch frame of the change that wrote this: the buffer that <see cref="Bytes"/> is a part of. Empty for what is not stored.</summary>
    public ReadOnlyMemory<byte> Frame { get; init; }

    /// <summary>Gets the change that <see cref="Frame"/> tells.</summary>
    public ChangeKind WrittenAs { get; init; }

    /// <summary>Parses the bytes into a document of the caller's own.</summary>
    public JsonObject Parse() => JsonText.ParseObject(Bytes.Span);
}
