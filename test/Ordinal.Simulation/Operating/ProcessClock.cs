namespace Ordinal.Simulation.Operating;

/// <summary>
/// The clock of one operator process. It stands still with the process: no timer fires while the process is frozen, all that were due fire when it
/// thaws, in whatever order. Its time of day may be wrong; the time that has gone by is everybody's.
/// </summary>
/// <param name="world">The world's clock.</param>
internal sealed class ProcessClock(TimeProvider world) : TimeProvider
{
    /// <summary>Gets or sets until when nothing of the process runs.</summary>
    public DateTimeOffset FrozenUntil { get; set; }

    /// <summary>Gets or sets how far its time of day is behind; negative when it is ahead.</summary>
    public TimeSpan Behind { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => world.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => world.GetUtcNow() - Behind;

    /// <inheritdoc/>
    public override long GetTimestamp() => world.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FrozenTimer(this, callback, state).Start(dueTime, period);

    /// <summary>Waits until the process runs.</summary>
    public Task ThawAsync() => Left() is var left && left > TimeSpan.Zero ? Task.Delay(left, world, CancellationToken.None) : Task.CompletedTask;

    private TimeSpan Left() => FrozenUntil - world.GetUtcNow();

    private sealed class FrozenTimer(ProcessClock clock, TimerCallback callback, object? state) : ITimer
    {
        private ITimer? inner;
        private TimeSpan period;

        public FrozenTimer Start(TimeSpan dueTime, TimeSpan newPeriod)
        {
            period = newPeriod;
            inner = clock.World.CreateTimer(_ => Fire(), null, dueTime, newPeriod);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            period = newPeriod;
            return inner!.Change(dueTime, newPeriod);
        }

        public void Dispose() => inner!.Dispose();

        public ValueTask DisposeAsync() => inner!.DisposeAsync();

        private void Fire()
        {
            if (clock.Left() is var left && left > TimeSpan.Zero)
            {
                inner!.Change(left, period);
            }
            else
            {
                callback(state);
            }
        }
    }

    private TimeProvider World => world;
}
