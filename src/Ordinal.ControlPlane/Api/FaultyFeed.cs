using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>A stream that asks the faults before it delivers a frame, and that they can drop.</summary>
internal sealed class FaultyFeed : IApiFeed
{
    private readonly IApiFeed inner;
    private readonly ApiCall apiCall;
    private readonly IApiFaults faults;
    private readonly CancellationTokenSource drop = new();
    private CancellationTokenSource? either;
    private CancellationToken reader;

    public FaultyFeed(IApiFeed inner, ApiCall apiCall, IApiFaults faults)
    {
        this.inner = inner;
        this.apiCall = apiCall;
        this.faults = faults;
        faults.WatchOpened(apiCall, drop);
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        // One reader with one token reads a whole watch: linked once, not once a frame.
        if (either is null || reader != cancellationToken)
        {
            either?.Dispose();
            either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drop.Token);
            reader = cancellationToken;
        }

        try
        {
            ReadOnlyMemory<byte>? frame = await inner.ReadAsync(either.Token);
            return frame is { } bytes && !await faults.BeforeFrameAsync(apiCall, bytes, either.Token) ? null : frame;
        }
        catch (OperationCanceledException) when (drop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException("the watch is lost (an injected fault)");
        }
    }

    public async ValueTask DisposeAsync()
    {
        faults.WatchClosed(drop);
        await inner.DisposeAsync();
        either?.Dispose();
        drop.Dispose();
    }
}
