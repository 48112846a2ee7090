using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Where a simulation and the <c>fault</c> verbs step into the API server. Latency is an await on the simulation's time, a lost
/// connection an <see cref="HttpRequestException"/>.
/// </summary>
public interface IApiFaults
{
    /// <summary>Called before a request is carried out.</summary>
    /// <returns>An answer to give instead (the request is not carried out), or null.</returns>
    /// <exception cref="HttpRequestException">The connection is to be lost; the request is not carried out.</exception>
    ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken);

    /// <summary>Called after a request was carried out.</summary>
    /// <returns>The answer to give; another one than the real one plays a lost answer.</returns>
    /// <exception cref="HttpRequestException">The connection is to be lost; the request was carried out.</exception>
    ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken);

    /// <summary>Called before each frame of a watch is delivered; a delay here is a slow watch.</summary>
    /// <returns>False to end the watch in good order instead.</returns>
    /// <exception cref="HttpRequestException">The watch is to be dropped.</exception>
    ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>Called when a watch is open.</summary>
    /// <param name="drop">Cancelled by whoever wants the watch to lose its connection, between two frames too.</param>
    void WatchOpened(ApiCall apiCall, CancellationTokenSource drop)
    {
    }

    /// <summary>Called when a watch has ended.</summary>
    void WatchClosed(CancellationTokenSource drop)
    {
    }
}

/// <summary>Injects nothing.</summary>
public sealed class NoFaults : IApiFaults
{
    /// <summary>Gets the one instance.</summary>
    public static NoFaults Instance { get; } = new();

    private NoFaults()
    {
    }

    public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken) => new((ApiAnswer?)null);

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken) => new(answer);

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => new(true);
}
