using System.Text.Json;
using k8s;
using k8s.Models;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Cache;

/// <summary>
/// Makes what a store keeps out of what the server sent. Must be tolerant: absent members are empty, unknown ones ignored. The
/// element is valid during the call only.
/// </summary>
/// <typeparam name="TItem">What the store keeps.</typeparam>
/// <param name="entity">The object.</param>
/// <param name="strings">Shares texts that repeat.</param>
public delegate TItem Projection<out TItem>(JsonElement entity, StringPool strings);

/// <summary>Ready-made projections.</summary>
public static class Projections
{
    /// <summary>Keeps whole custom resources, without managed fields.</summary>
    public static Projection<TEntity> Custom<TEntity>()
        where TEntity : class, IKubernetesObject<V1ObjectMeta>, IStoreItem =>
        static (element, _) => Strip(EntityJson.Read<TEntity>(element));

    /// <summary>Keeps whole objects of the client's models, without managed fields. Big: 3 to 5 times a pod's JSON.</summary>
    public static Projection<EntityItem<TEntity>> Model<TEntity>()
        where TEntity : class, IKubernetesObject<V1ObjectMeta> =>
        static (element, _) => new EntityItem<TEntity>(Strip(EntityJson.Read<TEntity>(element)));

    private static TEntity Strip<TEntity>(TEntity entity)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        entity.Metadata ??= new V1ObjectMeta();
        entity.Metadata.ManagedFields = null;
        return entity;
    }
}
