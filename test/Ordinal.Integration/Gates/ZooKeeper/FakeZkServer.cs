using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ordinal.Integration.Gates.ZooKeeper;

/// <summary>
/// One ZooKeeper server as the wire shows it: an AdminServer on port 8080, and on port 2181 four-letter words and sessions. Written by hand from
/// what 3.8.0 was seen to answer; it shares nothing with the client that it is asked by.
/// </summary>
internal sealed class FakeZkServer : IAsyncDisposable
{
    private readonly TcpListener admin;
    private readonly TcpListener client;
    private readonly CancellationTokenSource stop = new();
    private readonly Task loops;

    internal FakeZkServer(IPAddress address)
    {
        admin = new TcpListener(address, 8080);
        client = new TcpListener(address, 2181);
        admin.Start();
        client.Start();
        loops = Task.WhenAll(AcceptAsync(admin, ServeAdminAsync), AcceptAsync(client, ServeClientAsync));
    }

    /// <summary>Gets or sets what an AdminServer's command answers: status and body.</summary>
    internal Func<string, (int Status, string Body)> Admin { get; set; } = _ => (404, "");

    /// <summary>Gets or sets what a four-letter word answers.</summary>
    internal Func<string, string> Words { get; set; } = _ => "";

    /// <summary>Gets or sets the error that an operation on a path answers; 0 for none.</summary>
    internal Func<int, string, int> Errors { get; set; } = (_, _) => 0;

    /// <summary>Gets or sets the length that every session's frames announce; null for the true one.</summary>
    internal int? Announces { get; set; }

    /// <summary>Gets the nodes that sessions made and read.</summary>
    internal Dictionary<string, byte[]> Nodes { get; } = new(StringComparer.Ordinal);

    internal int SessionsOpened { get; private set; }

    internal int SessionsClosed { get; private set; }

    internal List<string> Authenticated { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        admin.Stop();
        client.Stop();
        await loops;
        admin.Dispose();
        client.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, Func<NetworkStream, Task> serve)
    {
        var all = new List<Task>();
        try
        {
            while (true)
            {
                all.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token), serve));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(all);
        }
    }

    private static async Task ServeAsync(TcpClient connection, Func<NetworkStream, Task> serve)
    {
        using (connection)
        {
            try
            {
                await serve(connection.GetStream());
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The other side went, or the test is over.
            }
        }
    }

    private async Task ServeAdminAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync(stop.Token) is { } request)
        {
            while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
            {
                // Headers say nothing here.
            }

            var (status, body) = Admin(request.Split(' ')[1].Split('/')[^1]);
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"), stop.Token);
        }
    }

    private async Task ServeClientAsync(NetworkStream stream)
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, stop.Token);
        if (head.All(b => b is >= (byte)'a' and <= (byte)'z'))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Words(Encoding.ASCII.GetString(head))), stop.Token);
            return;
        }

        await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(head)], stop.Token);
        SessionsOpened++;
        await SendAsync(stream, [0, 0, 0, 0, 0, 0, 0x0f, 0xa0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16, .. new byte[16]]);
        while (true)
        {
            await stream.ReadExactlyAsync(head, stop.Token);
            var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
            await stream.ReadExactlyAsync(frame, stop.Token);
            var operation = BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4));
            var (error, body) = Carry(operation, frame.AsSpan(8));
            await SendAsync(stream, [.. frame[..4], 0, 0, 0, 1, 0, 0, 0, 9, .. Number(error), .. body]);
            if (operation == -11)
            {
                SessionsClosed++;
                return;
            }
        }
    }

    private (int Error, byte[] Body) Carry(int operation, ReadOnlySpan<byte> request)
    {
        if (operation is -11)
        {
            return (0, []);
        }

        if (operation is 100)
        {
            // int type, string scheme, buffer auth
            var scheme = 4 + 4 + BinaryPrimitives.ReadInt32BigEndian(request[4..]);
            Authenticated.Add(Encoding.UTF8.GetString(request[(scheme + 4)..]));
            return (Errors(operation, ""), []);
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(request);
        var path = Encoding.UTF8.GetString(request.Slice(4, length));
        if (Errors(operation, path) is not 0 and var error)
        {
            return (error, []);
        }

        var rest = request[(4 + length)..];
        switch (operation)
        {
            case 1 or 5:
                Nodes[path] = rest.Slice(4, BinaryPrimitives.ReadInt32BigEndian(rest)).ToArray();
                return (0, []);
            case 2:
                return (Nodes.Remove(path) ? 0 : -101, []);
            case 4:
                return Nodes.TryGetValue(path, out var data) ? (0, [.. Number(data.Length), .. data, .. new byte[68]]) : (-101, []);
            default:
                return (0, [.. Number(length), .. Encoding.UTF8.GetBytes(path)]);
        }
    }

    private Task SendAsync(NetworkStream stream, byte[] frame) => stream.WriteAsync((byte[])[.. Number(Announces ?? frame.Length), .. frame], stop.Token).AsTask();

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
