namespace Ordinal.Operator.Demo.Judging;

/// <summary>
/// Talks to exactly one member of an ensemble. The judge's own: it shares nothing with the gate whose work it judges.
/// No method retries; each throws <see cref="HttpRequestException"/> when the member refuses or cannot be reached,
/// and <see cref="OperationCanceledException"/> when the token ends first.
/// </summary>
public interface IMember : IDisposable
{
    /// <summary>Gets the member's name, as its pod's.</summary>
    string Name { get; }

    /// <summary>Gets the whole word of its server's command line by which the process is found.</summary>
    string ListenWord { get; }

    /// <summary>Writes one key.</summary>
    Task PutAsync(string key, string value, CancellationToken cancellationToken);

    /// <summary>Makes one linearizable read: it succeeds only when a majority of the members takes part.</summary>
    Task ReadLinearizablyAsync(CancellationToken cancellationToken);

    /// <summary>Reads keys from <paramref name="from"/> (inclusive) to <paramref name="end"/> (exclusive), linearizably.</summary>
    /// <param name="from">The first key.</param>
    /// <param name="end">The first key that is not wanted.</param>
    /// <param name="limit">The most keys of one page; a member may give more when it has no pages.</param>
    /// <param name="revision">The revision to read; 0 for the newest.</param>
    /// <param name="cancellationToken">The deadline.</param>
    Task<RangePage> RangeAsync(string from, string end, int limit, long revision, CancellationToken cancellationToken);

    /// <summary>Asks the member how it is; answered without the other members.</summary>
    Task<MemberStatus> StatusAsync(CancellationToken cancellationToken);
}
