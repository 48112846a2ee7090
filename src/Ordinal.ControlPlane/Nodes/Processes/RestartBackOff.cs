namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// When a container that ended may start again, as the kubelet does it: the first restart comes at once, the next ones
/// 10 s, 20 s, 40 s … after the end, at most 5 min. A run of more than twice the longest wait starts the count afresh.
/// </summary>
public sealed class RestartBackOff
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private TimeSpan? _wait;
    private DateTimeOffset _lastStart;

    /// <summary>Creates the back-off of one container.</summary>
    /// <param name="first">First wait above zero; 10 s in Kubernetes.</param>
    /// <param name="longest">Longest wait; 5 min in Kubernetes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="first"/> is not positive or above <paramref name="longest"/>.</exception>
    public RestartBackOff(TimeSpan first, TimeSpan longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(first, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, longest);
        _first = first;
        _longest = longest;
    }

    /// <summary>Says how long after its end a container must stay down. Zero for the first restart.</summary>
    /// <param name="endedAt">When the container ended.</param>
    public TimeSpan WaitAfter(DateTimeOffset endedAt) => IsForgotten(endedAt) ? TimeSpan.Zero : _wait!.Value;

    /// <summary>Notes that the container starts again; the next wait is twice as long.</summary>
    /// <param name="endedAt">When the container ended before.</param>
    /// <param name="now">When it starts.</param>
    public void Restarted(DateTimeOffset endedAt, DateTimeOffset now)
    {
        _wait = IsForgotten(endedAt) ? _first : _wait!.Value * 2 < _longest ? _wait.Value * 2 : _longest;
        _lastStart = now;
    }

    private bool IsForgotten(DateTimeOffset endedAt) => _wait is null || endedAt - _lastStart > _longest * 2;
}
