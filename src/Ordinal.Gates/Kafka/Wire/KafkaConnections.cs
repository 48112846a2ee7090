namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Keeps one connection to each broker that is asked, and closes those that nobody uses. Every call has its own deadline; failures are values.</summary>
/// <param name="dialer">Makes connections.</param>
/// <param name="dialTimeout">The longest time for TCP, TLS and SASL.</param>
/// <param name="requestTimeout">The longest time for one request on a connection.</param>
/// <param name="time">The clock for deadlines and idle connections.</param>
internal sealed class KafkaConnections(KafkaDialer dialer, TimeSpan dialTimeout, TimeSpan requestTimeout, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private readonly Lock guard = new();
    private readonly Dictionary<KafkaEndpoint, Entry> byEndpoint = [];
    private readonly CancellationTokenSource closing = new();
    private bool isDisposed;

    internal TimeSpan RequestTimeout => requestTimeout;

    /// <summary>Gets how many connections are open or being made.</summary>
    internal int Count
    {
        get
        {
            lock (guard)
            {
                return byEndpoint.Count;
            }
        }
    }

    /// <summary>Asks one broker, never another.</summary>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled. No other exception escapes.</exception>
    internal async Task<KafkaResult<T>> AskAsync<T>(KafkaEndpoint endpoint, KafkaRequest<T> request, CancellationToken cancellationToken)
        where T : class
    {
        var (result, isStale) = await AskOnceAsync(endpoint, request, cancellationToken);

        // A broker closes connections that were idle for long; that says nothing, and everything asked here may be asked twice.
        return isStale ? (await AskOnceAsync(endpoint, request, cancellationToken)).Result : result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        List<Entry> all;
        lock (guard)
        {
            isDisposed = true;
            all = [.. byEndpoint.Values];
            byEndpoint.Clear();
        }

        closing.Cancel();
        all.ForEach(Close);
    }

    private static void Close(Entry entry) => _ = CloseAsync(entry.Dialling);

    private static async Task CloseAsync(Task<KafkaResult<KafkaSession>> dialling) => (await dialling).Value?.Connection.Dispose();

    private static async Task RetireAsync(Task<KafkaResult<KafkaSession>> dialling) => (await dialling).Value?.Connection.Retire();

    private async Task<(KafkaResult<T> Result, bool IsStale)> AskOnceAsync<T>(KafkaEndpoint endpoint, KafkaRequest<T> request, CancellationToken cancellationToken)
        where T : class
    {
        var (entry, isNew) = Entered(endpoint);
        if (entry is null)
        {
            return (new KafkaFailure(KafkaFailureKind.Unreachable, $"{endpoint}: the gate is closed"), false);
        }

        var dialled = await entry.Dialling.WaitAsync(cancellationToken);
        if (dialled.Value is not { } session)
        {
            return (dialled.Failure!, false);
        }

        using var timer = new CancellationTokenSource(requestTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var before = session.Connection.Answered;
        try
        {
            var result = await session.Connection.AskAsync(request, deadline.Token);
            if (result.Failure is { } failure && session.Connection.WasRetired(failure))
            {
                return (result, true);
            }

            if (result.Failure is { Kind: KafkaFailureKind.Unreachable } && session.Connection.IsFinished)
            {
                return (isNew && before <= 1 && session.Connection.Answered <= 1 ? ClosedAtOnce(endpoint) : result, !isNew);
            }

            return (result, false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (new KafkaFailure(KafkaFailureKind.Timeout, $"no answer from {endpoint} within {requestTimeout.TotalSeconds:0.##} s"), false);
        }
    }

    /// <summary>A listener that wants SASL tells its versions to anybody, and closes at the first request without it.</summary>
    private static KafkaFailure ClosedAtOnce(KafkaEndpoint endpoint) =>
        new(KafkaFailureKind.AccessDenied, $"{endpoint} told its versions and closed the connection at the first request, as a listener does that wants SASL");

    private (Entry? Entry, bool IsNew) Entered(KafkaEndpoint endpoint)
    {
        List<Entry> old = [];
        try
        {
            lock (guard)
            {
                if (isDisposed)
                {
                    return (null, false);
                }

                foreach (var (key, entry) in byEndpoint.Where(e => time.GetElapsedTime(e.Value.UsedAt) > Idle || IsOver(e.Value)).ToList())
                {
                    byEndpoint.Remove(key);
                    old.Add(entry);
                }

                var isNew = !byEndpoint.TryGetValue(endpoint, out var found);
                if (isNew)
                {
                    byEndpoint[endpoint] = found = new Entry(DialAsync(endpoint)) { MadeAt = time.GetTimestamp() };
                }

                found!.UsedAt = time.GetTimestamp();
                return (found, isNew);
            }
        }
        finally
        {
            old.ForEach(entry => _ = RetireAsync(entry.Dialling));
        }
    }

    /// <summary>Tells whether an entry has failed, is finished, or has used most of its session.</summary>
    private bool IsOver(Entry entry)
    {
        if (!entry.Dialling.IsCompletedSuccessfully)
        {
            return entry.Dialling.IsCompleted;
        }

        return entry.Dialling.Result.Value is not { } session
            || session.Connection.IsFinished
            || (session.Lifetime > TimeSpan.Zero && time.GetElapsedTime(entry.MadeAt) > 0.8 * session.Lifetime);
    }

    /// <summary>Dials for all who wait for this broker: no one caller's cancellation ends it.</summary>
    private async Task<KafkaResult<KafkaSession>> DialAsync(KafkaEndpoint endpoint)
    {
        using var timer = new CancellationTokenSource(dialTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, closing.Token);
        try
        {
            return await dialer.DialAsync(endpoint, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            return new KafkaFailure(KafkaFailureKind.Timeout, $"no connection to {endpoint} within {dialTimeout.TotalSeconds:0.##} s");
        }
    }

    private sealed class Entry(Task<KafkaResult<KafkaSession>> dialling)
    {
        internal Task<KafkaResult<KafkaSession>> Dialling { get; } = dialling;

        internal long MadeAt { get; init; }

        internal long UsedAt { get; set; }
    }
}
