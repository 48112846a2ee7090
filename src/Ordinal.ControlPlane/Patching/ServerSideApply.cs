using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// Server-side apply: merges a declared document into the live one, takes away what the manager declared before and no longer
/// does (unless somebody else owns it), and refuses to change what others own unless it is forced.
/// </summary>
internal sealed class ServerSideApply(Shape shape, JsonObject declared, WriteContext context, bool force)
{
    /// <summary>Applies to a live document, or to an empty one for a creation. Managed fields of the result are up to date.</summary>
    /// <exception cref="ApiRefusalException">Others own what would change (409).</exception>
    public JsonObject Apply(JsonObject live)
    {
        List<FieldOwner> owners = ManagedFields.Read(live);
        if (owners.Count == 0 && live.Child("metadata").Text("uid") is not null)
        {
            // Nobody's fields so far: what is there belongs to whoever was before the first apply.
            owners.Add(new FieldOwner("before-first-apply", "Update", context.ApiVersion, "")
            {
                Time = JsonNodes.Timestamp(context.Now), Fields = FieldComparison.Of(shape, null, live).Added,
            });
        }

        var self = new FieldOwner(context.Manager, "Apply", context.ApiVersion, context.Subresource);
        FieldOwner? mine = owners.Find(o => o.IsSameOwner(self));
        FieldTree before = mine?.Fields ?? new FieldTree();
        FieldTree now = FieldComparison.Declared(shape, declared);
        if (mine is null)
        {
            owners.Add(mine = self);
        }

        mine.Fields = now;

        var merged = (JsonObject)live.DeepClone();
        Merge(shape, merged, declared);
        Prune(shape, merged, before, Union(owners));

        FieldComparison changes = FieldComparison.Of(shape, live, merged);
        CheckConflicts(owners, mine, changes);
        foreach (FieldOwner owner in owners)
        {
            owner.Fields.Remove(changes.Removed);
            if (owner != mine)
            {
                owner.Fields.Remove(changes.Added);
                owner.Fields.Remove(changes.Modified);
            }
        }

        // The time says when the manager last changed something; an apply that changes nothing is no write at all.
        bool isSame = changes.Added.IsEmpty && changes.Modified.IsEmpty && changes.Removed.IsEmpty && JsonNodes.Same(before.Write(), now.Write());
        if (!isSame || mine.Time.Length == 0)
        {
            mine.Time = JsonNodes.Timestamp(context.Now);
        }

        ManagedFields.Write(merged, owners);
        return merged;
    }

    private static JsonNode? WithoutNulls(Shape shape, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                var copy = new JsonObject();
                foreach ((string name, JsonNode? value) in fields)
                {
                    Shape inner = ShapeOf(shape, name);
                    if (value is not null)
                    {
                        copy[name] = WithoutNulls(inner, value);
                    }
                    else if (shape is MapShape && inner is ScalarShape { Kind: ScalarKind.Text })
                    {
                        copy[name] = "";
                    }
                }

                return copy;
            case JsonArray items:
                Shape item = shape is ListShape list ? list.Item : Shape.Unknown;
                return new JsonArray([.. items.Select(i => WithoutNulls(item, i))]);
            default:
                return node?.DeepClone();
        }
    }

    private static FieldTree Union(List<FieldOwner> owners)
    {
        var all = new FieldTree();
        foreach (FieldOwner owner in owners)
        {
            all.Add(owner.Fields);
        }

        return all;
    }

    private static Shape ShapeOf(Shape shape, string name) => shape switch
    {
        ObjectShape known => known.Fields.GetValueOrDefault(name, Shape.Unknown),
        MapShape map => map.Value,
        _ => Shape.Unknown,
    };

    private static bool IsAtomic(Shape shape, JsonNode value) => shape switch
    {
        ScalarShape or AtomicShape or ObjectShape { IsAtomic: true } => true,
        ListShape list => list.Kind == ListKind.Atomic,
        _ => value is not JsonObject,
    };

    private static void Merge(Shape shape, JsonObject target, JsonObject config)
    {
        foreach ((string name, JsonNode? value) in config)
        {
            Shape field = ShapeOf(shape, name);
            if (value is not null)
            {
                target[name] = MergeValue(field, target[name], value);
            }
            else if (shape is MapShape)
            {
                target[name] = field is ScalarShape { Kind: ScalarKind.Text } ? "" : null;
            }
            else if (field is ScalarShape or AtomicShape or UnknownShape)
            {
                // A null is a value of its own for a single field; an object or list it leaves as it is.
                target.Remove(name);
            }
        }
    }

    private static JsonNode MergeValue(Shape shape, JsonNode? target, JsonNode value)
    {
        if (target is null || IsAtomic(shape, value))
        {
            return WithoutNulls(shape, value)!;
        }

        if (shape is ListShape list && value is JsonArray items)
        {
            return MergeItems(list, target as JsonArray ?? [], items);
        }

        if (value is JsonObject fields && target is JsonObject existing)
        {
            var copy = (JsonObject)existing.DeepClone();
            Merge(shape, copy, fields);
            return copy;
        }

        return WithoutNulls(shape, value)!;
    }

    /// <summary>Items that both have stay where the declared order puts them; the live ones in between keep their places.</summary>
    private static JsonArray MergeItems(ListShape list, JsonArray live, JsonArray declared)
    {
        OrderedDictionary<string, JsonNode?> liveItems = FieldSteps.Items(list, live);
        OrderedDictionary<string, JsonNode?> declaredItems = FieldSteps.Items(list, declared);
        var result = new JsonArray();
        var done = new HashSet<string>(StringComparer.Ordinal);
        OrderedDictionary<string, JsonNode?>.Enumerator next = declaredItems.GetEnumerator();
        foreach ((string step, JsonNode? item) in liveItems)
        {
            if (!declaredItems.ContainsKey(step))
            {
                result.Add(item?.DeepClone());
                continue;
            }

            while (!done.Contains(step) && next.MoveNext())
            {
                AddMerged(next.Current.Key, next.Current.Value);
            }
        }

        while (next.MoveNext())
        {
            AddMerged(next.Current.Key, next.Current.Value);
        }

        // An item that lacks its keys is nobody's counterpart; validation will say so.
        foreach (JsonNode? item in declared.Where(i => FieldSteps.OfItem(list, i) is null))
        {
            result.Add(item?.DeepClone());
        }

        return result;

        void AddMerged(string step, JsonNode? item)
        {
            done.Add(step);
            JsonNode? existing = liveItems.GetValueOrDefault(step);
            result.Add(item is null ? null : list.Kind == ListKind.Set ? item.DeepClone() : MergeValue(list.Item, existing, item));
        }
    }

    /// <summary>Removes what was declared before and that nobody owns now. An object that is left empty by it goes too.</summary>
    private static void Prune(Shape shape, JsonObject document, FieldTree before, FieldTree owned)
    {
        foreach ((string step, FieldTree was) in before.Children)
        {
            if (!step.StartsWith("f:", StringComparison.Ordinal))
            {
                continue;
            }

            string name = step[2..];
            FieldTree? still = owned.Children.GetValueOrDefault(step);
            if (document[name] is not { } value)
            {
                continue;
            }

            if (was.Children.Count == 0)
            {
                if (still is null)
                {
                    document.Remove(name);
                }

                continue;
            }

            bool isEmpty = PruneInside(ShapeOf(shape, name), value, was, still ?? new FieldTree());
            if (isEmpty && still is null)
            {
                document.Remove(name);
            }
        }
    }

    private static bool PruneInside(Shape shape, JsonNode value, FieldTree before, FieldTree owned)
    {
        switch (value)
        {
            case JsonObject fields:
                Prune(shape, fields, before, owned);
                return fields.Count == 0;
            case JsonArray items when shape is ListShape list:
                for (int i = items.Count - 1; i >= 0; i--)
                {
                    if (FieldSteps.OfItem(list, items[i]) is not { } step || !before.Children.TryGetValue(step, out FieldTree? was))
                    {
                        continue;
                    }

                    FieldTree? still = owned.Children.GetValueOrDefault(step);
                    if (still is null)
                    {
                        items.RemoveAt(i);
                    }
                    else if (items[i] is JsonObject item)
                    {
                        Prune(list.Item, item, was, still);
                    }
                }

                return items.Count == 0;
            default:
                return false;
        }
    }

    private void CheckConflicts(List<FieldOwner> owners, FieldOwner mine, FieldComparison changes)
    {
        if (force)
        {
            return;
        }

        var conflicts = new List<(FieldOwner Owner, string Path)>();
        foreach (FieldOwner owner in owners.Where(o => o != mine).OrderBy(o => o.Manager, StringComparer.Ordinal))
        {
            foreach (IReadOnlyList<string> path in owner.Fields.Common(changes.Modified).Concat(owner.Fields.Common(changes.Added)))
            {
                conflicts.Add((owner, FieldSteps.Show(path)));
            }
        }

        if (conflicts.Count == 0)
        {
            return;
        }

        string message = conflicts.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {conflicts[0].Owner.Shown}: {conflicts[0].Path}"
            : $"Apply failed with {conflicts.Count} conflicts: " + string.Join('\n', conflicts
                .GroupBy(c => c.Owner)
                .SelectMany(g => g.Select(c => $"- {c.Path}").Prepend($"conflicts with {g.Key.Shown}:")));
        throw new ApiRefusalException(409, "Conflict", message)
        {
            Causes = [.. conflicts.Select(c => new StatusCause("FieldManagerConflict", $"conflict with {c.Owner.Shown}", c.Path))],
        };
    }
}
