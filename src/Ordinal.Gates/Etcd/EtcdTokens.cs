namespace Ordinal.Gates.Etcd;

/// <summary>
/// Keeps each member's token: a log-in costs etcd a tenth of a second of processor time on purpose (bcrypt), so it is not repeated with every request.
/// Tokens are good for 5 minutes and die with their member; one that is refused is renewed, once for all requests that wait for it.
/// </summary>
internal sealed class EtcdTokens
{
    private readonly Lock guard = new();
    private readonly Dictionary<EtcdEndpoint, Entry> entries = [];

    /// <summary>Gets the token that a member gave last; null for none.</summary>
    internal string? Of(EtcdEndpoint endpoint)
    {
        lock (guard)
        {
            return entries.GetValueOrDefault(endpoint)?.Token;
        }
    }

    /// <summary>Logs in, unless somebody else did since the token was refused.</summary>
    /// <param name="endpoint">The member.</param>
    /// <param name="refused">The token that was refused; null when there was none.</param>
    /// <param name="login">Logs in.</param>
    /// <param name="cancellationToken">The request's deadline.</param>
    internal async Task<EtcdResult<string>> RenewAsync(EtcdEndpoint endpoint, string? refused, Func<CancellationToken, Task<EtcdResult<string>>> login, CancellationToken cancellationToken)
    {
        var entry = EntryOf(endpoint);
        await entry.Turn.WaitAsync(cancellationToken);
        try
        {
            if (entry.Token is { } known && known != refused)
            {
                return known;
            }

            entry.Token = null;
            var fresh = await login(cancellationToken);
            entry.Token = fresh.Value;
            return fresh;
        }
        finally
        {
            entry.Turn.Release();
        }
    }

    /// <summary>Forgets members that are not asked any more.</summary>
    internal void Keep(IReadOnlyCollection<EtcdEndpoint> asked)
    {
        lock (guard)
        {
            foreach (var gone in entries.Keys.Where(e => !asked.Contains(e)).ToList())
            {
                entries.Remove(gone);
            }
        }
    }

    private Entry EntryOf(EtcdEndpoint endpoint)
    {
        lock (guard)
        {
            if (!entries.TryGetValue(endpoint, out var entry))
            {
                entries[endpoint] = entry = new Entry();
            }

            return entry;
        }
    }

    private sealed class Entry
    {
        /// <summary>Gets the turn to log in; it is never waited on by its wait handle, so it holds nothing to dispose.</summary>
        internal SemaphoreSlim Turn { get; } = new(1, 1);

        internal volatile string? Token;
    }
}
