using System.Collections.Concurrent;
using System.Diagnostics;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Integration.Kills;

/// <summary>When the operator is killed.</summary>
internal enum KillTime
{
    /// <summary>The write is carried out; its answer goes to a process that is dead.</summary>
    BeforeTheAnswer,

    /// <summary>The answer was sent: the process dies when it asks for the next thing, which is not carried out.</summary>
    AtTheNextRequest,
}

/// <summary>
/// Sits in the API server and kills (<c>kill -9</c>) the operator process whose write was just carried out. Writes of leases and of events
/// say nothing of a rollout and are let by. Each process is a user of its own, so that it is known who wrote.
/// </summary>
internal sealed class WriteKiller(IApiFaults inner) : IApiFaults
{
    private readonly ConcurrentDictionary<string, Process> processes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Process> dead = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> condemned = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> writes = new();
    private readonly ConcurrentQueue<string> kills = new();

    /// <summary>Gets or sets what is asked of each write that was carried out, by its number from 1 on. Null is for a life.</summary>
    public Func<int, KillTime?>? Decide { get; set; }

    /// <summary>Gets the operators' writes so far.</summary>
    public IReadOnlyCollection<string> Writes => writes;

    /// <summary>Gets the writes after which somebody was killed, or was dead already.</summary>
    public IReadOnlyCollection<string> Kills => kills;

    /// <summary>Tells which process a user is.</summary>
    public void Know(string user, Process process) => processes[user] = process;

    /// <summary>Forgets the writes so far.</summary>
    public void Clear()
    {
        lock (writes)
        {
            writes.Clear();
            kills.Clear();
            condemned.Clear();
        }
    }

    public ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        if (IsNews(apiCall) && condemned.TryRemove(apiCall.User.Name, out string? after))
        {
            Kill(apiCall.User.Name, after);
            throw new HttpRequestException("whoever asks for this is dead");
        }

        return inner.BeforeAsync(apiCall, cancellationToken);
    }

    public ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken)
    {
        string user = apiCall.User.Name;
        if (answer.IsSuccess && apiCall.Method != "GET" && IsNews(apiCall) && dead.ContainsKey(user))
        {
            // Sent before the process died of another write: its answer reaches nobody either.
            kills.Enqueue($"{apiCall.Method} {apiCall.Path}");
        }
        else if (answer.IsSuccess && apiCall.Method != "GET" && IsNews(apiCall) && processes.ContainsKey(user))
        {
            string write = $"{apiCall.Method} {apiCall.Path}";
            lock (writes)
            {
                writes.Enqueue(write);
                switch (Decide?.Invoke(writes.Count))
                {
                    case KillTime.BeforeTheAnswer:
                        Kill(user, write);
                        break;
                    case KillTime.AtTheNextRequest:
                        condemned[user] = write;
                        break;
                    default:
                        break;
                }
            }
        }

        return inner.AfterAsync(apiCall, answer, cancellationToken);
    }

    public ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        inner.BeforeFrameAsync(apiCall, frame, cancellationToken);

    public void WatchOpened(ApiCall apiCall, CancellationTokenSource drop) => inner.WatchOpened(apiCall, drop);

    public void WatchClosed(CancellationTokenSource drop) => inner.WatchClosed(drop);

    private static bool IsNews(ApiCall call) =>
        !call.Path.Contains("/leases", StringComparison.Ordinal) && !call.Path.Contains("/events", StringComparison.Ordinal);

    private void Kill(string user, string write)
    {
        // Process.Kill is SIGKILL; nothing of the process runs after it.
        if (processes.TryRemove(user, out Process? process))
        {
            process.Kill();
            dead[user] = process;
            kills.Enqueue(write);

            // One process may have written twice before it was killed once: it is dead after both.
            if (condemned.TryRemove(user, out string? earlier))
            {
                kills.Enqueue(earlier);
            }
        }
    }
}
