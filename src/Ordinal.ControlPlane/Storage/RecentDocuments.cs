using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Storage;

/// <summary>
/// The documents that were written last, as they were before they became bytes: who changes an object again soon after need not parse it. A document is
/// handed out once, so that it has one owner. There are few places, and each holds the last small document that fell on it.
/// </summary>
internal sealed class RecentDocuments
{
    private const int Places = 32;
    private const int Largest = 16 * 1024;
    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>Keeps the document of what was just written; its writer must not touch it any more.</summary>
    public void Keep(StoredObject written, JsonObject document)
    {
        if (written.Bytes.Length <= Largest)
        {
            Volatile.Write(ref PlaceOf(written.Key), new Entry(written, document));
        }
    }

    /// <summary>Gets the document of an object, from now on the caller's own.</summary>
    public JsonObject Take(StoredObject stored) =>
        Volatile.Read(ref PlaceOf(stored.Key)) is { } known && ReferenceEquals(known.Stored, stored)
            && ReferenceEquals(Interlocked.CompareExchange(ref PlaceOf(stored.Key), null, known), known)
            ? known.Document
            : stored.Parse();

    private ref Entry? PlaceOf(StoreKey key) => ref _entries[(uint)key.GetHashCode() % Places];

    private sealed record Entry(StoredObject Stored, JsonObject Document);
}
