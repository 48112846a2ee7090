using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// A strategic merge patch: a merge patch that knows which lists are maps. Understands the directives <c>$patch</c>
/// (merge, replace, delete), <c>$retainKeys</c>, <c>$setElementOrder/field</c> and <c>$deleteFromPrimitiveList/field</c>.
/// </summary>
internal sealed class StrategicMergePatch(Shape shape, JsonObject patch) : IDocumentPatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string SetElementOrder = "$setElementOrder/";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";

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
                throw Refuse.BadRequest($"Unknown patch type found: {unknown}");
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
                MergeField(FieldShape(shape, name), target, name, value);
            }
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            if (name.StartsWith(SetElementOrder, StringComparison.Ordinal))
            {
                string field = name[SetElementOrder.Length..];
                Reorder(FieldShape(shape, field) as ListShape, target.List(field), value as JsonArray);
            }
        }

        return target;
    }

    private static void MergeField(Shape shape, JsonObject target, string name, JsonNode? value)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
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
            case JsonArray items when shape is ListShape { MergeKey: { } key } list:
                target[name] = MergeItems(list, key, Detached(target, name) as JsonArray ?? [], items);
                return;
            case JsonArray items when shape is ListShape { MergesScalars: true }:
                target[name] = MergeScalars(Detached(target, name) as JsonArray ?? [], items);
                return;
            default:
                target[name] = value.DeepClone();
                return;
        }
    }

    private static JsonArray MergeItems(ListShape list, string key, JsonArray current, JsonArray patch)
    {
        if (patch.Any(i => (i as JsonObject).Text(Directive) == "replace"))
        {
            return new JsonArray([.. patch.OfType<JsonObject>().Where(i => !IsOnlyDirective(i)).Select(WithoutDirectives)]);
        }

        foreach (JsonNode? node in patch)
        {
            var item = node as JsonObject;
            if (item is null || item[key] is null)
            {
                throw Refuse.BadRequest($"map: {JsonText.WriteString(node)} does not contain declared merge key: {key}");
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

        return current;
    }

    private static JsonArray MergeScalars(JsonArray current, JsonArray patch)
    {
        foreach (JsonNode? value in patch)
        {
            if (!current.Any(c => JsonNodes.Same(c, value)))
            {
                current.Add(value?.DeepClone());
            }
        }

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

    /// <summary>The places of the named items are filled again in the named order; what only the server has keeps its place.</summary>
    private static void Reorder(ListShape? shape, JsonArray? list, JsonArray? order)
    {
        if (list is null || order is null)
        {
            return;
        }

        JsonNode? KeyOf(JsonNode? item) => shape?.MergeKey is { } key && item is JsonObject fields ? fields[key] : item;
        int Rank(JsonNode? item)
        {
            for (int i = 0; i < order.Count; i++)
            {
                if (JsonNodes.Same(KeyOf(order[i]), KeyOf(item)))
                {
                    return i;
                }
            }

            return -1;
        }

        JsonNode?[] items = [.. list];
        list.Clear();
        var named = new Queue<JsonNode?>(items.Where(i => Rank(i) >= 0).OrderBy(Rank));
        foreach (JsonNode? item in items)
        {
            list.Add(Rank(item) >= 0 ? named.Dequeue() : item);
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
