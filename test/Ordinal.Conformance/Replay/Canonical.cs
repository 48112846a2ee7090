using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Replay;

/// <summary>
/// Brings what was recorded and what was seen into one form: one line a value, without times, uids and versions, and with revisions
/// named by the order in which they were made.
/// </summary>
public static partial class Canonical
{
    private static readonly ImmutableHashSet<string> Noise = ["uid", "resourceVersion", "creationTimestamp"];

    /// <summary>Reduces an object that a watcher of ours saw to what the recordings kept.</summary>
    public static JsonObject Cut(string kind, JsonObject seen)
    {
        var metadata = seen.Child("metadata")!.DeepClone().AsObject();
        metadata.Remove("managedFields");
        var cut = new JsonObject { ["kind"] = kind, ["apiVersion"] = seen["apiVersion"]?.DeepClone(), ["metadata"] = metadata };
        switch (kind)
        {
            case "Pod":
                var spec = seen.Child("spec")!;
                var reduced = new JsonObject();
                Copy(spec, reduced, "hostname", "subdomain", "readinessGates");
                reduced["images"] = new JsonArray([.. spec.List("containers")!.Select(container => container!["image"]?.DeepClone())]);
                reduced["claims"] = new JsonArray([.. (spec.List("volumes") ?? []).OfType<JsonObject>().Select(volume => volume.Child("persistentVolumeClaim")?["claimName"]?.DeepClone()).Where(claim => claim is not null)]);
                cut["spec"] = reduced;
                var conditions = new JsonObject();
                foreach (var condition in (seen.Child("status").List("conditions") ?? []).OfType<JsonObject>())
                {
                    conditions[condition.Text("type")!] = condition["status"]?.DeepClone();
                }

                cut["status"] = new JsonObject { ["phase"] = seen.Child("status")?["phase"]?.DeepClone(), ["conditions"] = conditions };
                break;
            case "ControllerRevision":
                Copy(seen, cut, "revision");
                break;
            default:
                Copy(seen, cut, "spec", "status");
                break;
        }

        return cut;
    }

    /// <summary>Writes a document as lines, <c>metadata.labels.app = "web"</c>, in the order of their paths.</summary>
    public static ImmutableSortedSet<string> Lines(string prefix, JsonNode? document, RevisionNames names)
    {
        var lines = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        Walk(prefix, document);
        return lines.ToImmutable();

        void Walk(string path, JsonNode? node)
        {
            switch (node)
            {
                case JsonObject { Count: > 0 } item:
                    foreach (var (key, value) in item.Where(member => !Noise.Contains(member.Key) && !(member.Key is "time" && path.Contains("managedFields", StringComparison.Ordinal))))
                    {
                        Walk($"{path}.{names.Rename(key)}", value);
                    }

                    break;
                case JsonArray { Count: > 0 } items:
                    for (var index = 0; index < items.Count; index++)
                    {
                        // The server sorts them by time, of which only the second counts.
                        Walk(
                            path.EndsWith(".managedFields", StringComparison.Ordinal) && items[index] is JsonObject entry
                                ? $"{path}[{entry.Text("manager")} {entry.Text("operation")} {entry.Text("subresource")}]"
                                : string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"),
                            items[index]);
                    }

                    break;
                default:
                    lines.Add($"{path} = {(node is null ? "null" : Words(node.ToJsonString(), names))}");
                    break;
            }
        }
    }

    /// <summary>Takes times, uids, versions, ages and hashes out of words.</summary>
    public static string Words(string text, RevisionNames names)
    {
        text = names.Rename(text);
        text = Time().Replace(text, "<time>");
        text = Uid().Replace(text, "<uid>");
        text = Source().Replace(text, "in scheme $1pkg/");
        return Version().Replace(text, "$1<version>");
    }

    /// <summary>Takes the same and column widths out of what kubectl printed, line by line.</summary>
    public static ImmutableArray<string> Print(string text, RevisionNames names) =>
        [.. Words(text, names).Split('\n').Select(line => Again().Replace(Age().Replace(KubectlTime().Replace(Blanks().Replace(line.TrimEnd(), " "), "<time>"), "<age>"), "SuccessfulDelete <age> "))];

    private static void Copy(JsonObject from, JsonObject to, params ReadOnlySpan<string> members)
    {
        foreach (var member in members)
        {
            if (from[member] is { } value)
            {
                to[member] = value.DeepClone();
            }
        }
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Time();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    // Where the program was built is part of its words.
    [GeneratedRegex("""in scheme ("|\\u0022)[^"\\]*?pkg/(?=apis?/)""")]
    private static partial Regex Source();

    [GeneratedRegex("(current: )[0-9]+")]
    private static partial Regex Version();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex Blanks();

    /// <summary>How often a pod was deleted again is chance, see <see cref="MeantDifferences"/>.</summary>
    [GeneratedRegex(@"SuccessfulDelete <age>( \(x[0-9]+ over <age>\))? ")]
    private static partial Regex Again();

    [GeneratedRegex(@"\b([0-9]+m)?[0-9]+s\b")]
    private static partial Regex Age();

    [GeneratedRegex(@"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")]
    private static partial Regex KubectlTime();
}

/// <summary>Names revisions by their order: <c>web-5dfc996dbd</c> becomes <c>web-rev1</c>.</summary>
public sealed class RevisionNames
{
    private readonly List<(string Hash, string Name)> renames = [];

    /// <summary>Reads the hashes of ControllerRevisions in the order in which they were made.</summary>
    public static RevisionNames Of(IEnumerable<JsonObject> revisions)
    {
        var names = new RevisionNames();
        foreach (var revision in revisions)
        {
            var hash = revision.Child("metadata").Text("name")!.Split('-')[^1];
            if (!names.renames.Exists(rename => rename.Hash == hash))
            {
                names.renames.Add((hash, string.Create(CultureInfo.InvariantCulture, $"rev{names.renames.Count + 1}")));
            }
        }

        return names;
    }

    public string Rename(string text)
    {
        foreach (var (hash, name) in renames)
        {
            text = text.Replace(hash, name, StringComparison.Ordinal);
        }

        return text;
    }
}
