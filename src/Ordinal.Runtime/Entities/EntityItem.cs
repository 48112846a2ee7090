using k8s;
using k8s.Models;

namespace Ordinal.Runtime.Entities;

/// <summary>Carries a whole object of one of the client's own model classes through a store.</summary>
/// <typeparam name="TEntity">A model class of the official client.</typeparam>
/// <param name="Entity">The object; never changed.</param>
public sealed record EntityItem<TEntity>(TEntity Entity) : IStoreItem
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    /// <inheritdoc/>
    public NamespacedName Key => new(Entity.Metadata.NamespaceProperty ?? "", Entity.Metadata.Name ?? "");

    /// <inheritdoc/>
    public string Uid => Entity.Metadata.Uid ?? "";

    /// <inheritdoc/>
    public string ResourceVersion => Entity.Metadata.ResourceVersion ?? "";

    /// <inheritdoc/>
    public long Generation => Entity.Metadata.Generation ?? 0;

    /// <inheritdoc/>
    public bool IsTerminating => Entity.Metadata.DeletionTimestamp is not null;
}
