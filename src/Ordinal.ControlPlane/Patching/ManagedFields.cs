using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>One entry of metadata.managedFields.</summary>
/// <param name="Manager">Who.</param>
/// <param name="Operation">Apply or Update; both of one manager are separate owners.</param>
/// <param name="ApiVersion">Version in which the fields are named.</param>
/// <param name="Subresource">Subresource that was written; empty for the object.</param>
internal sealed record FieldOwner(string Manager, string Operation, string ApiVersion, string Subresource)
{
    private JsonObject? _unread;
    private JsonObject? _entry;
    private FieldTree _fields = new();

    public string Time
    {
        get;
        set => (field, _entry) = (value, null);
    } = "";

    /// <summary>Gets or sets what is owned.</summary>
    public FieldTree Fields
    {
        get
        {
            if (_unread is { } text)
            {
                (_fields, _unread) = (FieldTree.Read(text), null);
            }

            return _fields;
        }

        set => (_fields, _unread) = (value, null);
    }

    /// <summary>Gets a value indicating whether nothing is owned.</summary>
    public bool OwnsNothing => _unread is { } text ? text.Count == 0 : _fields.IsEmpty;

    /// <summary>Leaves the fields as they are written until somebody asks for them: most writes change a few fields of one owner.</summary>
    /// <param name="fieldsV1">The fields.</param>
    /// <param name="entry">The whole entry when it belongs to nobody else: while nothing of it changes it is written as it is.</param>
    public void Leave(JsonObject? fieldsV1, JsonObject? entry) => (_unread, _entry) = (fieldsV1, entry);

    /// <summary>Takes fields away.</summary>
    public void Remove(FieldTree fields)
    {
        if (_unread is null || fields.Overlaps(_unread))
        {
            Fields.Remove(fields);
        }
    }

    /// <summary>Adds fields.</summary>
    public void Add(FieldTree fields)
    {
        if (_unread is null || !fields.IsWithin(_unread))
        {
            Fields.Add(fields);
        }
    }

    /// <summary>Gets the entry as it was read; null when it has to be written.</summary>
    public JsonObject? UnchangedEntry() => _unread is null ? null : _entry;

    /// <summary>Writes FieldsV1.</summary>
    public JsonObject WriteFields() => _unread is { } text ? (JsonObject)text.DeepClone() : _fields.Write();

    public bool IsSameOwner(FieldOwner other) =>
        Manager == other.Manager && Operation == other.Operation && ApiVersion == other.ApiVersion && Subresource == other.Subresource;

    /// <summary>Names the owner as conflicts do.</summary>
    public string Shown => $"\"{Manager}\""
        + (Subresource.Length > 0 ? $" with subresource \"{Subresource}\"" : "")
        + (Operation == "Update" ? $" using {ApiVersion}" : "");
}

/// <summary>Keeps metadata.managedFields: who set which field last. A field that the server defaulted belongs to who made it.</summary>
internal static class ManagedFields
{
    /// <summary>Records a write that is not a server-side apply: what changed belongs to the writer now.</summary>
    /// <returns>True when a field that can be owned has changed; false when it was not looked, or what changed is the server's own.</returns>
    public static bool RecordWrite(ResourceType type, JsonObject? old, JsonObject document, WriteContext context)
    {
        List<FieldOwner> owners = ReadBase(old, document, context);
        if (old is not null && owners.Count == 0)
        {
            // Once nobody owns anything, only a server-side apply begins again.
            Write(document, owners);
            return false;
        }

        FieldComparison changes = FieldComparison.Of(type.Shape, old, document);
        bool isChanged = !changes.Added.IsEmpty || !changes.Modified.IsEmpty || !changes.Removed.IsEmpty;
        if (type.HasStatus && context.Subresource.Length == 0)
        {
            // The status that a new object starts with is the server's.
            changes.Added.RemoveChild("f:status");
        }

        var self = new FieldOwner(context.Manager, "Update", context.ApiVersion, context.Subresource);
        FieldOwner? mine = owners.Find(o => o.IsSameOwner(self));
        foreach (FieldOwner owner in owners)
        {
            owner.Remove(changes.Removed);
            if (!ReferenceEquals(owner, mine))
            {
                owner.Remove(changes.Added);
                owner.Remove(changes.Modified);
            }
        }

        if (!changes.Added.IsEmpty || !changes.Modified.IsEmpty)
        {
            if (mine is null)
            {
                owners.Add(mine = self);
            }

            mine.Add(changes.Added);
            mine.Add(changes.Modified);
            mine.Time = JsonNodes.Timestamp(context.Now);
        }

        Write(document, owners);
        return isChanged;
    }

    /// <summary>Reads the owners from a document.</summary>
    /// <param name="isStored">Whether the fields are as this class wrote them: then they need not be read to be written again.</param>
    /// <param name="isGivenAway">Whether the entries are taken out of the document, which gets them back when the owners are written.</param>
    public static List<FieldOwner> Read(JsonObject? document, bool isStored = false, bool isGivenAway = false)
    {
        var owners = new List<FieldOwner>();
        JsonArray? list = document.Child("metadata").List("managedFields");
        JsonNode?[] entries = [.. list ?? []];
        if (isGivenAway)
        {
            list?.Clear();
        }

        foreach (JsonNode? node in entries)
        {
            if (node is not JsonObject entry || entry.Count == 0)
            {
                continue;
            }

            var owner = new FieldOwner(
                entry.Text("manager") ?? "", entry.Text("operation") ?? "Update", entry.Text("apiVersion") ?? "", entry.Text("subresource") ?? "")
            {
                Time = entry.Text("time") ?? "",
            };
            JsonObject? fields = entry.Child("fieldsV1");
            if (isStored)
            {
                owner.Leave(fields, isGivenAway ? entry : null);
            }
            else
            {
                owner.Fields = FieldTree.Read(fields);
            }

            owners.Add(owner);
        }

        return owners;
    }

    /// <summary>Writes the owners into a document: applies first, then by time; those without a field are gone.</summary>
    public static void Write(JsonObject document, List<FieldOwner> owners)
    {
        var list = new JsonArray();
        IEnumerable<FieldOwner> sorted = owners
            .Where(o => !o.OwnsNothing)
            .OrderBy(o => o.Operation, StringComparer.Ordinal)
            .ThenBy(o => o.Time, StringComparer.Ordinal)
            .ThenBy(o => o.Manager, StringComparer.Ordinal)
            .ThenBy(o => o.Subresource, StringComparer.Ordinal);
        foreach (FieldOwner owner in sorted)
        {
            if (owner.UnchangedEntry() is { } unchanged)
            {
                list.Add((JsonNode)unchanged);
                continue;
            }

            var entry = new JsonObject
            {
                ["manager"] = owner.Manager,
                ["operation"] = owner.Operation,
                ["apiVersion"] = owner.ApiVersion,
            };
            if (owner.Time.Length > 0)
            {
                entry["time"] = owner.Time;
            }

            entry["fieldsType"] = "FieldsV1";
            entry["fieldsV1"] = owner.WriteFields();
            if (owner.Subresource.Length > 0)
            {
                entry["subresource"] = owner.Subresource;
            }

            list.Add((JsonNode)entry);
        }

        JsonObject metadata = document.Metadata();
        metadata.Remove("managedFields");
        if (list.Count > 0)
        {
            metadata["managedFields"] = list;
        }
    }

    /// <summary>Compares two lists of managed fields without their times.</summary>
    public static bool SameButTimes(JsonArray? left, JsonArray? right)
    {
        int count = left?.Count ?? 0;
        if (count != (right?.Count ?? 0))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            var mine = left![i] as JsonObject;
            var theirs = right![i] as JsonObject;
            foreach (string field in (ReadOnlySpan<string>)["manager", "operation", "apiVersion", "subresource", "fieldsV1"])
            {
                if (!JsonNodes.Same(mine?[field], theirs?[field]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>A writer may send managed fields along: one empty entry clears them, others count, none means the stored ones.</summary>
    private static List<FieldOwner> ReadBase(JsonObject? old, JsonObject document, WriteContext context)
    {
        if (document.Child("metadata").List("managedFields") is { Count: 1 } sent && sent[0] is JsonObject { Count: 0 })
        {
            return [];
        }

        JsonArray? list = document.Child("metadata").List("managedFields");
        if (old.Child("metadata").List("managedFields") is { Count: > 0 } stored && (list is null || JsonNodes.Same(list, stored)))
        {
            // A patch leaves a copy of what is stored in the document. What somebody sent need not be written in the server's order.
            return list is null || context.IsReplace ? Read(old, isStored: true) : Read(document, isStored: true, isGivenAway: true);
        }

        bool isReadable = list?.OfType<JsonObject>().All(IsEntry) == true;
        List<FieldOwner> owners = isReadable ? Read(document) : [];
        return owners.Count > 0 ? owners : Read(old);
    }

    private static bool IsEntry(JsonObject entry) => entry.Text("operation") is "Apply" or "Update" && entry.Text("fieldsType") == "FieldsV1"
        && entry.Child("fieldsV1") is { } fields && AreSteps(fields);

    private static bool AreSteps(JsonObject fields) => fields.All(field =>
        (field.Key == "." || (field.Key.Length > 2 && field.Key[1] == ':' && field.Key[0] is 'f' or 'k' or 'v' or 'i')) && field.Value is JsonObject inner && AreSteps(inner));
}
