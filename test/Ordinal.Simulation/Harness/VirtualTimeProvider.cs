namespace Ordinal.Simulation.Harness;

/// <summary>
/// A clock that stands still until it is told to go on. Timers fire only in <see cref="FireNext"/>, on the caller's thread. Its
/// timestamp frequency is deliberately odd, so that code that mixes timestamps and ticks is found out.
/// </summary>
public sealed class VirtualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private const int StampsPerTick = 7;
    private readonly SortedSet<VirtualTimer> timers = new(Comparer<VirtualTimer>.Create((a, b) =>
        a.DueTicks != b.DueTicks ? a.DueTicks.CompareTo(b.DueTicks) : a.Number.CompareTo(b.Number)));

    private readonly List<VirtualTimer> due = [];

    private readonly DateTimeOffset origin = start;
    private DateTimeOffset now = start;
    private long created;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond * StampsPerTick;

    /// <summary>Gets the time since the start.</summary>
    public TimeSpan Elapsed => now - origin;

    /// <summary>Gets when the next timer is due; null when none is set.</summary>
    public DateTimeOffset? NextDue => timers.Min?.Due;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now;

    /// <inheritdoc/>
    public override long GetTimestamp() => (now - origin).Ticks * StampsPerTick;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(this, callback, state, created++);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward without firing anything that is due until then.</summary>
    public void MoveTo(DateTimeOffset time) => now = time > now ? time : now;

    /// <summary>Moves the clock to the next timer and fires one that is due then, chosen by <paramref name="choose"/> among equals.</summary>
    public bool FireNext(Random choose)
    {
        if (timers.Min is not { } first)
        {
            return false;
        }

        due.Clear();
        foreach (VirtualTimer timer in timers)
        {
            if (timer.DueTicks != first.DueTicks)
            {
                break;
            }

            due.Add(timer);
        }

        VirtualTimer chosen = due[choose.Next(due.Count)];
        MoveTo(chosen.Due);
        timers.Remove(chosen);
        chosen.Fire();
        return true;
    }

    private sealed class VirtualTimer(VirtualTimeProvider owner, TimerCallback callback, object? state, long number) : ITimer
    {
        private TimeSpan period;
        private bool isDisposed;

        public DateTimeOffset Due
        {
            get;
            private set => (field, DueTicks) = (value, value.UtcTicks);
        }

        public long DueTicks { get; private set; }

        public long Number => number;

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            if (isDisposed)
            {
                return false;
            }

            owner.timers.Remove(this);
            period = newPeriod;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Due = owner.now + (dueTime > TimeSpan.Zero ? dueTime : TimeSpan.Zero);
                owner.timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            if (period > TimeSpan.Zero)
            {
                Due = owner.now + period;
                owner.timers.Add(this);
            }

            callback(state);
        }

        public void Dispose()
        {
            isDisposed = true;
            owner.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
