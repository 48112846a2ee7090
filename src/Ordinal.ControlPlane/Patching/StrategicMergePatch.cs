using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// A strategic merge patch: a merge patch that knows which lists are maps. Understands the directives <c>$patch</c>
/// (merge, replace, delete), <c>$retainKeys</c>, <c>$setElementOrder/field</c> and <c>$deleteFromPrimitiveList/field</c>.
/// </summary>
internal sealed class StrategicMergePatch(Shape shape, JsonObject patch, IReadOnlyList<string>? duplicates = null) : IDocumentPatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string SetElementOrder = "$setElementOrder/";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";

    public IReadOnlyList<string> Duplicates { get; } = duplicates ?? [];

    public DecodeWords Words(Func<JsonObject> patched) => DecodeWords.OfPatch(() => GoJson.Print(patch)) with { Converts = true };

    public JsonObject Apply(JsonObject current) => Merge(shape, current, patch) ?? [];

    /// <summary>Merges an object; null when the patch deletes it.</summary>
    private static JsonObject? Merge(Shape shape, JsonObject target, JsonObject patch)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                return WithoutDirectives(patch);
            case "delete":
                return null;
            case null or "merge":
                break;
            case { } unknown:
                throw Refuse.Plain($"unknown patch type: {unknown} in map: {GoJson.Print(patch)}");
        }

        if (patch.List(RetainKeys) is { } retained)
        {
            HashSet<string> kept = [.. retained.Select(k => k.AsText() ?? "")];
            foreach (string name in target.Select(p => p.Key).Where(n => !kept.Contains(n)).ToArray())
            {
                target.Remove(name);
            }
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                DeleteScalars(target, name[DeleteFromList.Length..], value as JsonArray);
            }
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            if (!IsDirective(name))
            {
                MergeField(FieldShape(shape, name), target, name, value, patch.List(SetElementOrder + name));
            }
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            string field = name.StartsWith(SetElementOrder, StringComparison.Ordinal) ? name[SetElementOrder.Length..] : "";
            if (field.Length > 0 && !patch.ContainsKey(field) && value is JsonArray order && FieldShape(shape, field) is ListShape list && target.List(field) is { } items)
            {
                // Only the order is patched.
                JsonNode?[] before = [.. items];
                Sort(list, items, before, order);
            }
        }

        return target;
    }

    private static void MergeField(Shape shape, JsonObject target, string name, JsonNode? value, JsonArray? order)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                return;
            case JsonObject fields when !target.ContainsKey(name) && fields.ContainsKey(Directive):
                // Without a counterpart an object with a directive is left out as a whole.
                target[name] = new JsonObject();
                return;
            case JsonObject fields:
                JsonObject? merged = Merge(shape, Detached(target, name) as JsonObject ?? [], fields);
                if (merged is null)
                {
                    target.Remove(name);
                }
                else
                {
                    target[name] = merged;
                }

                return;
            case JsonArray items when shape is ListShape { MergeKey: not null } && target[name] is null && !items.Any(i => (i as JsonObject)?.ContainsKey(Directive) == true):
                // Nothing to merge with: the list is taken as it is, entries that share a key too.
                target[name] = new JsonArray([.. items.Select(i => i is JsonObject item ? WithoutDirectives(item) : i?.DeepClone())]);
                return;
            case JsonArray items when shape is ListShape { MergeKey: { } key } list:
                target[name] = MergeItems(list, key, Detached(target, name) as JsonArray ?? [], items, order);
                return;
            case JsonArray items when shape is ListShape { MergesScalars: true } scalars:
                target[name] = MergeScalars(scalars, Detached(target, name) as JsonArray ?? [], items, order);
                return;
            default:
                target[name] = value.DeepClone();
                return;
        }
    }

    private static JsonArray MergeItems(ListShape list, string key, JsonArray current, JsonArray patch, JsonArray? order)
    {
        if (patch.Any(i => i is not JsonObject) && current.Count > 0)
        {
            throw Refuse.Plain($"list element types are not identical: [{GoJson.Print(current)} {GoJson.Print(patch)}]");
        }

        JsonNode?[] before = [.. current];
        if (patch.Any(i => (i as JsonObject).Text(Directive) == "replace"))
        {
            return new JsonArray([.. patch.OfType<JsonObject>().Where(i => !IsOnlyDirective(i)).Select(WithoutDirectives)]);
        }

        foreach (JsonNode? node in patch)
        {
            var item = node as JsonObject;
            if (item is null || item[key] is null)
            {
                throw Refuse.Plain($"map: {GoJson.Print(node)} does not contain declared merge key: {key}");
            }

            int index = IndexOf(current, key, item[key]);
            if (item.Text(Directive) == "delete")
            {
                if (index >= 0)
                {
                    current.RemoveAt(index);
                }
            }
            else if (index >= 0)
            {
                var existing = (JsonObject)current[index]!;
                current[index] = new JsonObject();
                current[index] = Merge(list.Item, existing, item) ?? [];
            }
            else
            {
                current.Add((JsonNode?)Merge(list.Item, [], item));
            }
        }

        Sort(list, current, before, (IList<JsonNode?>?)order ?? [.. patch.Where(i => (i as JsonObject).Text(Directive) != "delete")]);
        return current;
    }

    private static JsonArray MergeScalars(ListShape list, JsonArray current, JsonArray patch, JsonArray? order)
    {
        JsonNode?[] before = [.. current];
        foreach (JsonNode? value in patch)
        {
            if (!current.Any(c => JsonNodes.Same(c, value)))
            {
                current.Add(value?.DeepClone());
            }
        }

        Sort(list, current, before, order ?? patch);
        return current;
    }

    private static void DeleteScalars(JsonObject target, string field, JsonArray? values)
    {
        if (target.List(field) is not { } list)
        {
            return;
        }

        for (int i = list.Count - 1; i >= 0; i--)
        {
            if (values?.Any(v => JsonNodes.Same(v, list[i])) == true)
            {
                list.RemoveAt(i);
            }
        }
    }

    /// <summary>
    /// Orders a merged list: the items that the patch names come in its order, the others in theirs. Between the two the old order
    /// decides; a named item that is new comes before the others.
    /// </summary>
    private static void Sort(ListShape shape, JsonArray list, JsonNode?[] before, IList<JsonNode?> order)
    {
        JsonNode? KeyOf(JsonNode? item) => shape.MergeKey is { } key && item is JsonObject fields ? fields[key] : item;
        int Rank(IList<JsonNode?> among, JsonNode? item)
        {
            for (int i = 0; i < among.Count; i++)
            {
                if (JsonNodes.Same(KeyOf(among[i]), KeyOf(item)))
                {
                    return i;
                }
            }

            return -1;
        }

        JsonNode?[] items = [.. list];
        list.Clear();
        var named = new Queue<JsonNode?>(items.Where(i => Rank(order, i) >= 0).OrderBy(i => Rank(order, i)));
        var others = new Queue<JsonNode?>(items.Where(i => Rank(order, i) < 0));
        while (named.Count > 0 || others.Count > 0)
        {
            bool takesOther = named.Count == 0
                || (others.Count > 0 && Rank(before, others.Peek()) is >= 0 and var other && Rank(before, named.Peek()) is >= 0 and var mine && other < mine);
            list.Add(takesOther ? others.Dequeue() : named.Dequeue());
        }
    }

    private static int IndexOf(JsonArray list, string key, JsonNode? value)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i] is JsonObject item && JsonNodes.Same(item[key], value))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes a child out of its parent so that it can be put somewhere else.</summary>
    private static JsonNode? Detached(JsonObject parent, string name)
    {
        JsonNode? child = parent[name];
        if (child is not null)
        {
            // The place stays, so that the order of the fields does.
            parent[name] = null;
        }

        return child;
    }

    private static bool IsDirective(string name) => name.Length > 0 && name[0] == '$'
        && (name is Directive or RetainKeys || name.StartsWith(SetElementOrder, StringComparison.Ordinal) || name.StartsWith(DeleteFromList, StringComparison.Ordinal));

    private static bool IsOnlyDirective(JsonObject item) => item.All(p => IsDirective(p.Key));

    private static JsonObject WithoutDirectives(JsonObject patch)
    {
        var copy = new JsonObject();
        foreach ((string name, JsonNode? value) in patch)
        {
            if (!IsDirective(name))
            {
                copy[name] = value is JsonObject inner ? WithoutDirectives(inner) : value?.DeepClone();
            }
        }

        return copy;
    }

    private static Shape FieldShape(Shape shape, string name) => shape switch
    {
        ObjectShape known => known.Fields.GetValueOrDefault(name, Shape.Unknown),
        MapShape map => map.Value,
        _ => Shape.Unknown,
    };
}
