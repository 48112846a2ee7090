using System.Buffers.Binary;
using System.Globalization;
using System.Security.Authentication;
using System.Text;

namespace Ordinal.Gates.ZooKeeper.Jute;

/// <summary>
/// One session with one server, for what only sessions can: the committed configuration, <c>sync</c>, and a write. Requests go one after the
/// other. A session is always closed: one that is left behind lives on until its timeout (ZK22).
/// </summary>
internal sealed class JuteSession : IAsyncDisposable
{
    private const int Create = 1;
    private const int Delete = 2;
    private const int GetData = 4;
    private const int SetData = 5;
    private const int Sync = 9;
    private const int Close = -11;
    private const int Auth = 100;
    private const int AuthXid = -4;
    private const int PingXid = -2;
    private const int NotificationXid = -1;

    private readonly Stream stream;
    private readonly string where;
    private readonly int limit;
    private readonly TimeProvider time;
    private int xid;

    private JuteSession(Stream stream, string where, int limit, TimeProvider time)
    {
        this.stream = stream;
        this.where = where;
        this.limit = limit;
        this.time = time;
    }

    /// <summary>Connects and makes a session.</summary>
    /// <param name="dialer">Opens the connection.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="port">Its client port.</param>
    /// <param name="timeout">The session's timeout: if our close gets lost, the server forgets the session after it (at least two ticks, at most twenty).</param>
    /// <param name="limit">The longest frame that is taken, bytes.</param>
    /// <param name="time">The clock for the farewell's deadline.</param>
    /// <param name="cancellationToken">The deadline, and the operator's stop.</param>
    /// <returns>The session, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal static async Task<ZkResult<JuteSession>> OpenAsync(
        ZkDialer dialer, ZkEndpoint endpoint, int port, TimeSpan timeout, int limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var opened = await dialer.DialAsync(endpoint, port, cancellationToken);
        if (opened.Value is not { } stream)
        {
            return opened.Failure!;
        }

        var session = new JuteSession(stream, endpoint.At(port), limit, time);
        var isOpen = false;
        try
        {
            // Protocol 0, no zxid seen, a new session (0, sixteen zeros), not read-only: a server without a quorum closes the connection.
            var hello = new JuteWriter().Int32(0).Int64(0).Int32((int)timeout.TotalMilliseconds).Int64(0).Buffer(new byte[16]).Bool(false).Frame();
            var welcome = await session.ExchangeAsync(hello, cancellationToken);
            if (welcome.Failure is { } failure)
            {
                return failure;
            }

            if (Granted(welcome.Value!) is not { } granted)
            {
                return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{session.where} does not greet as ZooKeeper would");
            }

            isOpen = granted > 0;
            return isOpen ? session : new ZkFailure(ZkFailureKind.Refused, $"{session.where} gave no session");
        }
        finally
        {
            if (!isOpen)
            {
                await stream.DisposeAsync();
            }
        }
    }

    /// <summary>Says who we are. The scheme digest takes any password: it is the ACLs that refuse a wrong one.</summary>
    internal async Task<ZkFailure?> AuthenticateAsync(string username, string password, CancellationToken cancellationToken)
    {
        var request = new JuteWriter().Int32(AuthXid).Int32(Auth).Int32(0).Text("digest").Buffer(Encoding.UTF8.GetBytes($"{username}:{password}")).Frame();
        return (await AskAsync(request, AuthXid, "auth", cancellationToken)).Failure;
    }

    /// <summary>Waits until this server has applied what the leader had committed when asked.</summary>
    internal async Task<ZkFailure?> SyncAsync(string path, CancellationToken cancellationToken) =>
        (await AskAsync(Sync, w => w.Text(path), $"sync {path}", cancellationToken)).Failure;

    internal async Task<ZkResult<byte[]>> GetDataAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(GetData, w => w.Text(path).Bool(false), $"getData {path}", cancellationToken);
        if (answer.Value is not { } body)
        {
            return answer.Failure!;
        }

        try
        {
            return DataOf(body);
        }
        catch (JuteException e)
        {
            return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answered getData {path} with {e.Message}");
        }
    }

    /// <summary>Makes a node that goes with the session (ephemeral) and that everybody may touch.</summary>
    internal async Task<ZkFailure?> CreateEphemeralAsync(string path, byte[] data, CancellationToken cancellationToken) =>
        (await AskAsync(Create, w => w.Text(path).Buffer(data).Int32(1).Int32(31).Text("world").Text("anyone").Int32(1), $"create {path}", cancellationToken)).Failure;

    internal async Task<ZkFailure?> SetDataAsync(string path, byte[] data, CancellationToken cancellationToken) =>
        (await AskAsync(SetData, w => w.Text(path).Buffer(data).Int32(-1), $"setData {path}", cancellationToken)).Failure;

    internal async Task<ZkFailure?> DeleteAsync(string path, CancellationToken cancellationToken) =>
        (await AskAsync(Delete, w => w.Text(path).Int32(-1), $"delete {path}", cancellationToken)).Failure;

    /// <summary>Closes the session, with half a second for it, whatever the deadline of the rest: what is not closed lives on in the ensemble.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), time);
        try
        {
            await AskAsync(Close, w => w, "closeSession", patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The server does not answer: the session ends by its timeout.
        }

        await stream.DisposeAsync();
    }

    /// <summary>Reads the reply to a connect request.</summary>
    /// <returns>The session's timeout, ms (0: refused); null when it is no such reply.</returns>
    internal static int? Granted(ReadOnlySpan<byte> frame)
    {
        try
        {
            var reader = new JuteReader(frame);
            var protocol = reader.Int32();
            var timeout = reader.Int32();
            reader.Int64();
            reader.Buffer();
            return protocol == 0 && timeout >= 0 ? timeout : null;
        }
        catch (JuteException)
        {
            return null;
        }
    }

    /// <summary>Reads a reply's head.</summary>
    /// <returns>The request that it is for and the error code.</returns>
    /// <exception cref="JuteException">It is none.</exception>
    internal static (int Xid, int Error, byte[] Body) ReplyOf(ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var xid = reader.Int32();
        reader.Int64();
        var error = reader.Int32();
        return (xid, error, frame[16..].ToArray());
    }

    internal static byte[] DataOf(ReadOnlySpan<byte> body) => new JuteReader(body).Buffer().ToArray();

    private Task<ZkResult<byte[]>> AskAsync(int operation, Func<JuteWriter, JuteWriter> body, string what, CancellationToken cancellationToken)
    {
        var number = ++xid;
        return AskAsync(body(new JuteWriter().Int32(number).Int32(operation)).Frame(), number, what, cancellationToken);
    }

    private async Task<ZkResult<byte[]>> AskAsync(byte[] request, int number, string what, CancellationToken cancellationToken)
    {
        var frame = await ExchangeAsync(request, cancellationToken);
        try
        {
            while (frame.Value is { } bytes)
            {
                var (answered, error, body) = ReplyOf(bytes);
                if (answered == number)
                {
                    return error == 0 ? body : Error(error, what);
                }

                if (answered is not (NotificationXid or PingXid))
                {
                    return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answered request {answered}, not {number}");
                }

                frame = await ReadAsync(cancellationToken);
            }
        }
        catch (JuteException e)
        {
            return new ZkFailure(ZkFailureKind.NotZooKeeper, $"{where} answered {what} with a frame that is none: {e.Message}");
        }

        return frame.Failure!;
    }

    private async Task<ZkResult<byte[]>> ExchangeAsync(byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ZkFailures.Explain(where, e, inHandshake: false);
        }

        return await ReadAsync(cancellationToken);
    }

    private async Task<ZkResult<byte[]>> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[4];
        try
        {
            await stream.ReadExactlyAsync(head, cancellationToken);
            var length = BinaryPrimitives.ReadInt32BigEndian(head);
            if (length < 0 || length > limit)
            {
                return TooLong(length);
            }

            var frame = new byte[length];
            await stream.ReadExactlyAsync(frame, cancellationToken);
            return frame;
        }
        catch (EndOfStreamException)
        {
            return new ZkFailure(ZkFailureKind.Unreachable, $"{where} closed the connection (it serves nobody without a quorum)");
        }
        catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ZkFailures.Explain(where, e, inHandshake: false);
        }
    }

    /// <summary>Other protocols give themselves away by what they have where a length should be.</summary>
    private ZkFailure TooLong(int length)
    {
        var hint = length switch
        {
            0x48545450 => " (it speaks HTTP)",
            _ when (uint)length >> 16 is 0x1503 or 0x1603 => " (it expects TLS: add tls to the gate)",
            _ => "",
        };
        return new(ZkFailureKind.NotZooKeeper, string.Create(CultureInfo.InvariantCulture, $"{where} announces a frame of {(uint)length} bytes, at most {limit} are taken{hint}; jute.maxbuffer of the servers may be larger"));
    }

    /// <summary>Names the codes of KeeperException that the gate may meet.</summary>
    private ZkFailure Error(int code, string what) => code switch
    {
        -102 or -115 => new(ZkFailureKind.AccessDenied, $"{where} refused {what}: {(code == -102 ? "no right to it (NoAuth)" : "the credentials (AuthFailed)")}"),
        -101 => new(ZkFailureKind.Refused, $"{where} refused {what}: there is no such node (NoNode)"),
        -110 => new(ZkFailureKind.Refused, $"{where} refused {what}: the node exists (NodeExists)"),
        -119 => new(ZkFailureKind.Refused, $"{where} refused {what}: it is read-only (NotReadOnly)"),
        _ => new(ZkFailureKind.Refused, string.Create(CultureInfo.InvariantCulture, $"{where} refused {what} with error {code}")),
    };
}
