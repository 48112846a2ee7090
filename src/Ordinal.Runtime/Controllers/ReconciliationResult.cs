namespace Ordinal.Runtime.Controllers;

/// <summary>What came of one pass.</summary>
/// <typeparam name="TEntity">The kind.</typeparam>
public sealed record ReconciliationResult<TEntity>
{
    private ReconciliationResult(TEntity entity, bool isSuccess, TimeSpan? requeueAfter, string? errorMessage, Exception? error)
    {
        Entity = entity;
        IsSuccess = isSuccess;
        RequeueAfter = requeueAfter;
        ErrorMessage = errorMessage;
        Error = error;
    }

    /// <summary>Gets the object of the pass.</summary>
    public TEntity Entity { get; }

    /// <summary>Gets a value indicating whether the pass did what it set out to do.</summary>
    public bool IsSuccess { get; }

    /// <summary>Gets when to come back although nothing changes; null for not.</summary>
    public TimeSpan? RequeueAfter { get; }

    /// <summary>Gets what went wrong; null after a success.</summary>
    public string? ErrorMessage { get; }

    /// <summary>Gets the error behind it; may be null.</summary>
    public Exception? Error { get; }

    /// <summary>A pass that did what it set out to do.</summary>
    /// <param name="entity">The object.</param>
    /// <param name="requeueAfter">When to come back although nothing changes; null for not.</param>
#pragma warning disable CA1000 // KubeOps' shape: ReconciliationResult<T>.Success(entity).
    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) => new(entity, true, requeueAfter, null, null);

    /// <summary>A pass that failed; it comes back after the back-off, or after <paramref name="requeueAfter"/> when that is given; with an error at the earlier of both.</summary>
    public static ReconciliationResult<TEntity> Failure(TEntity entity, string errorMessage, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new(entity, false, requeueAfter, errorMessage, error);
#pragma warning restore CA1000
}

/// <summary>A failure that the same pass would meet again until a person changes something: reported, not retried hot.</summary>
public sealed class TerminalException(string message, Exception? innerException = null) : Exception(message, innerException);
