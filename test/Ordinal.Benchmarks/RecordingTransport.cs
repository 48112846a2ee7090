using Ordinal.Runtime.Client;

namespace Ordinal.Benchmarks;

/// <summary>A request that was sent, or a line that was read from a watch.</summary>
/// <param name="Method">The HTTP method; WATCH for a line.</param>
/// <param name="Path">The path of the request.</param>
/// <param name="Body">The request's body, or the line.</param>
/// <param name="Began">When it was sent or read.</param>
/// <param name="Ended">When its answer was there.</param>
internal sealed record Recorded(string Method, string Path, byte[] Body, long Began, long Ended);

/// <summary>Notes when the operator sends and reads what. It copies and reads the clock, and nothing else.</summary>
internal sealed class RecordingTransport(IApiTransport inner) : IApiTransport
{
    private readonly Lock gate = new();
    private List<Recorded> all = [];

    public void Clear() => Take();

    /// <summary>Returns what was noted so far, in the order in which it ended, and begins anew.</summary>
    public IReadOnlyList<Recorded> Take()
    {
        lock (gate)
        {
            var taken = all;
            all = [];
            return taken;
        }
    }

    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var answer = await inner.SendAsync(request, cancellationToken);
        Add(new Recorded(request.Method, request.Path, request.Body.ToArray(), began, TimeProvider.System.GetTimestamp()));
        return answer;
    }

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var opening = await inner.OpenAsync(request, cancellationToken);
        return opening.Stream is { } stream ? opening with { Stream = new Lines(this, request.Path, stream) } : opening;
    }

    private void Add(Recorded one)
    {
        lock (gate)
        {
            all.Add(one);
        }
    }

    private sealed class Lines(RecordingTransport owner, string path, IApiLines inner) : IApiLines
    {
        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            var line = await inner.ReadLineAsync(cancellationToken);
            if (line is { } read)
            {
                var now = TimeProvider.System.GetTimestamp();
                owner.Add(new Recorded("WATCH", path, read.ToArray(), now, now));
            }

            return line;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
