using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Controllers;

/// <summary>Brings one object of a kind to what its spec asks for. Called with what the store has; it must not change the entity.</summary>
/// <typeparam name="TEntity">A custom resource's class, or a projection.</typeparam>
public interface IEntityController<TEntity>
    where TEntity : class, IStoreItem
{
    /// <summary>
    /// Makes one pass. Called when the object, or something it owns, has changed, and when a requeue is due; never twice at a time
    /// for one key. It must judge by the state it finds, not by what may have changed.
    /// </summary>
    /// <param name="entity">The object as last seen. May be terminating.</param>
    /// <param name="cancellationToken">Ends the pass: its time is up, the leadership is lost or the operator stops.</param>
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>Hears that an object is gone. Not told of deletions while no operator ran: what must be done belongs behind a finalizer.</summary>
    /// <param name="entity">The object as last seen.</param>
    /// <param name="cancellationToken">As for <see cref="ReconcileAsync"/>.</param>
    Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellationToken);
}
