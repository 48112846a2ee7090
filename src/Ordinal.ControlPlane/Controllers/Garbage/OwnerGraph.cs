using System.Collections.Immutable;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Garbage;

/// <summary>Names one object of any kind.</summary>
public readonly record struct ObjectName(ResourceKind Kind, ObjectKey Key)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind.Kind} {Key}";
}

/// <summary>Who owns whom, as far as the watches have told.</summary>
public sealed class OwnerGraph
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, ObjectName> present = [];
    private readonly Dictionary<string, Dictionary<ObjectName, KubeObject>> dependents = [];

    /// <summary>Takes in one change of a store.</summary>
    public void Take(ResourceKind kind, StoreChange change)
    {
        ObjectName name = new(kind, change.Latest.Key);
        lock (gate)
        {
            foreach (OwnerReference owner in change.Before?.Owners ?? [])
            {
                if (dependents.TryGetValue(owner.Uid, out Dictionary<ObjectName, KubeObject>? known) && known.Remove(name) && known.Count == 0)
                {
                    dependents.Remove(owner.Uid);
                }
            }

            if (change.Before is { } before)
            {
                present.Remove(before.Uid);
            }

            if (change.After is not { } after)
            {
                return;
            }

            present[after.Uid] = name;
            foreach (OwnerReference owner in after.Owners)
            {
                if (!dependents.TryGetValue(owner.Uid, out Dictionary<ObjectName, KubeObject>? known))
                {
                    dependents[owner.Uid] = known = [];
                }

                known[name] = after;
            }
        }
    }

    /// <summary>Gets the object with a uid; null when no watch shows it.</summary>
    public ObjectName? Find(string uid)
    {
        lock (gate)
        {
            return present.TryGetValue(uid, out ObjectName name) ? name : null;
        }
    }

    /// <summary>Gets what an object owns, sorted by kind and name.</summary>
    public ImmutableArray<(ObjectName Name, KubeObject Item)> DependentsOf(string uid)
    {
        lock (gate)
        {
            return dependents.TryGetValue(uid, out Dictionary<ObjectName, KubeObject>? known)
                ? [.. known.Select(entry => (entry.Key, entry.Value)).OrderBy(entry => entry.Key.Kind.Kind, StringComparer.Ordinal).ThenBy(entry => entry.Key.Key)]
                : [];
        }
    }
}
