using System.Net;
using System.Net.WebSockets;

namespace Ordinal.Runtime.Client;

/// <content>WebSockets over the same TLS and credentials as every other request.</content>
public sealed partial class KubernetesTransport
{
    /// <inheritdoc/>
    public async Task<ApiSocketOpening> ConnectAsync(string pathAndQuery, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(protocols);
        using var message = await MessageAsync(new ApiRequest("GET", pathAndQuery), cancellationToken);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.CollectHttpResponseDetails = true;
            foreach (var protocol in protocols)
            {
                socket.Options.AddSubProtocol(protocol);
            }

            foreach (var header in message.Headers.Where(header => header.Key != "Accept"))
            {
                socket.Options.SetRequestHeader(header.Key, string.Join(", ", header.Value));
            }

            var address = new UriBuilder(message.RequestUri!) { Scheme = client.BaseUri.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs }.Uri;
            await socket.ConnectAsync(address, client.HttpClient, cancellationToken);
            return new ApiSocketOpening(0, socket);
        }
        catch (WebSocketException) when (socket.HttpStatusCode is not (0 or HttpStatusCode.SwitchingProtocols))
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            return new ApiSocketOpening(status, null);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
