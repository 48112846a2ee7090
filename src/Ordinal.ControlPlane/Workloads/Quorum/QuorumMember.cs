namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>One member's process in a <see cref="QuorumCluster"/>. What it is changes only while the cluster holds still.</summary>
internal sealed class QuorumMember(QuorumCluster cluster, int ordinal) : IEnsembleMember
{
    private TaskCompletionSource? resumed;

    public string? Fatal { get; init; }

    internal int Ordinal => ordinal;

    internal QuorumPhase Phase { get; set; }

    /// <summary>Gets or sets when it has everything, while it is being synchronized.</summary>
    internal DateTimeOffset SyncedAt { get; set; }

    internal bool IsLeaving { get; set; }

    internal bool Lags { get; private set; }

    /// <summary>Gets a value indicating whether its data are not what the others have.</summary>
    internal bool IsCorrupt { get; private set; }

    internal bool IsHung => resumed is not null;

    internal DateTimeOffset HungSince { get; private set; }

    internal IReadOnlyList<IAsyncDisposable> Listeners { get; set; } = [];

    /// <summary>Gets a value indicating whether it takes part, as far as its process goes.</summary>
    internal bool IsPresent => !IsLeaving && !IsHung;

    public void Leave() => cluster.Leave(this);

    public void Hang(bool isHung) => cluster.Do(now =>
    {
        if (isHung != IsHung)
        {
            resumed?.SetResult();
            resumed = isHung ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            HungSince = now;
        }
    });

    public void Update(Func<string, string?> annotation)
    {
        ArgumentNullException.ThrowIfNull(annotation);
        var (lags, isCorrupt) = (annotation("ensemble-lags") == "true", annotation("etcd-corrupt") == "true");
        cluster.Do(_ => (Lags, IsCorrupt) = (lags, isCorrupt));
    }

    public Task EndAsync() => cluster.End(this);

    /// <summary>Waits while it hangs.</summary>
    internal Task GoingOnAsync(CancellationToken cancellationToken) => resumed?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    internal Task CloseAsync()
    {
        resumed?.TrySetResult();
        Task[] closing = [.. Listeners.Select(l => l.DisposeAsync().AsTask())];
        Listeners = [];
        return Task.WhenAll(closing);
    }
}
