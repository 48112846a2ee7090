using System.Net.WebSockets;
using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>
/// The streams of a command over a WebSocket (<c>v4.channel.k8s.io</c>, <c>v5.channel.k8s.io</c>): each message begins with a byte that names its stream.
/// In v5 a message of 255 and a stream's number ends that stream; in v4 input has no end.
/// </summary>
internal sealed class WebSocketChannels(WebSocket socket, ExecRequest request) : IExecChannels
{
    /// <summary>The protocols, the best first.</summary>
    public static readonly IReadOnlyList<string> Protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

    private const byte EndOfStream = 255;
    private const int LongestMessage = 1024 * 1024;
    private readonly SemaphoreSlim writing = new(1, 1);
    private byte[] buffer = new byte[32 * 1024];

    public Task OpenAsync(CancellationToken cancellationToken) =>
        // An empty message tells the client that the streams are there.
        WriteAsync(request.Stdout ? ExecChannel.Output : request.Stderr ? ExecChannel.Errors : ExecChannel.Status, default, cancellationToken);

    public async Task<ExecMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                {
                    if (length >= LongestMessage)
                    {
                        throw new IOException($"a message is longer than {LongestMessage} bytes");
                    }

                    Array.Resize(ref buffer, 2 * buffer.Length);
                }

                part = await TranslatedAsync(async () => await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken));
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (length == 2 && buffer[0] == EndOfStream)
            {
                return new ExecMessage(buffer[1], default, IsEnd: true);
            }

            if (length > 0)
            {
                return new ExecMessage(buffer[0], buffer.AsMemory(1, length - 1), IsEnd: false);
            }
        }
    }

    public async Task WriteAsync(int channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        byte[] message = new byte[data.Length + 1];
        message[0] = (byte)channel;
        data.CopyTo(message.AsMemory(1));
        await writing.WaitAsync(cancellationToken);
        try
        {
            await TranslatedAsync(async () =>
            {
                await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
                return true;
            });
        }
        finally
        {
            writing.Release();
        }
    }

    // A real server ends its streams with the connection alone.
    public Task EndAsync(int channel, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CloseAsync(CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        return true;
    });

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        writing.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<T> TranslatedAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (WebSocketException e)
        {
            throw new IOException($"the WebSocket was lost: {e.Message}", e);
        }
    }
}
