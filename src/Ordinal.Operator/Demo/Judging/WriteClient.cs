using System.Globalization;
using System.Net.Sockets;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>How a <see cref="WriteClient"/> writes.</summary>
public sealed record WriteClientOptions
{
    /// <summary>Gets the writes a second, over all members together. Bounded, so that the client is a witness and not a load test.</summary>
    public int WritesPerSecond { get; init; } = 50;

    /// <summary>Gets how long one write may take; past it nobody can say whether it happened.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets what all keys begin with.</summary>
    public string Prefix { get; init; } = "/ordinal-demo/";

    /// <summary>Gets how many keys one page of the read-back has.</summary>
    public int PageSize { get; init; } = 1000;
}

/// <summary>
/// Writes through all members all the time, one after the other in turn, and remembers every write that was acknowledged.
/// Each write is independent, with its own key, value and deadline: a member that hangs stops its own share only.
/// At the end <see cref="ReadBackAsync"/> looks for every acknowledged write. A write that was not acknowledged may or may not be
/// there; that is the store's contract, and it is never counted as lost.
/// </summary>
public sealed class WriteClient(IReadOnlyList<IMember> members, WriteClientOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, string> _acknowledged = new(StringComparer.Ordinal);
    private int _refused;
    private int _unknown;
    private string? _lastFailure;
    private long _started;
    private TimeSpan _lastAcknowledgement;
    private TimeSpan _longestStall;
    private TimeSpan _longestStallAt;
    private TimeSpan? _ended;

    /// <summary>Writes until the token ends, then waits for the writes under way.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _started = time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / options.WritesPerSecond), time);
        var underWay = new List<Task>();
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(cancellationToken); number++)
            {
                underWay.RemoveAll(write => write.IsCompletedSuccessfully);
                underWay.Add(WriteAsync(number, members[number % members.Count]));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A write that was sent may be acknowledged yet, so each is waited for; its own deadline bounds that.
            await Task.WhenAll(underWay);
        }

        lock (_gate)
        {
            _ended = time.GetElapsedTime(_started);
        }
    }

    /// <summary>Gets the counts so far; a stall that goes on counts with its length so far.</summary>
    public WriteSummary Summarize()
    {
        lock (_gate)
        {
            var open = (_ended ?? (_started == 0 ? TimeSpan.Zero : time.GetElapsedTime(_started))) - _lastAcknowledgement;
            var isOpenLonger = open > _longestStall;
            return new WriteSummary
            {
                Acknowledged = _acknowledged.Count,
                Refused = _refused,
                Unknown = _unknown,
                LongestStall = isOpenLonger ? open : _longestStall,
                LongestStallAt = isOpenLonger ? _lastAcknowledgement : _longestStallAt,
                LastFailure = _lastFailure,
            };
        }
    }

    /// <summary>
    /// Reads all keys back, linearizably, page by page at one revision, and compares them with what was acknowledged.
    /// A member that does not answer is passed over for the next.
    /// </summary>
    /// <exception cref="HttpRequestException">No member answered.</exception>
    /// <exception cref="OperationCanceledException">The token ended first.</exception>
    public async Task<ReadBack> ReadBackAsync(CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] acknowledged;
        lock (_gate)
        {
            acknowledged = [.. _acknowledged];
        }

        var found = await ReadAllAsync(cancellationToken);
        string[] lost = [.. acknowledged.Where(w => !found.TryGetValue(w.Key, out var value) || value != w.Value).Select(w => w.Key)];
        return new ReadBack(acknowledged.Length, lost);
    }

    private async Task WriteAsync(int number, IMember member)
    {
        var key = options.Prefix + number.ToString("D8", CultureInfo.InvariantCulture);
        var value = $"{number} through {member.Name}";
        using var deadline = new CancellationTokenSource(options.WriteTimeout, time);
        try
        {
            await member.PutAsync(key, value, deadline.Token);
            Acknowledge(key, value);
        }
        catch (OperationCanceledException)
        {
            Fail(isRefused: false, $"{member.Name}: no answer within {options.WriteTimeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            // Only a connection that was never made proves that nothing was written.
            Fail(e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }, $"{member.Name}: {e.Message}");
        }
    }

    private void Acknowledge(string key, string value)
    {
        lock (_gate)
        {
            _acknowledged.Add(key, value);
            var now = time.GetElapsedTime(_started);
            if (now - _lastAcknowledgement > _longestStall)
            {
                _longestStall = now - _lastAcknowledgement;
                _longestStallAt = _lastAcknowledgement;
            }

            _lastAcknowledgement = now;
        }
    }

    private void Fail(bool isRefused, string message)
    {
        lock (_gate)
        {
            _ = isRefused ? _refused++ : _unknown++;
            _lastFailure = message;
        }
    }

    private async Task<Dictionary<string, string>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var member in members)
        {
            try
            {
                return await ReadAllAsync(member, cancellationToken);
            }
            catch (HttpRequestException e)
            {
                failures.Add(e.Message);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                failures.Add($"{member.Name}: no answer within 10 s");
            }
        }

        throw new HttpRequestException($"no member answered the read-back: {string.Join("; ", failures)}");
    }

    private async Task<Dictionary<string, string>> ReadAllAsync(IMember member, CancellationToken cancellationToken)
    {
        // '/' + 1 is '0': the end of everything under the prefix.
        var end = options.Prefix[..^1] + (char)(options.Prefix[^1] + 1);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var from = options.Prefix;
        long revision = 0;
        while (true)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(10));
            var page = await member.RangeAsync(from, end, options.PageSize, revision, deadline.Token);
            foreach (var (key, value) in page.Pairs)
            {
                found[key] = value;
            }

            if (!page.HasMore || page.Pairs.Count == 0)
            {
                return found;
            }

            // One revision for all pages: what is compared is one state of the store.
            revision = page.Revision;
            from = page.Pairs[^1].Key + "\0";
        }
    }
}
