using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cache;

/// <summary>
/// One object as the API server gave it: the whole document, unknown fields included, and its identity read out once. It never
/// changes; a writer takes <see cref="ToMutable"/>, changes that and sends it back. What is kept is the text, which the watchers of one
/// process share; its parsed form is made again when it is asked for after the collector has taken it.
/// </summary>
public sealed class KubeObject
{
    private readonly ReadOnlyMemory<byte> text;
    private readonly WeakReference<JsonDocument>? parsed;
    private readonly JsonElement root;
    private object? projection;

    /// <summary>Wraps a document.</summary>
    public KubeObject(JsonElement root)
        : this(root, default, null) => this.root = root;

    private KubeObject(JsonDocument document, ReadOnlyMemory<byte> text)
        : this(document.RootElement, text, new WeakReference<JsonDocument>(document))
    {
    }

    private KubeObject(JsonElement document, ReadOnlyMemory<byte> text, WeakReference<JsonDocument>? parsed)
    {
        this.text = text;
        this.parsed = parsed;
        JsonElement metadata = document.At("metadata");
        Key = new ObjectKey(TextPool.Share(metadata.TextAt("namespace") ?? ""), TextPool.Share(metadata.TextAt("name") ?? ""));
        Uid = TextPool.Share(metadata.TextAt("uid") ?? "");
        ResourceVersion = metadata.TextAt("resourceVersion") ?? "";
        Owners = [.. metadata.ItemsAt("ownerReferences").Select(OwnerReference.Read)];
        DeletionTimestamp = metadata.TimeAt("deletionTimestamp");
    }

    /// <summary>Gets the document.</summary>
    public JsonElement Root
    {
        get
        {
            if (parsed is null)
            {
                return root;
            }

            if (!parsed.TryGetTarget(out JsonDocument? document))
            {
                document = JsonDocument.Parse(text);
                parsed.SetTarget(document);
            }

            return document.RootElement;
        }
    }

    public ObjectKey Key { get; }

    public string Name => Key.Name;

    public string Namespace => Key.Namespace;

    public string Uid { get; }

    public string ResourceVersion { get; }

    public ImmutableArray<OwnerReference> Owners { get; }

    /// <summary>Gets the one owner marked as controller, or null.</summary>
    public OwnerReference? Controller => Owners.FirstOrDefault(owner => owner.IsController);

    /// <summary>Gets when the object is to be gone; null while nobody has asked to delete it.</summary>
    public DateTimeOffset? DeletionTimestamp { get; }

    public bool IsTerminating => DeletionTimestamp is not null;

    public long Generation => Root.NumberAt("metadata", "generation") ?? 0;

    public SortedDictionary<string, string> Labels => Root.MapAt("metadata", "labels");

    public SortedDictionary<string, string> Annotations => Root.MapAt("metadata", "annotations");

    /// <summary>Reads one document.</summary>
    /// <param name="utf8">The text. It is kept, not copied: nobody may change it any more.</param>
    /// <exception cref="JsonException">The bytes are not a JSON document.</exception>
    public static KubeObject Parse(ReadOnlyMemory<byte> utf8) => new(JsonDocument.Parse(utf8), utf8);

    /// <summary>Wraps a document that is being built, for comparison with one that was read.</summary>
    public static KubeObject Of(JsonNode document) => Parse(JsonText.Write(document));

    /// <summary>
    /// Orders two resource versions of one collection. They are decimal numbers on every supported server; one that is not reads as 0,
    /// that is as older than everything.
    /// </summary>
    public static ulong VersionNumber(string resourceVersion) =>
        ulong.TryParse(resourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0;

    /// <summary>Gets a copy that may be changed and sent back; fields that this code does not know survive.</summary>
    public JsonObject ToMutable() => (text.IsEmpty ? JsonNode.Parse(Root.GetRawText()) : JsonNode.Parse(text.Span))!.AsObject();

    /// <summary>Gets the projection of this document, computed once. One type of projection per kind of object.</summary>
    public T Project<T>(Func<KubeObject, T> read)
        where T : class
    {
        if (projection is T known)
        {
            return known;
        }

        T made = read(this);
        projection = made;
        return made;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Uid}@{ResourceVersion}";
}
