using Ordinal.Runtime.Client;

namespace Ordinal.Benchmarks;

/// <summary>A request that was sent, or a line that was read from a watch.</summary>
/// <param name="Method">The HTTP method; WATCH for a line.</param>
/// <param name="Path">The path of the request.</param>
/// <param name="Body">The request's body, or the line.</param>
/// <param name="Began">When it was sent or read.</param>
/// <param name="Ended">When its answer was there.</param>
/// <param name="CollectingBefore">How long collections had stopped this process until it was sent.</param>
/// <param name="CollectingAfter">The same until its answer was there.</param>
internal sealed record Recorded(string Method, string Path, ReadOnlyMemory<byte> Body, long Began, long Ended, TimeSpan CollectingBefore, TimeSpan CollectingAfter);

/// <summary>
/// Notes when the operator sends and reads what. It copies and reads the clock, and nothing else. The copies lie in pieces that are too large to be moved by a
/// collection of young objects: kept as arrays of their own they would make each such collection, which stops the operator, longer.
/// </summary>
internal sealed class RecordingTransport(IApiTransport inner) : IApiTransport
{
    private const int PieceSize = 1024 * 1024;
    private readonly Lock gate = new();
    private List<Recorded> all = [];
    private Memory<byte> room;

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
        var before = GC.GetTotalPauseDuration();
        var began = TimeProvider.System.GetTimestamp();
        var answer = await inner.SendAsync(request, cancellationToken);
        var ended = TimeProvider.System.GetTimestamp();
        Add(new Recorded(request.Method, request.Path, Copy(request.Body.Span), began, ended, before, GC.GetTotalPauseDuration()));
        return answer;
    }

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var opening = await inner.OpenAsync(request, cancellationToken);
        return opening.Stream is { } stream ? opening with { Stream = new Lines(this, request.Path, stream) } : opening;
    }

    private ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> body)
    {
        lock (gate)
        {
            if (room.Length < body.Length)
            {
                room = new byte[Math.Max(PieceSize, body.Length)];
            }

            var copy = room[..body.Length];
            room = room[body.Length..];
            body.CopyTo(copy.Span);
            return copy;
        }
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
                owner.Add(new Recorded("WATCH", path, owner.Copy(read.Span), now, now, TimeSpan.Zero, TimeSpan.Zero));
            }

            return line;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
