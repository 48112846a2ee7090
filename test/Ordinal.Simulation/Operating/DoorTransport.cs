using Ordinal.ControlPlane.Door;
using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>The operator's way into an embedded cluster without a socket. A request is carried out on the caller's thread, in one step.</summary>
/// <param name="door">The cluster's door.</param>
/// <param name="userAgent">Sent with every request.</param>
internal sealed class DoorTransport(IClusterDoor door, string userAgent) : IApiTransport
{
    /// <inheritdoc/>
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) =>
        ResponseOf(await door.SendAsync(CallOf(request), cancellationToken));

    /// <inheritdoc/>
    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        StreamOpening opening = await door.OpenAsync(CallOf(request), cancellationToken);
        return new ApiStreamOpening(
            opening.Refused is { } refused ? ResponseOf(refused) : null,
            opening.Feed is { } feed ? new FeedLines(feed) : null);
    }

    private static ApiResponse ResponseOf(ApiAnswer answer) => new(answer.StatusCode, answer.Body) { RetryAfter = answer.RetryAfter };

    private ApiCall CallOf(ApiRequest request)
    {
        string query = request.PathAndQuery.Length > request.Path.Length ? request.PathAndQuery[(request.Path.Length + 1)..] : "";
        return new ApiCall(request.Method, request.Path, query)
        {
            ContentType = request.ContentType,
            Accept = request.Accept,
            UserAgent = userAgent,
            Body = request.Body,
        };
    }

    private sealed class FeedLines(IApiFeed feed) : IApiLines
    {
        public ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken) => feed.ReadAsync(cancellationToken);

        public ValueTask DisposeAsync() => feed.DisposeAsync();
    }
}
