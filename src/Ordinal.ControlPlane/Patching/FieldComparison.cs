using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// What changed between two states of a document, as sets of fields, by the rules of Kubernetes' structured merge: an object that
/// is new belongs to its maker with all that is in it; an atomic one counts as a single field.
/// </summary>
internal sealed class FieldComparison
{
    // Fields that nobody owns.
    private static readonly HashSet<string> Unowned = new(StringComparer.Ordinal)
    {
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
    };

    private readonly List<string> _path = [];

    private FieldComparison()
    {
    }

    public FieldTree Added { get; } = new();

    public FieldTree Modified { get; } = new();

    public FieldTree Removed { get; } = new();

    /// <summary>Compares two states; a missing old one is a creation.</summary>
    public static FieldComparison Of(Shape shape, JsonObject? old, JsonObject document)
    {
        var comparison = new FieldComparison();
        comparison.CompareFields(shape, old ?? [], document, depth: 0);
        return comparison;
    }

    /// <summary>Gets the fields that a document of a server-side apply declares.</summary>
    public static FieldTree Declared(Shape shape, JsonObject document)
    {
        var walker = new FieldComparison();
        walker.Declare(shape, document, depth: 0);
        return walker.Added;
    }

    private static bool IsOwned(List<string> path, string name, int depth) => depth switch
    {
        0 => name is not ("apiVersion" or "kind"),
        1 => path[0] != "f:metadata" || !Unowned.Contains(name),
        _ => true,
    };

    private static bool IsLeaf(Shape shape, JsonNode? old, JsonNode? now) => shape switch
    {
        ScalarShape or AtomicShape => true,
        ObjectShape { IsAtomic: true } => true,
        ListShape list => list.Kind == ListKind.Atomic,
        _ => old is not JsonObject && now is not JsonObject,
    } || (old is null or JsonObject { Count: 0 } && now is null or JsonObject { Count: 0 });

    private static Shape? FieldShape(Shape shape, string name) => shape switch
    {
        ObjectShape known => known.Fields.GetValueOrDefault(name, Shape.Unknown),
        MapShape map => map.Value,
        _ => Shape.Unknown,
    };

    private void CompareFields(Shape shape, JsonObject? old, JsonObject? now, int depth)
    {
        foreach ((string name, JsonNode? before) in old ?? [])
        {
            JsonNode? after = null;
            bool isNow = now?.TryGetPropertyValue(name, out after) == true;
            CompareField(shape, name, before, was: true, after, isNow, depth);
        }

        foreach ((string name, JsonNode? after) in now ?? [])
        {
            if (old?.ContainsKey(name) != true)
            {
                CompareField(shape, name, before: null, was: false, after, isNow: true, depth);
            }
        }
    }

    private void CompareField(Shape shape, string name, JsonNode? before, bool was, JsonNode? after, bool isNow, int depth)
    {
        bool isMetadata = depth == 0 && name == "metadata";
        if (!IsOwned(_path, name, depth) || (!isMetadata && IsUnchanged(before, after)))
        {
            // Most fields, and not worth the text of a path. Most of metadata is managed fields, which nobody owns.
            return;
        }

        _path.Add("f:" + name);
        if (before is null && after is null)
        {
            // A null that is written, as an unset time, is a field like others.
            (was && isNow ? null : was ? Removed : Added)?.Insert(_path);
        }
        else
        {
            bool alwaysThere = isMetadata || shape is ObjectShape known && known.AlwaysThere.Contains(name);
            Compare(FieldShape(shape, name)!, before, after, alwaysThere, depth + 1);
        }

        _path.RemoveAt(_path.Count - 1);
    }

    /// <summary>To walk through two values field by field costs more than to see that they do not differ.</summary>
    private static bool IsUnchanged(JsonNode? before, JsonNode? after) => before is not null && after is not null && JsonNodes.Same(before, after);

    private void Compare(Shape shape, JsonNode? old, JsonNode? now, bool alwaysThere, int depth)
    {
        if (old is null && now is null)
        {
            return;
        }

        if (IsLeaf(shape, old, now))
        {
            if (alwaysThere && old is null or JsonObject { Count: 0 } && now is null or JsonObject { Count: 0 })
            {
                return;
            }

            if (old is null)
            {
                Added.Insert(_path);
            }
            else if (now is null)
            {
                Removed.Insert(_path);
            }
            else if (!JsonNodes.Same(old, now))
            {
                Modified.Insert(_path);
            }

            return;
        }

        if (!alwaysThere && old is null)
        {
            Added.Insert(_path);
        }
        else if (!alwaysThere && now is null)
        {
            Removed.Insert(_path);
        }

        if (shape is ListShape list)
        {
            CompareItems(list, old as JsonArray, now as JsonArray, depth);
        }
        else
        {
            CompareFields(shape, old as JsonObject, now as JsonObject, depth);
        }
    }

    private void CompareItems(ListShape list, JsonArray? old, JsonArray? now, int depth)
    {
        OrderedDictionary<string, JsonNode?> before = FieldSteps.Items(list, old);
        OrderedDictionary<string, JsonNode?> after = FieldSteps.Items(list, now);
        foreach (string step in before.Keys.Concat(after.Keys.Where(k => !before.ContainsKey(k))))
        {
            JsonNode? was = before.GetValueOrDefault(step);
            JsonNode? isNow = after.GetValueOrDefault(step);
            if (IsUnchanged(was, isNow))
            {
                continue;
            }

            _path.Add(step);
            Compare(list.Item, was, isNow, alwaysThere: false, depth + 1);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void Declare(Shape shape, JsonNode? value, int depth)
    {
        if (IsLeaf(shape, null, value))
        {
            Added.Insert(_path);
            return;
        }

        if (shape is ListShape list)
        {
            foreach ((string step, JsonNode? item) in FieldSteps.Items(list, value as JsonArray))
            {
                _path.Add(step);
                Added.Insert(_path);
                Declare(list.Item, item, depth + 1);
                _path.RemoveAt(_path.Count - 1);
            }

            return;
        }

        foreach ((string name, JsonNode? inner) in (JsonObject)value!)
        {
            if (!IsOwned(_path, name, depth))
            {
                continue;
            }

            _path.Add("f:" + name);
            if (shape is not ObjectShape known || !known.Fields.ContainsKey(name))
            {
                // Keys that are data, not schema, are fields of their own. Type and metadata of a custom resource are schema.
                if (!(depth == 0 && name is "metadata" or "spec" or "status") && !(_path is ["f:metadata", _]))
                {
                    Added.Insert(_path);
                }
            }

            Declare(FieldShape(shape, name)!, inner, depth + 1);
            _path.RemoveAt(_path.Count - 1);
        }
    }
}
