using System.Buffers.Binary;
using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>
/// The streams of a command over SPDY/3.1, as kubectl speaks it up to 1.30 (<c>v4.channel.k8s.io</c>): the client opens a stream for each of them, whose
/// header <c>streamtype</c> says what it is. Neither side of Kubernetes keeps to windows, and so does this.
/// </summary>
internal sealed class SpdyChannels(Stream connection, ExecRequest request) : IExecChannels
{
    public const string Protocol = "v4.channel.k8s.io";

    private const int SynStream = 1;
    private const int SynReply = 2;
    private const int ResetStream = 3;
    private const int Ping = 6;
    private const int GoAway = 7;
    private const int LongestFrame = 1024 * 1024;
    private const byte Final = 1;
    private static readonly string[] Types = ["stdin", "stdout", "stderr", "error", "resize"];
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly SpdyHeaders headers = new();
    private readonly Dictionary<int, int> channels = [];
    private readonly Queue<ExecMessage> early = new();
    private readonly byte[] head = new byte[8];
    private byte[] payload = [];

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        List<int> wanted = [ExecChannel.Status];
        wanted.AddRange(request.Stdin ? [ExecChannel.Input] : []);
        wanted.AddRange(request.Stdout ? [ExecChannel.Output] : []);
        wanted.AddRange(request.Stderr ? [ExecChannel.Errors] : []);
        wanted.AddRange(request.Tty ? [ExecChannel.Resize] : []);
        while (wanted.Exists(channel => !channels.ContainsValue(channel)))
        {
            if (await NextAsync(cancellationToken) is not { } frame)
            {
                throw new IOException("the client went before it had opened all streams");
            }

            // Input may come before the last stream is there.
            if (frame.Message is { Channel: ExecChannel.Input })
            {
                early.Enqueue(frame.Message.Value with { Data = frame.Message.Value.Data.ToArray() });
            }
        }
    }

    public async Task<ExecMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        if (early.TryDequeue(out ExecMessage kept))
        {
            return kept;
        }

        while (await NextAsync(cancellationToken) is { } frame)
        {
            if (frame.Message is { } message)
            {
                return message;
            }
        }

        return null;
    }

    public Task WriteAsync(int channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => SendAsync(channel, data, 0, cancellationToken);

    public Task EndAsync(int channel, CancellationToken cancellationToken) => SendAsync(channel, default, Final, cancellationToken);

    public Task CloseAsync(CancellationToken cancellationToken)
    {
        byte[] body = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(body, channels.Count == 0 ? 0 : channels.Keys.Max());
        return ControlAsync(GoAway, 0, body, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        headers.Dispose();
        writing.Dispose();
    }

    /// <summary>Takes the next frame; null at the end of the connection. A frame that is about the connection itself has no message.</summary>
    private async Task<(bool IsFrame, ExecMessage? Message)?> NextAsync(CancellationToken cancellationToken)
    {
        int read = await connection.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < head.Length)
        {
            return read == 0 ? null : throw new IOException("the connection ended in the middle of a frame");
        }

        byte flags = head[4];
        int length = (head[5] << 16) | (head[6] << 8) | head[7];
        payload = length <= LongestFrame ? new byte[length] : throw new IOException($"a frame is longer than {LongestFrame} bytes");
        await connection.ReadExactlyAsync(payload, cancellationToken);
        bool isEnd = (flags & Final) != 0;
        if ((head[0] & 0x80) == 0)
        {
            return (true, channels.TryGetValue(BinaryPrimitives.ReadInt32BigEndian(head), out int channel) ? new ExecMessage(channel, payload, isEnd) : null);
        }

        int type = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2));
        switch (type)
        {
            case SynStream:
                await AcceptAsync(cancellationToken);
                return (true, isEnd && channels.TryGetValue(StreamOf(), out int ended) ? new ExecMessage(ended, default, true) : null);
            case ResetStream when channels.TryGetValue(StreamOf(), out int reset):
                return (true, new ExecMessage(reset, default, true));
            case Ping:
                await ControlAsync(Ping, 0, payload, cancellationToken);
                return (true, null);
            case GoAway:
                return null;
            default:
                return (true, null);
        }
    }

    private int StreamOf() => payload.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue : throw new IOException("a frame is too short");

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        const int HeadersAt = 10;
        int stream = StreamOf();
        var read = payload.Length >= HeadersAt ? headers.Read(payload.AsSpan(HeadersAt)) : throw new IOException("a frame is too short");
        int channel = Array.IndexOf(Types, read.GetValueOrDefault("streamtype", ""));
        if (channel < 0 || channels.ContainsValue(channel))
        {
            throw new IOException($"stream {stream} is of no type that is known, or the second of its type");
        }

        channels[stream] = channel;
        byte[] id = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(id, stream);
        await writing.WaitAsync(cancellationToken);
        try
        {
            // The order of header blocks is that of their compression.
            await FrameAsync(SynReply, 0, [.. id, .. headers.Empty()], cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task SendAsync(int channel, ReadOnlyMemory<byte> data, byte flags, CancellationToken cancellationToken)
    {
        int stream = channels.FirstOrDefault(each => each.Value == channel).Key;
        if (stream == 0)
        {
            return;
        }

        byte[] frame = new byte[8 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), data.Length);
        frame[4] = flags;
        data.CopyTo(frame.AsMemory(8));
        await writing.WaitAsync(cancellationToken);
        try
        {
            await connection.WriteAsync(frame, cancellationToken);
            await connection.FlushAsync(cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ControlAsync(int type, byte flags, byte[] body, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            await FrameAsync(type, flags, body, cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task FrameAsync(int type, byte flags, byte[] body, CancellationToken cancellationToken)
    {
        byte[] frame = new byte[8 + body.Length];
        frame[0] = 0x80;
        frame[1] = 3;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)type);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), body.Length);
        frame[4] = flags;
        body.CopyTo(frame.AsSpan(8));
        await connection.WriteAsync(frame, cancellationToken);
        await connection.FlushAsync(cancellationToken);
    }
}
