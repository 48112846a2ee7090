using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>A stream that asks the faults before it delivers a frame.</summary>
internal sealed class FaultyFeed(IApiFeed inner, ApiCall apiCall, IApiFaults faults) : IApiFeed
{
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? frame = await inner.ReadAsync(cancellationToken);
        return frame is { } bytes && !await faults.BeforeFrameAsync(apiCall, bytes, cancellationToken) ? null : frame;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
