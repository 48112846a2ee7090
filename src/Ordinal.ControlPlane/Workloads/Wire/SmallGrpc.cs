using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Ordinal.ControlPlane.Hosting;

namespace Ordinal.ControlPlane.Workloads.Wire;

/// <summary>What a method answers: a status of gRPC's (0: well), its words, and the message.</summary>
internal readonly record struct GrpcSaid(int Status, string Words, byte[] Message);

/// <summary>
/// Unary gRPC on a port that speaks HTTP/1.1 as well, as etcd's client port does: connections that begin with HTTP/2's preface are passed on to a web
/// server behind, which is made when the first of them comes.
/// </summary>
/// <param name="answer">Answers a method, by its path, with the message that came in.</param>
internal sealed class SmallGrpc(Func<string, byte[], CancellationToken, Task<GrpcSaid>> answer) : IAsyncDisposable
{
    private const int LongestMessage = 1 << 16;
    private const int Unimplemented = 12;
    private const int TooLarge = 8;

    private static readonly byte[] Preface = "PRI"u8.ToArray();

    private readonly Lock gate = new();
    private Task<WebApplication>? behind;
    private bool isDisposed;

    /// <summary>Tells whether a connection speaks HTTP/2. Nothing of it is taken.</summary>
    public static async Task<bool> IsSpokenAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new byte[Preface.Length];
        var seen = await stream.Socket.ReceiveAsync(head, SocketFlags.Peek, cancellationToken);

        // No method of HTTP/1.1 begins so, and the preface comes in one piece.
        return seen == head.Length && head.AsSpan().SequenceEqual(Preface);
    }

    /// <summary>Passes a connection on to its end.</summary>
    public async Task TalkAsync(NetworkStream outside, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var inside = new TcpClient { NoDelay = true };
        await inside.ConnectAsync(IPAddress.Loopback, await PortAsync(), ended.Token);
        var stream = inside.GetStream();
        Task[] ways = [outside.CopyToAsync(stream, ended.Token), stream.CopyToAsync(outside, ended.Token)];
        await Task.WhenAny(ways);
        await ended.CancelAsync();
        await Task.WhenAll(ways);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<WebApplication>? last;
        lock (gate)
        {
            (last, behind, isDisposed) = (behind, null, true);
        }

        if (last is not null)
        {
            await (await last).DisposeAsync();
        }
    }

    private async Task<int> PortAsync()
    {
        Task<WebApplication> starting;
        lock (gate)
        {
            if (isDisposed)
            {
                throw new IOException("the member has ended");
            }

            starting = behind ??= StartAsync();
        }

        var address = (await starting).Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new Uri(address).Port;
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var application = builder.Build();
        application.Run(AnswerAsync);
        await application.StartAsync();
        return application;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var said = await ReadAsync(context.Request.Body, context.RequestAborted) is { } message
            ? await answer(context.Request.Path.Value ?? "", message, context.RequestAborted)
            : new GrpcSaid(context.Request.ContentLength > LongestMessage ? TooLarge : Unimplemented, "one message, not compressed, is what is read here", []);
        context.Response.ContentType = "application/grpc";
        if (said.Status == 0)
        {
            var length = said.Message.Length;
            await context.Response.Body.WriteAsync((byte[])[0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. said.Message], context.RequestAborted);
        }

        context.Response.AppendTrailer("grpc-status", said.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (said.Words.Length > 0)
        {
            context.Response.AppendTrailer("grpc-message", said.Words);
        }
    }

    /// <summary>Reads the message behind its head of five bytes; null when it is compressed or too long.</summary>
    private static async Task<byte[]?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var head = new byte[5];
        await body.ReadExactlyAsync(head, cancellationToken);
        var length = (head[1] << 24) | (head[2] << 16) | (head[3] << 8) | head[4];
        if (head[0] != 0 || length is < 0 or > LongestMessage)
        {
            return null;
        }

        var message = new byte[length];
        await body.ReadExactlyAsync(message, cancellationToken);
        return message;
    }
}
