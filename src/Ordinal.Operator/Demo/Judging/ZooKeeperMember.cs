using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// Talks to one ZooKeeper server: a session for reads and writes, made anew when it breaks, and the four-letter word <c>srvr</c>.
/// A key is the path of a node below one parent.
/// </summary>
/// <param name="name">The member's name, for messages.</param>
/// <param name="id">Its number in the ensemble (myid), more than 0.</param>
/// <param name="address">Where its client port is.</param>
/// <param name="listenWord">The word of its command line.</param>
public sealed class ZooKeeperMember(string name, ulong id, IPEndPoint address, string listenWord) : IMember
{
    private const int NoNode = -101;
    private const int NodeExists = -110;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private ZooKeeperConnection? _connection;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string ListenWord => listenWord;

    /// <inheritdoc/>
    public Task PutAsync(string key, string value, CancellationToken cancellationToken) => InSessionAsync(
        async connection =>
        {
            var error = await connection.CreateAsync(key, value, cancellationToken);
            if (error == NoNode)
            {
                // The parent, by whichever member comes first.
                var parent = key[..key.LastIndexOf('/')];
                Check(await connection.CreateAsync(parent, "", cancellationToken), "create", parent, NodeExists);
                error = await connection.CreateAsync(key, value, cancellationToken);
            }

            // Created before, by a write whose answer was lost: then it is this one's.
            Check(error == NodeExists ? await connection.SetAsync(key, value, cancellationToken) : error, "write", key);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task ReadLinearizablyAsync(CancellationToken cancellationToken) => InSessionAsync(
        async connection =>
        {
            // Sync goes to the leader and comes back behind all that it had committed.
            Check(await connection.SyncAsync("/", cancellationToken), "sync", "/");
            return Check((await connection.GetAsync("/", cancellationToken)).Error, "read", "/");
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<RangePage> RangeAsync(string from, string end, int limit, long revision, CancellationToken cancellationToken) => InSessionAsync(
        async connection =>
        {
            var parent = from[..from.LastIndexOf('/')];
            Check(await connection.SyncAsync(parent, cancellationToken), "sync", parent);
            var (error, children) = await connection.ChildrenAsync(parent, cancellationToken);
            Check(error, "list", parent, NoNode);
            string[] keys = [.. children.Select(c => $"{parent}/{c}").Where(k => string.CompareOrdinal(k, from) >= 0 && string.CompareOrdinal(k, end) < 0).Order(StringComparer.Ordinal)];
            var values = await connection.GetManyAsync(keys, cancellationToken);
            KeyValuePair<string, string>[] pairs = [.. keys.Zip(values).Where(p => p.Second is not null).Select(p => new KeyValuePair<string, string>(p.First, p.Second!))];
            return new RangePage(0, pairs, HasMore: false);
        },
        cancellationToken);

    /// <summary>Asks <c>srvr</c>. A follower does not name its leader there: only the leader's own word counts.</summary>
    public async Task<MemberStatus> StatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, cancellationToken);
            using var stream = new NetworkStream(socket);
            await stream.WriteAsync("srvr"u8.ToArray(), cancellationToken);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var text = await reader.ReadToEndAsync(cancellationToken);
            var leads = text.Contains("\nMode: leader", StringComparison.Ordinal);
            var zxid = text.Split('\n').FirstOrDefault(l => l.StartsWith("Zxid: 0x", StringComparison.Ordinal));
            return zxid is null
                ? throw new HttpRequestException($"{Name}: srvr answered \"{text.Split('\n')[0]}\"")
                : new MemberStatus(id, leads ? id : 0, ulong.Parse(zxid.AsSpan(8).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) >> 32);
        }
        catch (Exception e) when (e is SocketException or IOException or FormatException)
        {
            throw new HttpRequestException($"{Name}: srvr: {e.Message}", e is IOException { InnerException: { } inner } ? inner : e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _turn.Dispose();
    }

    private bool Check(int error, string what, string key, int accepted = 0) =>
        error == 0 || (error == accepted ? false : throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"{Name}: {what} {key} answered error {error}")));

    private async Task<T> InSessionAsync<T>(Func<ZooKeeperConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work(await ConnectAsync(cancellationToken));
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentOutOfRangeException)
        {
            throw new HttpRequestException($"{Name}: {e.Message}", e is IOException { InnerException: { } inner } ? inner : e);
        }
    }

    private async Task<ZooKeeperConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_connection is { IsOver: true } old)
            {
                old.Dispose();
                _connection = null;
            }

            return _connection ??= await ZooKeeperConnection.OpenAsync(address, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }
}
