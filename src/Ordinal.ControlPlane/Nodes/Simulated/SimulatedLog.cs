using System.Globalization;
using System.Text;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>The log of one run of a simulated container: one line for each thing that happened to it.</summary>
internal sealed class SimulatedLog
{
    private const int MostLines = 1000;
    private readonly Lock gate = new();
    private readonly List<(DateTimeOffset Time, string Text)> lines = [];
    private int dropped;
    private bool isClosed;

    /// <summary>Somebody waits for the next line; mostly nobody does.</summary>
    private TaskCompletionSource? news;

    public void Add(DateTimeOffset time, string text) => Change(() =>
    {
        lines.Add((time, text));
        if (lines.Count > MostLines)
        {
            lines.RemoveAt(0);
            dropped++;
        }
    });

    public void Close() => Change(() => isClosed = true);

    /// <summary>Reads the lines from a number on.</summary>
    /// <returns>The lines, the number of the next one, whether that is all, and a task that ends when there is more.</returns>
    public (IReadOnlyList<(DateTimeOffset Time, string Text)> Lines, int Next, bool IsClosed, Task News) Read(int from)
    {
        lock (gate)
        {
            news ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return ([.. lines.Skip(Math.Max(0, from - dropped))], dropped + lines.Count, isClosed, news.Task);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource? told;
        lock (gate)
        {
            change();
            (told, news) = (news, null);
        }

        told?.TrySetResult();
    }
}

/// <summary>A simulated log as <c>kubectl logs</c> asks for it.</summary>
internal sealed class SimulatedLogFeed(SimulatedLog log, LogRequest request) : IApiFeed
{
    private int at = -1;
    private long sent;
    private bool isOver;

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (!isOver)
        {
            (IReadOnlyList<(DateTimeOffset Time, string Text)> lines, int next, bool isClosed, Task news) = log.Read(Math.Max(0, at));
            IEnumerable<(DateTimeOffset Time, string Text)> wanted = lines.Where(line => request.Since is not { } since || line.Time >= since);
            if (at < 0 && request.TailLines is { } tail)
            {
                wanted = wanted.TakeLast((int)Math.Clamp(tail, 0, int.MaxValue));
            }

            at = next;
            isOver = !request.Follow || isClosed;
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(wanted.Select(Line)));
            if (request.LimitBytes is { } limit && sent + bytes.Length >= limit)
            {
                bytes = bytes[..(int)Math.Max(0, limit - sent)];
                isOver = true;
            }

            if (bytes.Length > 0)
            {
                sent += bytes.Length;
                return bytes;
            }

            if (!isOver)
            {
                TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
                await using CancellationTokenRegistration registration = cancellationToken.Register(() => stop.TrySetCanceled(cancellationToken));
                await await Task.WhenAny(news, stop.Task);
            }
        }

        return null;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Line((DateTimeOffset Time, string Text) line) => request.Timestamps
        ? string.Create(CultureInfo.InvariantCulture, $"{line.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff}00Z {line.Text}\n")
        : line.Text + "\n";
}
