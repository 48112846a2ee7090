using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>All resources that are served now: the built-in ones and those of CRDs. Readers see a consistent snapshot.</summary>
public sealed class TypeRegistry
{
    // Replaced as a whole, never changed.
    private volatile Dictionary<(string Group, string Plural), ResourceType[]> _byName = [];

    private ImmutableArray<ResourceType> _inOrder = [];

    /// <summary>Creates a registry of the built-in resources.</summary>
    /// <param name="timeProvider">Time of CRDs' conditions.</param>
    /// <param name="keepsMaxUnavailable">Whether the feature gate MaxUnavailableStatefulSet is on.</param>
    public TypeRegistry(TimeProvider timeProvider, bool keepsMaxUnavailable)
    {
        _inOrder = [.. BuiltInTypes.Create(timeProvider, keepsMaxUnavailable)];
        Index();
    }

    /// <summary>Gets all resources, in the order in which discovery shows them.</summary>
    public IReadOnlyList<ResourceType> All => _inOrder;

    /// <summary>Finds a resource.</summary>
    public ResourceType? Find(string group, string version, string plural)
    {
        if (_byName.TryGetValue((group, plural), out ResourceType[]? versions))
        {
            foreach (ResourceType type in versions)
            {
                if (type.Version == version)
                {
                    return type;
                }
            }
        }

        return null;
    }

    /// <summary>Finds a resource in whichever version it is stored.</summary>
    public ResourceType? FindAnyVersion(string group, string plural) =>
        _byName.TryGetValue((group, plural), out ResourceType[]? versions) ? versions[0] : null;

    /// <summary>Replaces all versions of one resource; an empty list removes it. Callers serialise their calls.</summary>
    public void Replace(string group, string plural, IReadOnlyList<ResourceType> versions)
    {
        ImmutableArray<ResourceType> others = _inOrder.RemoveAll(t => t.Group == group && t.Plural == plural);
        _inOrder = others.AddRange(versions);
        Index();
    }

    private void Index() => _byName = _inOrder
        .GroupBy(t => (t.Group, t.Plural))
        .ToDictionary(g => g.Key, g => g.ToArray());
}
