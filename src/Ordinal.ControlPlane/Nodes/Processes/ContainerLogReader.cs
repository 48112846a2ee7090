using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Which part of a log is wanted; the options of <c>kubectl logs</c>.</summary>
/// <param name="Follow">Go on with new lines until the run is over.</param>
/// <param name="Timestamps">Put each line's time before it.</param>
/// <param name="TailLines">Only so many of the last lines; null for all.</param>
/// <param name="Since">Only lines from this time on; null for all.</param>
/// <param name="LimitBytes">At most so many bytes; null for no limit.</param>
public sealed record ContainerLogOptions(bool Follow, bool Timestamps, long? TailLines, DateTimeOffset? Since, long? LimitBytes);

/// <summary>Reads a <see cref="ContainerLog"/> as text, in chunks. One reader, one caller.</summary>
public sealed class ContainerLogReader : IDisposable
{
    private const int Chunk = 32 * 1024;
    private readonly ContainerLog _log;
    private readonly ContainerLogOptions _options;
    private readonly byte[] _buffer = new byte[ContainerLog.LongestPiece + 128];
    private FileStream? _file;
    private int _segment;
    private int _start;
    private int _end;
    private long _skip;
    private long _sent;
    private bool _isInsideLine;

    /// <summary>Opens a reader at the place that the options ask for.</summary>
    public ContainerLogReader(ContainerLog log, ContainerLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(options);
        _log = log;
        _options = options;
        _segment = log.Oldest;
        if (options.TailLines is { } tail)
        {
            // Lines are counted up to the end as it is now; those that come while we count are after the tail's beginning anyway.
            _skip = Math.Max(0, CountLines() - tail);
        }
    }

    /// <summary>Waits for the next chunk.</summary>
    /// <returns>Text as UTF-8 (as the process printed it), or null at the end.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var chunk = new ArrayBufferWriter<byte>();
        while (_options.LimitBytes is not { } limit || _sent < limit)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var look = _log.Look(_options.Follow);
            while (chunk.WrittenCount < Chunk && NextLine(out var line))
            {
                Write(chunk, line);
            }

            if (chunk.WrittenCount >= Chunk)
            {
                break;
            }

            // The segment is read to its end as it was when we looked: go on, stop or wait, as the look said.
            if (look.Current > _segment)
            {
                Close();
                _segment = Math.Max(_segment + 1, _log.Oldest);
            }
            else if (chunk.WrittenCount > 0 || look.IsOver || !_options.Follow)
            {
                break;
            }
            else
            {
                await look.Changed.WaitAsync(cancellationToken);
            }
        }

        var text = chunk.WrittenMemory;
        if (_options.LimitBytes is { } most && _sent + text.Length > most)
        {
            text = text[..(int)(most - _sent)];
        }

        _sent += text.Length;

        // A bare null would become an empty memory: arrays convert to it, and null is an array too.
        return text.IsEmpty ? (ReadOnlyMemory<byte>?)null : text;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private long CountLines()
    {
        var count = 0L;
        var last = _log.Look(follow: false).Current;
        for (; _segment <= last; _segment++)
        {
            while (NextLine(out _))
            {
                count++;
            }

            Close();
        }

        _segment = _log.Oldest;
        return count;
    }

    private void Write(ArrayBufferWriter<byte> chunk, ReadOnlySpan<byte> line)
    {
        // TIME STREAM F|P TEXT
        var time = line[..line.IndexOf((byte)' ')];
        var rest = line[(time.Length + 1)..];
        rest = rest[(rest.IndexOf((byte)' ') + 1)..];
        var isWhole = rest[0] == (byte)'F';
        if (_skip > 0)
        {
            _skip--;
            return;
        }

        if (_options.Since is { } since
            && DateTimeOffset.TryParse(Encoding.ASCII.GetString(time), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && at < since)
        {
            return;
        }

        if (_options.Timestamps && !_isInsideLine)
        {
            chunk.Write(time);
            chunk.Write(" "u8);
        }

        chunk.Write(rest[2..]);
        _isInsideLine = !isWhole;
        if (isWhole)
        {
            chunk.Write("\n"u8);
        }
    }

    /// <summary>Takes the next whole line of the segment; false when there is none yet.</summary>
    private bool NextLine(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var text = _buffer.AsSpan(_start, _end - _start);
            if (text.IndexOf((byte)'\n') is var length and >= 0)
            {
                line = text[..length];
                _start += length + 1;
                return true;
            }

            text.CopyTo(_buffer);
            (_start, _end) = (0, text.Length);
            if (_file is null && !Open())
            {
                line = default;
                return false;
            }

            var read = _file!.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                line = default;
                return false;
            }

            _end += read;
        }
    }

    private bool Open()
    {
        try
        {
            _file = new FileStream(_log.SegmentPath(_segment), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
            return true;
        }
        catch (IOException)
        {
            // It has gone: too old, or the pod is gone with its directory.
            return false;
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
        (_start, _end) = (0, 0);
    }
}
