using System.Text;
using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Planted;

/// <summary>A bug between the operator and the network: what it asks, or what it reads, is not what it means.</summary>
/// <param name="inner">The network.</param>
/// <param name="ask">Changes a request and its body; null leaves it.</param>
/// <param name="read">Changes each answer and each watch event; null leaves them.</param>
internal sealed class TwistedTransport(IApiTransport inner, Func<ApiRequest, string, string>? ask, Func<string, string>? read) : IApiTransport
{
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        ApiResponse response = await inner.SendAsync(Twisted(request), cancellationToken);
        return response with { Body = Twisted(response.Body) };
    }

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        ApiStreamOpening opening = await inner.OpenAsync(request, cancellationToken);
        return opening.Stream is { } stream ? opening with { Stream = new TwistedLines(this, stream) } : opening;
    }

    private ApiRequest Twisted(ApiRequest request) => ask is null || request.Method == "GET"
        ? request
        : request with { Body = Encoding.UTF8.GetBytes(ask(request, Encoding.UTF8.GetString(request.Body.Span))) };

    private ReadOnlyMemory<byte> Twisted(ReadOnlyMemory<byte> body) => read is null ? body : Encoding.UTF8.GetBytes(read(Encoding.UTF8.GetString(body.Span)));

    private sealed class TwistedLines(TwistedTransport owner, IApiLines lines) : IApiLines
    {
        // Without its type the null would become an empty memory, which is a line: a stream without an end.
        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken) =>
            await lines.ReadLineAsync(cancellationToken) is { } line ? owner.Twisted(line) : (ReadOnlyMemory<byte>?)null;

        public ValueTask DisposeAsync() => lines.DisposeAsync();
    }
}
