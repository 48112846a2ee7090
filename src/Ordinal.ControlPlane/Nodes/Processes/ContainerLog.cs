using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// What one run of a container printed, on disk in the line format of the container runtimes:
/// <c>TIME stdout|stderr F|P TEXT</c>, where P marks a piece of a longer line. It is a row of numbered segments; the oldest goes when there
/// are too many, so a chatty process cannot fill the disk. Any thread may write; each line is one write, so that readers see whole lines.
/// </summary>
public sealed class ContainerLog : IDisposable
{
    /// <summary>The longest piece of a line that is kept together, in bytes; the same as containerd's.</summary>
    public const int LongestPiece = 16 * 1024;

    private readonly string _prefix;
    private readonly long _segmentBytes;
    private readonly int _segments;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private FileStream? _file;
    private TaskCompletionSource? _changed;
    private int _current;

    /// <summary>Creates an empty log.</summary>
    /// <param name="prefix">Path of the files, without the segment's number.</param>
    /// <param name="segmentBytes">Size at which a segment is full.</param>
    /// <param name="segments">How many are kept, at least 2.</param>
    /// <param name="time">Clock of the lines' times.</param>
    public ContainerLog(string prefix, long segmentBytes, int segments, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segments, 2);
        _prefix = prefix;
        _segmentBytes = segmentBytes;
        _segments = segments;
        _time = time;
        _file = Open(0);
    }

    /// <summary>Gets the number of the oldest segment that is kept.</summary>
    public int Oldest
    {
        get
        {
            lock (_lock)
            {
                return Math.Max(0, _current - _segments + 1);
            }
        }
    }

    /// <summary>Copies a stream into the log until it ends, line by line.</summary>
    /// <param name="stream">What the process prints; it ends when the last process that holds it ends.</param>
    /// <param name="name">stdout or stderr.</param>
    public async Task PumpAsync(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = new byte[LongestPiece];
        var filled = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(filled), CancellationToken.None) is var read and > 0)
            {
                filled += read;
                var start = 0;
                while (buffer.AsSpan(start, filled - start).IndexOf((byte)'\n') is var end and >= 0)
                {
                    Append(name, buffer.AsSpan(start, end), isWhole: true);
                    start += end + 1;
                }

                if (start == 0 && filled == buffer.Length)
                {
                    Append(name, buffer, isWhole: false);
                    start = filled;
                }

                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                filled -= start;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The pipe was closed under us: the container is over, and what has been read is kept.
        }

        if (filled > 0)
        {
            Append(name, buffer.AsSpan(0, filled), isWhole: true);
        }
    }

    /// <summary>Ends the log: followers come to their end. Later lines are dropped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
            _changed?.TrySetResult();
            _changed = null;
        }
    }

    /// <summary>Gets the path of a segment.</summary>
    internal string SegmentPath(int segment) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}.{segment}.log");

    /// <summary>Gets the state to read by. Taken before reading a segment to its end, it says whether more can come.</summary>
    /// <param name="follow">Whether the task is wanted.</param>
    /// <returns>The segment written now, whether the log is over, and a task that ends with the next change.</returns>
    internal (int Current, bool IsOver, Task Changed) Look(bool follow)
    {
        lock (_lock)
        {
            var isOver = _file is null;
            return follow && !isOver
                ? (_current, isOver, (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
                : (_current, isOver, Task.CompletedTask);
        }
    }

    private void Append(string name, ReadOnlySpan<byte> text, bool isWhole)
    {
        lock (_lock)
        {
            if (_file is null)
            {
                return;
            }

            var head = $"{_time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture)} {name} {(isWhole ? 'F' : 'P')} ";
            var line = new byte[head.Length + text.Length + 1];
            Encoding.ASCII.GetBytes(head, line);
            text.CopyTo(line.AsSpan(head.Length));
            line[^1] = (byte)'\n';
            if (_file.Length > 0 && _file.Length + line.Length > _segmentBytes)
            {
                _file.Dispose();
                _file = Open(++_current);
                File.Delete(SegmentPath(_current - _segments));
            }

            _file.Write(line);
            _changed?.TrySetResult();
            _changed = null;
        }
    }

    private FileStream Open(int segment) => new(SegmentPath(segment), new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });
}
