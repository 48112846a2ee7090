using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>What to do so that a set's template has a revision. A closed hierarchy.</summary>
public abstract record RevisionDecision
{
    private protected RevisionDecision()
    {
    }

    /// <summary>The template's revision is there and is the latest.</summary>
    public sealed record Reuse(KubeObject Revision) : RevisionDecision;

    /// <summary>The template went back to an older revision: that one gets the highest number. Its name is the old one.</summary>
    public sealed record Renumber(KubeObject Revision, long Number) : RevisionDecision;

    /// <summary>The template is new.</summary>
    public sealed record Create(long Number) : RevisionDecision;
}

/// <summary>Revisions of a set's template (§2.4): their content, names, reuse and truncation. Pure.</summary>
public static class RevisionHistory
{
    public const string HashLabel = "controller.kubernetes.io/hash";
    private const string SafeAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int LongestSetName = 223;

    /// <summary>The contents of revisions in canonical form, for as long as somebody has them: each sync compares them all.</summary>
    private static readonly ConditionalWeakTable<KubeObject, string> Contents = [];

    /// <summary>The same of the sets' present templates: a set is synced many times between two changes of it.</summary>
    private static readonly ConditionalWeakTable<KubeObject, string> Wanted = [];

    /// <summary>Gets the number of a revision.</summary>
    public static long NumberOf(KubeObject revision) => revision.Root.NumberAt("revision") ?? 0;

    /// <summary>Sorts revisions by number, then by age, then by name.</summary>
    public static ImmutableArray<KubeObject> Sort(IEnumerable<KubeObject> revisions) =>
    [
        .. revisions
            .OrderBy(NumberOf)
            .ThenBy(revision => revision.Root.TextAt("metadata", "creationTimestamp"), StringComparer.Ordinal)
            .ThenBy(revision => revision.Name, StringComparer.Ordinal),
    ];

    /// <summary>Gets the content of the revision of a set's present template: a strategic merge patch that replaces the template.</summary>
    public static string DataOf(StatefulSetView set) => Wanted.GetValue(set.Document, DataOf);

    private static string DataOf(KubeObject set)
    {
        // The directive sorts before every field of a template.
        string template = CanonicalJson.Write(set.Root.At("spec", "template"));
        return string.Concat("{\"spec\":{\"template\":{\"$patch\":\"replace\"", template.Length > 2 ? "," : "", template.AsSpan(1), "}}");
    }

    /// <summary>Gets the template that a revision holds.</summary>
    public static JsonElement TemplateOf(KubeObject revision) => revision.Root.At("data", "spec", "template");

    /// <summary>Decides how a template gets its revision.</summary>
    /// <param name="sorted">All revisions of the set, sorted.</param>
    /// <param name="data">Content of the template's revision.</param>
    public static RevisionDecision Decide(ImmutableArray<KubeObject> sorted, string data)
    {
        long next = sorted.Length == 0 ? 1 : NumberOf(sorted[^1]) + 1;
        KubeObject? equal = sorted.LastOrDefault(revision => HasData(revision, data));
        return equal is null ? (sorted.Length > 0 && MeansTheSame(sorted[^1], data) ? new RevisionDecision.Reuse(sorted[^1]) : new RevisionDecision.Create(next))
            : ReferenceEquals(equal, sorted[^1]) ? new RevisionDecision.Reuse(equal)
            : new RevisionDecision.Renumber(equal, next);
    }

    /// <summary>Tells whether a revision has this content.</summary>
    public static bool HasData(KubeObject revision, string data) =>
        Contents.GetValue(revision, static read => read.Root.At("data") is { ValueKind: JsonValueKind.Object } known ? CanonicalJson.Write(known) : "") == data;

    /// <summary>
    /// Tells whether a revision means the same once its template has today's defaults (StatefulSetSemanticRevisionComparison): an API
    /// server that learnt a new default must not roll every set.
    /// </summary>
    public static bool MeansTheSame(KubeObject revision, string data)
    {
        if (TemplateOf(revision).At("spec") is not { ValueKind: JsonValueKind.Object })
        {
            return false;
        }

        JsonObject known = JsonNode.Parse(revision.Root.At("data").GetRawText())!.AsObject();
        PodDefaults.Apply(known["spec"]!["template"]!["spec"]!.AsObject());
        return CanonicalJson.Write(JsonElement.Parse(JsonText.Write(known))) == data;
    }

    /// <summary>Builds the document of a new revision.</summary>
    /// <param name="collisionCount">Goes into the hash, so that a name that is taken by other content is not tried twice.</param>
    public static JsonObject Build(StatefulSetView set, string data, long number, long collisionCount)
    {
        string hash = Hash(data, collisionCount);
        JsonObject labels = [];
        foreach ((string key, string value) in set.Document.Root.MapAt("spec", "template", "metadata", "labels"))
        {
            labels[key] = value;
        }

        labels[HashLabel] = hash;
        JsonObject metadata = new()
        {
            ["name"] = NameOf(set.Name, hash),
            ["namespace"] = set.Key.Namespace,
            ["labels"] = labels,
            ["ownerReferences"] = new JsonArray(OwnerReference.ControllerOf(ResourceKind.StatefulSets, set.Document).ToJson()),
        };
        JsonObject annotations = [];
        foreach ((string key, string value) in set.Document.Annotations)
        {
            annotations[key] = value;
        }

        if (annotations.Count > 0)
        {
            metadata["annotations"] = annotations;
        }

        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ControllerRevision",
            ["metadata"] = metadata,
            ["data"] = JsonNode.Parse(data),
            ["revision"] = number,
        };
    }

    /// <summary>Gets the name of a revision.</summary>
    public static string NameOf(string setName, string hash) => $"{(setName.Length > LongestSetName ? setName[..LongestSetName] : setName)}-{hash}";

    /// <summary>Hashes content and collision count: 32-bit FNV-1, its decimal digits spelled in an alphabet without vowels.</summary>
    public static string Hash(string data, long collisionCount)
    {
        uint hash = 2166136261;
        foreach (byte octet in Encoding.UTF8.GetBytes(data + collisionCount.ToString(CultureInfo.InvariantCulture)))
        {
            hash = unchecked(hash * 16777619) ^ octet;
        }

        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(digit => SafeAlphabet[digit % SafeAlphabet.Length]));
    }

    /// <summary>Chooses the revisions to delete: the oldest that no pod and no status names, beyond the limit.</summary>
    /// <param name="live">Names of the current and the update revision and of every revision on a pod's label; they do not count.</param>
    /// <param name="limit">How many others to keep; negative keeps all.</param>
    public static ImmutableArray<KubeObject> Surplus(ImmutableArray<KubeObject> sorted, IReadOnlySet<string> live, long limit)
    {
        ImmutableArray<KubeObject> dead = [.. sorted.Where(revision => !live.Contains(revision.Name))];
        return limit < 0 || dead.Length <= limit ? [] : dead[..(int)(dead.Length - limit)];
    }
}
