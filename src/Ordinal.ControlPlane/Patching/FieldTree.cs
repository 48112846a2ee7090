using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// A set of fields in the form of FieldsV1: a tree whose steps are <c>f:name</c>, <c>k:{keys}</c> and <c>v:value</c>. A node is in
/// the set or only leads to nodes that are.
/// </summary>
internal sealed class FieldTree
{
    private readonly SortedDictionary<string, FieldTree> _children = new(StringComparer.Ordinal);

    /// <summary>Gets or sets a value indicating whether the field itself is in the set.</summary>
    public bool IsMember { get; set; }

    public IReadOnlyDictionary<string, FieldTree> Children => _children;

    public bool IsEmpty => !IsMember && _children.Count == 0;

    /// <summary>Reads FieldsV1.</summary>
    public static FieldTree Read(JsonObject? fieldsV1)
    {
        var tree = new FieldTree();
        foreach ((string step, JsonNode? inner) in fieldsV1 ?? [])
        {
            if (step == ".")
            {
                tree.IsMember = true;
                continue;
            }

            FieldTree child = Read(inner as JsonObject);
            if (inner is not JsonObject { Count: > 0 })
            {
                child.IsMember = true;
            }

            tree._children[step] = child;
        }

        return tree;
    }

    /// <summary>Writes FieldsV1.</summary>
    public JsonObject Write()
    {
        var result = new JsonObject();
        if (IsMember && _children.Count > 0)
        {
            result["."] = new JsonObject();
        }

        foreach ((string step, FieldTree child) in _children)
        {
            result[step] = child.Write();
        }

        return result;
    }

    /// <summary>Puts a field into the set.</summary>
    public void Insert(IEnumerable<string> path)
    {
        FieldTree node = this;
        foreach (string step in path)
        {
            if (!node._children.TryGetValue(step, out FieldTree? child))
            {
                node._children[step] = child = new FieldTree();
            }

            node = child;
        }

        node.IsMember = true;
    }

    /// <summary>Adds all fields of another set.</summary>
    public void Add(FieldTree other)
    {
        IsMember |= other.IsMember;
        foreach ((string step, FieldTree theirs) in other._children)
        {
            if (!_children.TryGetValue(step, out FieldTree? mine))
            {
                _children[step] = mine = new FieldTree();
            }

            mine.Add(theirs);
        }
    }

    /// <summary>Takes the fields of another set out, one by one: what lies below them stays.</summary>
    public void Remove(FieldTree other)
    {
        if (other.IsMember)
        {
            IsMember = false;
        }

        foreach ((string step, FieldTree theirs) in other._children)
        {
            if (_children.TryGetValue(step, out FieldTree? mine))
            {
                mine.Remove(theirs);
                if (mine.IsEmpty)
                {
                    _children.Remove(step);
                }
            }
        }
    }

    /// <summary>Tells whether FieldsV1 has a field of this set; the set's root is not looked at.</summary>
    public bool Overlaps(JsonObject fieldsV1)
    {
        foreach ((string step, FieldTree child) in _children)
        {
            if (fieldsV1.TryGetPropertyValue(step, out JsonNode? inner)
                && ((child.IsMember && IsField(inner)) || (inner is JsonObject deeper && child.Overlaps(deeper))))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether FieldsV1 has every field of this set; the set's root is not looked at.</summary>
    public bool IsWithin(JsonObject fieldsV1)
    {
        foreach ((string step, FieldTree child) in _children)
        {
            if (!fieldsV1.TryGetPropertyValue(step, out JsonNode? inner)
                || (child.IsMember && !IsField(inner))
                || (child._children.Count > 0 && (inner is not JsonObject deeper || !child.IsWithin(deeper))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes out a step with all below it.</summary>
    public void RemoveChild(string step) => _children.Remove(step);

    /// <summary>Lists the fields that are in both sets, in order.</summary>
    public IEnumerable<IReadOnlyList<string>> Common(FieldTree other) => Common(other, []);

    private static bool IsField(JsonNode? inner) => inner is not JsonObject { Count: > 0 } fields || fields.ContainsKey(".");

    private IEnumerable<IReadOnlyList<string>> Common(FieldTree other, IReadOnlyList<string> path)
    {
        if (IsMember && other.IsMember)
        {
            yield return path;
        }

        foreach ((string step, FieldTree mine) in _children)
        {
            if (other._children.TryGetValue(step, out FieldTree? theirs))
            {
                foreach (IReadOnlyList<string> common in mine.Common(theirs, [.. path, step]))
                {
                    yield return common;
                }
            }
        }
    }
}
