using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// One session over one connection, in ZooKeeper's own encoding; many requests may be under way, and one that nobody waits for any more
/// disturbs no other. The judge's own, written from ZooKeeper's published <c>zookeeper.jute</c>. Any exception but cancellation is an
/// <see cref="IOException"/> or a <see cref="SocketException"/>.
/// </summary>
internal sealed class ZooKeeperConnection : IDisposable
{
    private const int MostBytes = 8 << 20;
    private const int SessionMilliseconds = 4000;
    private const int NoNode = -101;

    /// <summary>How many requests are under way at most when many nodes are read: their answers fit into the socket's buffers.</summary>
    private const int Window = 200;

    private readonly NetworkStream _stream;
    private readonly Lock _guard = new();
    private readonly Dictionary<int, TaskCompletionSource<byte[]>> _waiting = [];
    private int _number;
    private bool _isOver;

    private ZooKeeperConnection(NetworkStream stream) => _stream = stream;

    /// <summary>Gets a value indicating whether nothing can be asked any more.</summary>
    public bool IsOver
    {
        get
        {
            lock (_guard)
            {
                return _isOver;
            }
        }
    }

    public static async Task<ZooKeeperConnection> OpenAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var stream = default(NetworkStream);
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            var connection = new ZooKeeperConnection(stream);
            byte[] hello = [.. Number(0), .. Long(0), .. Number(SessionMilliseconds), .. Long(0), .. Bytes(new byte[16]), 0];
            await stream.WriteAsync(Bytes(hello), cancellationToken);
            var welcome = await connection.ReadAsync(cancellationToken);
            if (BinaryPrimitives.ReadInt32BigEndian(welcome.AsSpan(4)) <= 0)
            {
                throw new IOException("no session was granted");
            }

            _ = connection.ListenAsync();
            return connection;
        }
        catch
        {
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Creates a lasting node. Returns ZooKeeper's error code, 0 for none, as all the methods do.</summary>
    public async Task<int> CreateAsync(string path, string data, CancellationToken cancellationToken) =>
        (await AskAsync(1, [.. Text(path), .. Text(data), .. Number(1), .. Number(31), .. Text("world"), .. Text("anyone"), .. Number(0)], cancellationToken)).Error;

    public async Task<int> SetAsync(string path, string data, CancellationToken cancellationToken) =>
        (await AskAsync(5, [.. Text(path), .. Text(data), .. Number(-1)], cancellationToken)).Error;

    public async Task<int> SyncAsync(string path, CancellationToken cancellationToken) => (await AskAsync(9, Text(path), cancellationToken)).Error;

    public async Task<(int Error, string Value)> GetAsync(string path, CancellationToken cancellationToken)
    {
        var (error, body) = await AskAsync(4, [.. Text(path), 0], cancellationToken);
        return (error, error == 0 ? ReadText(body, 0).Text : "");
    }

    /// <summary>Reads many nodes, many requests under way at once; the values are in the order of the paths, null for a node that is not there.</summary>
    public async Task<string?[]> GetManyAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var values = new List<string?>(paths.Count);
        foreach (var some in paths.Chunk(Window))
        {
            foreach (var (error, value) in await Task.WhenAll(some.Select(path => GetAsync(path, cancellationToken))))
            {
                values.Add(error switch
                {
                    0 => value,
                    NoNode => null,
                    _ => throw new IOException($"a read answered error {error}"),
                });
            }
        }

        return [.. values];
    }

    public async Task<(int Error, List<string> Names)> ChildrenAsync(string path, CancellationToken cancellationToken)
    {
        var (error, body) = await AskAsync(8, [.. Text(path), 0], cancellationToken);
        var names = new List<string>();
        if (error == 0)
        {
            var (count, at) = (BinaryPrimitives.ReadInt32BigEndian(body), 4);
            while (names.Count < count)
            {
                (var child, at) = ReadText(body, at);
                names.Add(child);
            }
        }

        return (error, names);
    }

    /// <summary>Says good-bye without waiting for the answer, so that the session does not outlive us.</summary>
    public void Dispose()
    {
        try
        {
            Send(0, -11, []);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // It ends by its timeout then.
        }

        End(new IOException("the connection was closed"));
        _stream.Dispose();
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Long(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Bytes(byte[] value) => [.. Number(value.Length), .. value];

    private static byte[] Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    private static (string Text, int Next) ReadText(byte[] body, int at)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at));
        return (length <= 0 ? "" : Encoding.UTF8.GetString(body, at + 4, length), at + 4 + Math.Max(0, length));
    }

    private async Task<(int Error, byte[] Body)> AskAsync(int operation, byte[] body, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        int number;
        lock (_guard)
        {
            if (_isOver)
            {
                throw new IOException("the connection has ended");
            }

            number = ++_number;
            _waiting.Add(number, answer);
            Send(number, operation, body);
        }

        // Who stops waiting leaves its place: the answer is thrown away when it comes.
        var frame = await answer.Task.WaitAsync(cancellationToken);
        return (BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(12)), frame[16..]);
    }

    /// <summary>A few hundred bytes go into the socket's buffer at once, also when the server hangs.</summary>
    private void Send(int number, int operation, byte[] body) => _stream.Socket.Send(Bytes([.. Number(number), .. Number(operation), .. body]));

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                var frame = await ReadAsync(CancellationToken.None);
                lock (_guard)
                {
                    if (frame.Length >= 16 && _waiting.Remove(BinaryPrimitives.ReadInt32BigEndian(frame), out var answer))
                    {
                        answer.TrySetResult(frame);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            End(e as IOException ?? new IOException("the connection was closed"));
        }
    }

    private void End(IOException why)
    {
        lock (_guard)
        {
            _isOver = true;
            foreach (var answer in _waiting.Values)
            {
                answer.TrySetException(why);
                _ = answer.Task.Exception;
            }

            _waiting.Clear();
        }
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[4];
        await _stream.ReadExactlyAsync(head, cancellationToken);
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 8 or > MostBytes)
        {
            throw new IOException($"a frame of {length} bytes was announced");
        }

        var frame = new byte[length];
        await _stream.ReadExactlyAsync(frame, cancellationToken);
        return frame;
    }
}
