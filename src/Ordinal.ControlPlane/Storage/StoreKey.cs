namespace Ordinal.ControlPlane.Storage;

/// <summary>Names one object of one resource. Cluster-scoped objects have an empty namespace.</summary>
/// <param name="Resource">Storage name of the resource: <c>plural.group</c>, or the plural alone for the core group.</param>
/// <param name="Namespace">Namespace; empty for cluster-scoped objects.</param>
/// <param name="Name">Object name.</param>
public readonly record struct StoreKey(string Resource, string Namespace, string Name)
{
    /// <summary>Orders keys within one resource as a list shows them: by namespace, then by name, ordinal.</summary>
    public static int CompareWithinResource(StoreKey left, StoreKey right)
    {
        int byNamespace = string.CompareOrdinal(left.Namespace, right.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(left.Name, right.Name);
    }

    public override string ToString() => Namespace.Length == 0 ? $"{Resource}/{Name}" : $"{Resource}/{Namespace}/{Name}";
}
