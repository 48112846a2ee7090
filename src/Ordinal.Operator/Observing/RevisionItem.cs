using System.Text.Json;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>What is kept of a ControllerRevision.</summary>
/// <param name="OwnerUid">UID of the StatefulSet; empty for a revision of anything else.</param>
/// <param name="Number">Its number. Going back to an old template gives the old revision a new number.</param>
/// <param name="Meaning">Digest of what the template says, not of how it is written: see <see cref="TemplateMeaning"/>.</param>
public sealed record RevisionItem(NamespacedName Key, string Uid, string ResourceVersion, string OwnerUid, long Number, string Meaning) : IStoreItem
{
    /// <summary>Gets when the revision was made. One that is used again keeps its time, and gets a new number.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Gets the digest without the mark of a restart: two revisions that differ in that only are a restart.</summary>
    public string MeaningBesideRestart { get; init; } = "";

    /// <summary>Index by the UID of the StatefulSet.</summary>
    public const string ByOwner = "owner";

    /// <summary>Gets the index by owner.</summary>
    public static StoreIndex<RevisionItem> OwnerIndex { get; } = new(ByOwner, static revision => revision.OwnerUid.Length == 0 ? [] : [revision.OwnerUid]);

    /// <summary>Reads a revision as the server sends it.</summary>
    public static RevisionItem Read(JsonElement revision, StringPool strings)
    {
        var metadata = revision.Member("metadata");
        var owner = OwnerReferences.Controller(metadata, "StatefulSet");
        return new RevisionItem(
            new NamespacedName(strings.Intern(metadata.Text("namespace")), metadata.Text("name")),
            metadata.Text("uid"),
            metadata.Text("resourceVersion"),
            strings.Intern(owner?.Uid ?? ""),
            revision.WholeNumber("revision"),
            owner is null ? "" : TemplateMeaning.Of(revision.Member("data").Member("spec").Member("template")))
        {
            CreatedAt = DateTimeOffset.TryParse(metadata.Text("creationTimestamp"), System.Globalization.CultureInfo.InvariantCulture, out var created) ? created : null,
            MeaningBesideRestart = owner is null ? "" : TemplateMeaning.BesideRestart(revision.Member("data").Member("spec").Member("template")),
        };
    }
}
