namespace Ordinal.Tests.Runtime.Support;

/// <summary>
/// Runs asynchronous code on one thread and on virtual time: a seed decides which of the continuations that are ready runs next, and
/// time moves to the next timer only when nothing is ready. A continuation that comes from another thread fails the run.
/// </summary>
internal sealed class VirtualWorld(int seed) : SynchronizationContext
{
    private readonly List<(SendOrPostCallback Callback, object? State)> ready = [];
    private readonly Random random = new(seed);
    private readonly List<string> violations = [];
    private int threadId;

    public VirtualTime Time { get; } = new();

    /// <summary>Runs until the work is done; fails when it cannot go on or takes longer than <paramref name="limit"/> of virtual time.</summary>
    public static void Run(int seed, TimeSpan limit, Func<VirtualWorld, Task> work)
    {
        var world = new VirtualWorld(seed);
        var before = Current;
        SetSynchronizationContext(world);
        try
        {
            world.threadId = Environment.CurrentManagedThreadId;
            var task = work(world);
            while (!task.IsCompleted)
            {
                world.Step(limit, seed);
            }

            if (world.violations.Count > 0)
            {
                throw new InvalidOperationException($"seed {seed}: left the simulated thread: {world.violations[0]}");
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (ready)
        {
            if (Environment.CurrentManagedThreadId != threadId)
            {
                violations.Add(Environment.StackTrace);
            }

            ready.Add((d, state));
        }
    }

    /// <summary>Waits in virtual time until something is so.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        var give = Time.GetUtcNow() + TimeSpan.FromHours(2);
        while (!condition())
        {
            if (Time.GetUtcNow() > give)
            {
                throw new TimeoutException($"not so after two hours: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), Time, CancellationToken.None);
        }
    }

    public Task PassAsync(TimeSpan time) => Task.Delay(time, Time, CancellationToken.None);

    private void Step(TimeSpan limit, int seed)
    {
        (SendOrPostCallback Callback, object? State) next;
        lock (ready)
        {
            if (ready.Count == 0)
            {
                if (!Time.AdvanceToNextTimer())
                {
                    throw new InvalidOperationException($"seed {seed}: nothing is ready and no timer is set: the work waits for ever.");
                }

                if (Time.Elapsed > limit)
                {
                    throw new TimeoutException($"seed {seed}: more than {limit} of virtual time have passed.");
                }

                return;
            }

            var at = random.Next(ready.Count);
            next = ready[at];
            ready.RemoveAt(at);
        }

        next.Callback(next.State);
    }
}

/// <summary>Time that moves only when told to. Its frequency is odd on purpose: whoever takes timestamps for ticks is found out.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private const long Multiple = 7;
    private readonly List<VirtualTimer> timers = [];
    private readonly DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long order;

    public TimeSpan Elapsed { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond * Multiple;

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    public override long GetTimestamp() => (Elapsed.Ticks * Multiple) + 12_345;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on without a timer firing: the process stood still.</summary>
    public void StandStill(TimeSpan span) => Elapsed += span;

    public bool AdvanceToNextTimer()
    {
        var next = timers.OrderBy(timer => timer.Due).ThenBy(timer => timer.Order).FirstOrDefault();
        if (next is null)
        {
            return false;
        }

        Elapsed = next.Due > Elapsed ? next.Due : Elapsed;
        next.Fire();
        return true;
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public TimeSpan Due { get; private set; }

        public long Order { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            time.timers.Remove(this);
            period = newPeriod;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Due = time.Elapsed + dueTime;
                Order = time.order++;
                time.timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            time.timers.Remove(this);
            if (period > TimeSpan.Zero)
            {
                Change(period, period);
            }

            callback(state);
        }

        public void Dispose() => time.timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
