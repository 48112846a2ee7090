using System.Buffers;
using System.IO.Pipelines;

namespace Ordinal.ControlPlane.Door;

/// <summary>A watch over HTTP: one frame a line.</summary>
internal sealed class LineFeed(HttpResponseMessage response, Stream body) : IApiFeed
{
    private readonly PipeReader _reader = PipeReader.Create(body);

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result;
            try
            {
                result = await _reader.ReadAsync(cancellationToken);
            }
            catch (IOException e)
            {
                throw new HttpRequestException($"the watch was lost: {e.Message}", e);
            }

            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                byte[] line = buffer.Slice(0, end).ToArray();
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                if (line.Length > 0)
                {
                    return line;
                }

                continue;
            }

            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                // Half a line is a lost connection, not the end of the watch.
                return buffer.IsEmpty ? null : throw new HttpRequestException("the watch was lost in the middle of an event");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Disposing the response first aborts the stream; completing the reader first would drain it.
        response.Dispose();
        await _reader.CompleteAsync();
    }
}

/// <summary>A log over HTTP: frames as they come.</summary>
internal sealed class ChunkFeed(HttpResponseMessage response, Stream body) : IApiFeed
{
    private readonly byte[] _buffer = new byte[16 * 1024];

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            int read = await body.ReadAsync(_buffer, cancellationToken);
            // Spelled out: a conditional with null would become an empty array, and the end of the stream an empty frame.
            if (read == 0)
            {
                return null;
            }

            return new ReadOnlyMemory<byte>(_buffer.AsSpan(0, read).ToArray());
        }
        catch (IOException e)
        {
            throw new HttpRequestException($"the stream was lost: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        response.Dispose();
        await body.DisposeAsync();
    }
}
