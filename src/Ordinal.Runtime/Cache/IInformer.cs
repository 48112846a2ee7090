namespace Ordinal.Runtime.Cache;

/// <summary>Keeps one store fresh.</summary>
public interface IInformer
{
    /// <summary>Gets the store.</summary>
    IStore Items { get; }

    /// <summary>Lists and watches until cancelled, which is a normal return. Failures are met with back-off and never end it.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Lists anew with the resourceVersion unset (a quorum read) and returns when the store holds the result. The list starts after
    /// the call. A failed list is tried again until the token is cancelled.
    /// </summary>
    Task RelistAsync(CancellationToken cancellationToken);

    /// <summary>Returns when the first list has been taken in.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken);
}
