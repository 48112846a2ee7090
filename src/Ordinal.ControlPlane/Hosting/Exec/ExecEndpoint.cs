using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>Turns a connection that asks for a command into one of streams: a WebSocket, or SPDY/3.1 for older kubectls.</summary>
internal sealed class ExecEndpoint(ApiServer server, TimeProvider timeProvider)
{
    /// <summary>Of RFC 6455: what a server adds to a client's key.</summary>
    private const string WebSocketSeed = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const string Spdy = "SPDY/3.1";
    private const string SpdyProtocolHeader = "X-Stream-Protocol-Version";
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    /// <summary>Carries out a call.</summary>
    /// <returns>The answer that is still to be written; null when the connection has become one of streams, and they are over.</returns>
    public async Task<ApiAnswer?> HandleAsync(HttpContext context, ApiCall call, CancellationToken cancellationToken)
    {
        ExecOpening opening = await server.OpenExecAsync(call, cancellationToken);
        if (opening.Refused is { } refused)
        {
            return refused;
        }

        string protocol = context.Request.Headers.Upgrade.ToString();
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            return Refuse.BadRequest("Upgrade request required").ToAnswer();
        }

        if (protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return await WebSocketAsync(context, upgrade, opening, cancellationToken);
        }

        return protocol == Spdy ? await SpdyAsync(context, upgrade, opening, cancellationToken) : Refuse.BadRequest($"unable to upgrade: missing upgrade headers in request: {protocol}").ToAnswer();
    }

    private async Task<ApiAnswer?> WebSocketAsync(HttpContext context, IHttpUpgradeFeature upgrade, ExecOpening opening, CancellationToken cancellationToken)
    {
        string[] offered = [.. context.Request.Headers.SecWebSocketProtocol.SelectMany(each => (each ?? "").Split(',', StringSplitOptions.TrimEntries))];
        string? protocol = WebSocketChannels.Protocols.FirstOrDefault(offered.Contains);
        string key = context.Request.Headers.SecWebSocketKey.ToString();
        if (protocol is null || key.Length == 0)
        {
            return Unable(400, $"client supports [{string.Join(' ', offered)}], server accepts [{string.Join(' ', WebSocketChannels.Protocols)}]");
        }

#pragma warning disable CA5350 // RFC 6455 asks for SHA-1; nothing rests on its strength.
        byte[] accept = SHA1.HashData(Encoding.ASCII.GetBytes(key + WebSocketSeed));
#pragma warning restore CA5350
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(accept);
        context.Response.Headers.SecWebSocketProtocol = protocol;
        context.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        var socket = WebSocket.CreateFromStream(await upgrade.UpgradeAsync(), new WebSocketCreationOptions { IsServer = true, SubProtocol = protocol, KeepAliveInterval = KeepAlive });
        await RelayAsync(new WebSocketChannels(socket, opening.Request!), opening, cancellationToken);
        return null;
    }

    private async Task<ApiAnswer?> SpdyAsync(HttpContext context, IHttpUpgradeFeature upgrade, ExecOpening opening, CancellationToken cancellationToken)
    {
        string[] offered = [.. context.Request.Headers[SpdyProtocolHeader].SelectMany(each => (each ?? "").Split(',', StringSplitOptions.TrimEntries))];
        if (!offered.Contains(SpdyChannels.Protocol))
        {
            return Unable(403, $"client supports [{string.Join(' ', offered)}], server accepts [{SpdyChannels.Protocol}]");
        }

        context.Response.Headers.Upgrade = Spdy;
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers[SpdyProtocolHeader] = SpdyChannels.Protocol;
        context.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        await RelayAsync(new SpdyChannels(await upgrade.UpgradeAsync(), opening.Request!), opening, cancellationToken);
        return null;
    }

    private async Task RelayAsync(IExecChannels channels, ExecOpening opening, CancellationToken cancellationToken)
    {
        await using (channels)
        {
            try
            {
                await new ExecRelay(channels, opening.Request!, opening.Source!, timeProvider).RunAsync(cancellationToken);
            }
            catch (IOException)
            {
                // The client is gone; what it had started is ended.
            }
        }
    }

    private static ApiAnswer Unable(int code, string why) =>
        new(code, Encoding.UTF8.GetBytes($"unable to upgrade: unable to negotiate protocol: {why}\n")) { ContentType = "text/plain; charset=utf-8" };
}
