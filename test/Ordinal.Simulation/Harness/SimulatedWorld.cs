namespace Ordinal.Simulation.Harness;

/// <summary>
/// One thread, one virtual clock, one seed. Everything that is ready to run waits in one bag, from which the seed picks; when the bag is
/// empty the clock jumps to the next timer. The same seed gives the same run, step by step; another one another interleaving.
/// </summary>
public sealed class SimulatedWorld
{
    private readonly Context context;
    private readonly Random scheduler;

    /// <summary>Makes a world.</summary>
    /// <param name="seed">What happens next, whenever there is a choice.</param>
    public SimulatedWorld(int seed)
    {
        Seed = seed;
        scheduler = new Random(seed);
        Random = new Random(scheduler.Next());
        Time = new VirtualTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        context = new Context(this);
    }

    public int Seed { get; }

    /// <summary>Gets the clock of everything in this world.</summary>
    public VirtualTimeProvider Time { get; }

    /// <summary>Gets a seeded source for what runs in this world; the scheduler has its own.</summary>
    public Random Random { get; }

    /// <summary>Gets how many continuations and timers have run.</summary>
    public long Steps { get; private set; }

    /// <summary>Gets a value indicating whether something could run without the clock moving.</summary>
    public bool HasReady => context.Count > 0;

    /// <summary>Gets or sets how many steps may run in all; more is taken for a loop that makes no progress.</summary>
    public long StepLimit { get; set; } = 20_000_000;

    /// <summary>Starts something in this world and runs the world until it has ended.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="horizon">Longest virtual time that it may take.</param>
    /// <exception cref="TimeoutException">It has not ended by then, or nothing is left that could end it.</exception>
    public T Run<T>(Func<Task<T>> work, TimeSpan horizon)
    {
        Task<T> task = Enter(work);
        RunUntil(() => task.IsCompleted, horizon, "the work to end");
        return task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Run{T}"/>
    public void Run(Func<Task> work, TimeSpan horizon)
    {
        Task task = Enter(work);
        RunUntil(() => task.IsCompleted, horizon, "the work to end");
        task.GetAwaiter().GetResult();
    }

    /// <summary>Starts something that goes on by itself. A failure of it ends the run.</summary>
    public Task Start(Func<Task> work)
    {
        Task task = Enter(work);
        _ = Enter(() => WatchAsync(task));
        return task;
    }

    /// <summary>Runs until a condition holds, which is asked after every step.</summary>
    /// <exception cref="TimeoutException">It does not hold within the horizon.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan horizon, string what)
    {
        DateTimeOffset end = Time.GetUtcNow() + horizon;
        while (!condition())
        {
            if (!Step(end))
            {
                throw new TimeoutException($"seed {Seed}: waited {horizon} in vain for {what} (virtual {Time.Elapsed}, step {Steps})");
            }
        }
    }

    /// <summary>Runs for a span of virtual time.</summary>
    public void RunFor(TimeSpan span)
    {
        DateTimeOffset end = Time.GetUtcNow() + span;
        while (Step(end))
        {
        }

        Time.MoveTo(end);
    }

    /// <summary>Runs one continuation or fires one timer; false when nothing is left to do up to <paramref name="end"/>.</summary>
    /// <exception cref="InvalidOperationException">Too many steps, or something left the simulated thread.</exception>
    public bool Step(DateTimeOffset end)
    {
        context.Check();
        if (Steps >= StepLimit)
        {
            throw new InvalidOperationException($"seed {Seed}: {Steps} steps within {Time.Elapsed} of virtual time");
        }

        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            if (context.Count > 0)
            {
                Steps++;
                context.RunOne(scheduler);
                return true;
            }

            if (Time.NextDue is not { } due || due > end)
            {
                return false;
            }

            Steps++;
            Time.FireNext(scheduler);
            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private T Enter<T>(Func<T> work)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            return work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private async Task WatchAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception failure)
        {
            context.Fail(new InvalidOperationException($"seed {Seed}: a part of the world failed: {failure.Message}", failure));
        }
    }

    private sealed class Context(SimulatedWorld world) : SynchronizationContext
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private readonly List<(SendOrPostCallback Callback, object? State)> ready = [];
        private Exception? failure;

        public int Count => ready.Count;

        public override void Post(SendOrPostCallback d, object? state)
        {
            if (Environment.CurrentManagedThreadId != thread)
            {
                Fail(new InvalidOperationException($"seed {world.Seed}: something left the simulated thread: {Environment.StackTrace}"));
                return;
            }

            ready.Add((d, state));
        }

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;

        public void RunOne(Random choose)
        {
            int index = choose.Next(ready.Count);
            (SendOrPostCallback callback, object? state) = ready[index];
            ready.RemoveAt(index);
            callback(state);
        }

        public void Fail(Exception cause) => Interlocked.CompareExchange(ref failure, cause, null);

        public void Check()
        {
            if (failure is not null)
            {
                throw failure;
            }
        }
    }
}
