using System.Collections.Concurrent;
using System.Text.Json;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>
/// A transport that knows how far each of the operator's watches was taken in. Watches of two kinds are independent of each other: what a test writes to
/// a policy and then to a StatefulSet, the operator may see the other way round.
/// </summary>
internal class SeeingTransport(IApiTransport inner) : IApiTransport
{
    private readonly ConcurrentDictionary<string, string> versions = new(StringComparer.Ordinal);

    /// <summary>Wraps a transport; it has sockets if that one has.</summary>
    public static SeeingTransport Around(IApiTransport inner) => inner is IApiSockets sockets ? new WithSockets(inner, sockets) : new SeeingTransport(inner);

    /// <summary>Returns whether the watch of a resource (plural, as in paths) was taken in up to a version.</summary>
    public bool HasSeen(string resource, string version) => versions.TryGetValue(resource, out var seen) && ResourceVersions.HasSeen(seen, version);

    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) => inner.SendAsync(request, cancellationToken);

    public Task<ApiResponse?> ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken) => inner.ReadAsync(request, readAsync, cancellationToken);

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var opening = await inner.OpenAsync(request, cancellationToken);
        if (opening.Stream is not { } stream)
        {
            return opening;
        }

        // A watch begins where a list ended that the store has taken in already.
        var resource = request.Path[(request.Path.LastIndexOf('/') + 1)..];
        const string Parameter = "resourceVersion=";
        if (request.PathAndQuery.Split('?', '&').FirstOrDefault(each => each.StartsWith(Parameter, StringComparison.Ordinal)) is { } version)
        {
            versions[resource] = version[Parameter.Length..];
        }

        return opening with { Stream = new Lines(this, stream, resource) };
    }

    private sealed class WithSockets(IApiTransport inner, IApiSockets sockets) : SeeingTransport(inner), IApiSockets
    {
        public Task<ApiSocketOpening> ConnectAsync(string pathAndQuery, IReadOnlyList<string> protocols, CancellationToken cancellationToken) =>
            sockets.ConnectAsync(pathAndQuery, protocols, cancellationToken);
    }

    private sealed class Lines(SeeingTransport transport, IApiLines lines, string resource) : IApiLines
    {
        private string last = "";

        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            // Whoever asks for the next line has taken in the last one.
            if (last.Length > 0)
            {
                transport.versions[resource] = last;
            }

            var line = await lines.ReadLineAsync(cancellationToken);
            last = "";
            if (line is { IsEmpty: false } bytes)
            {
                using var document = JsonDocument.Parse(bytes);
                last = document.RootElement.Member("object").Member("metadata").Text("resourceVersion");
            }

            return line;
        }

        public ValueTask DisposeAsync() => lines.DisposeAsync();
    }
}
