using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>A network on which nothing comes through the watch of one resource while it is halted; all else does, a new list and a new watch too unless they are refused.</summary>
/// <param name="inner">The network.</param>
/// <param name="time">The world's clock.</param>
/// <param name="resource">The resource's plural name.</param>
internal sealed class HaltedWatch(IApiTransport inner, TimeProvider time, string resource) : IApiTransport
{
    private long opened;

    /// <summary>Gets the number of the last watch that is halted; those opened later are not.</summary>
    public long HaltedUpTo { get; private set; }

    /// <summary>Gets or sets a value indicating whether new lists and watches of the resource are answered with 503.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Halts the watches that are open now, for as long as they last.</summary>
    public void Halt() => HaltedUpTo = opened;

    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) =>
        Refuses(request) ? Task.FromResult(Unavailable) : inner.SendAsync(request, cancellationToken);

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (Refuses(request))
        {
            return new ApiStreamOpening(Unavailable, null);
        }

        ApiStreamOpening opening = await inner.OpenAsync(request, cancellationToken);
        return opening.Stream is { } stream && request.Path.EndsWith($"/{resource}", StringComparison.Ordinal)
            ? opening with { Stream = new Lines(this, stream, ++opened) }
            : opening;
    }

    private static ApiResponse Unavailable { get; } = new(503, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"ServiceUnavailable","code":503}"""u8.ToArray());

    private bool Refuses(ApiRequest request) => IsRefused && request.Method == "GET" && request.Path.EndsWith($"/{resource}", StringComparison.Ordinal);

    private sealed class Lines(HaltedWatch owner, IApiLines lines, long number) : IApiLines
    {
        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            ReadOnlyMemory<byte>? line = await lines.ReadLineAsync(cancellationToken);
            if (number <= owner.HaltedUpTo)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, owner.Time, cancellationToken);
            }

            return line;
        }

        public ValueTask DisposeAsync() => lines.DisposeAsync();
    }

    private TimeProvider Time => time;
}
