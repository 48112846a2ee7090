using CsCheck;
using NUnit.Framework;
using Ordinal.Runtime.Metrics;
using Ordinal.Runtime.Queue;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class WorkQueueTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(3);

    [Test]
    public void A_key_is_in_the_queue_once_and_comes_back_after_it_was_added_in_hand() => Run(async (world, queue) =>
    {
        queue.Add("a");
        queue.Add("a");
        Assert.That(queue.Depth, Is.EqualTo(1));
        Assert.That(await queue.TakeAsync(CancellationToken.None), Is.EqualTo("a"));
        queue.Add("a");
        Assert.That(queue.Depth, Is.Zero, "it is in a hand");
        queue.Done("a");
        Assert.That(queue.Depth, Is.EqualTo(1));
        Assert.That(await queue.TakeAsync(CancellationToken.None), Is.EqualTo("a"));
        queue.Done("a");
        Assert.That(queue.Depth, Is.Zero);
    });

    [Test]
    public void Higher_priority_goes_first_and_a_key_can_be_lifted() => Run(async (world, queue) =>
    {
        queue.Add("resync", QueuePriority.Low);
        queue.Add("lifted", QueuePriority.Low);
        queue.Add("event");
        queue.Add("lifted", QueuePriority.High);
        queue.Add("lifted", QueuePriority.Low);
        string[] taken = [await queue.TakeAsync(default), await queue.TakeAsync(default), await queue.TakeAsync(default)];

        Assert.That(taken, Is.EqualTo(new[] { "lifted", "event", "resync" }));
        Assert.That(queue.Depth, Is.Zero);
    });

    [Test]
    public void A_delayed_key_comes_at_the_earliest_time_it_was_asked_for_and_once() => Run(async (world, queue) =>
    {
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(3));
        queue.AddAfter("a", TimeSpan.FromSeconds(30));
        queue.AddAfter("b", TimeSpan.FromSeconds(5));
        Assert.That(await queue.TakeAsync(default), Is.EqualTo("a"));
        Assert.That(world.Time.Elapsed, Is.EqualTo(TimeSpan.FromSeconds(3)));
        queue.Done("a");
        Assert.That(await queue.TakeAsync(default), Is.EqualTo("b"));
        Assert.That(world.Time.Elapsed, Is.EqualTo(TimeSpan.FromSeconds(5)));
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.That((queue.Depth, queue.DelayedCount), Is.EqualTo((0, 0)));
    });

    [Test]
    public void Failures_double_the_delay_up_to_the_cap_until_they_are_forgotten() => Run((world, queue) =>
    {
        var delays = Enumerable.Range(0, 20).Select(_ => queue.AddRateLimited("a", TimeSpan.Zero)).ToList();
        Assert.That(delays.Take(4).Select(delay => delay.TotalMilliseconds), Is.EqualTo(new[] { 5.0, 10, 20, 40 }));
        Assert.That(delays[^1], Is.EqualTo(TimeSpan.FromSeconds(30)));
        queue.Forget("a");
        Assert.That(queue.AddRateLimited("a", TimeSpan.Zero), Is.EqualTo(TimeSpan.FromMilliseconds(5)));
        Assert.That(queue.AddRateLimited("a", TimeSpan.FromMinutes(2)), Is.EqualTo(TimeSpan.FromMinutes(2)), "a server's Retry-After counts");
        return Task.CompletedTask;
    });

    [Test]
    public void A_cancelled_taker_takes_no_key_with_it() => Run(async (world, queue) =>
    {
        using var cancel = new CancellationTokenSource();
        var cancelled = queue.TakeAsync(cancel.Token);
        var patient = queue.TakeAsync(default);
        cancel.Cancel();
        queue.Add("a");

        Assert.That(await patient, Is.EqualTo("a"));
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
    });

    [Test]
    public void Backoff_never_overflows() => Gen.Select(Gen.Int[0, 10_000], Gen.Long[1, TimeSpan.TicksPerDay], Gen.Long[1, TimeSpan.TicksPerDay]).Sample((failures, first, cap) =>
    {
        var delay = new BackoffSettings(TimeSpan.FromTicks(first), TimeSpan.FromTicks(cap)).Delay(failures);
        return delay > TimeSpan.Zero && delay <= TimeSpan.FromTicks(cap);
    });

    /// <summary>
    /// Several workers, each cancelled now and then, and several producers: no key is ever in two hands, every add is followed by a
    /// take that began later, and no delayed key comes early.
    /// </summary>
    [Test]
    public void No_key_is_lost_early_or_in_two_hands() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 4], Step.Array[1, 40]).Sample((seed, workers, steps) =>
    {
        VirtualWorld.Run(seed, Limit, async world =>
        {
            using var queue = new WorkQueue<string>(world.Time, BackoffSettings.Default, new NoMetrics());
            using var stop = new CancellationTokenSource();
            var inHand = new HashSet<string>();
            var asked = new Dictionary<string, List<TimeSpan>>();
            var made = new Dictionary<string, TimeSpan>();
            var taken = new List<(string Key, TimeSpan At)>();
            var loops = Enumerable.Range(0, workers).Select(worker => WorkAsync(worker)).ToList();
            foreach (var (key, delay, pause) in steps)
            {
                var name = "k" + key;
                var due = world.Time.Elapsed + TimeSpan.FromMilliseconds(delay);
                asked.TryAdd(name, []);
                asked[name].Add(due);
                made[name] = world.Time.Elapsed;
                if (delay == 0)
                {
                    queue.Add(name, (QueuePriority)(key % 3));
                }
                else
                {
                    queue.AddAfter(name, TimeSpan.FromMilliseconds(delay));
                }

                await world.PassAsync(TimeSpan.FromMilliseconds(pause));
            }

            await world.PassAsync(TimeSpan.FromSeconds(5));
            stop.Cancel();
            await Task.WhenAll(loops);
            foreach (var (key, dues) in asked)
            {
                var takes = taken.Where(take => take.Key == key).Select(take => take.At).ToList();
                Assert.That(takes, Is.Not.Empty, $"{key} was lost");
                Assert.That(takes[0], Is.GreaterThanOrEqualTo(dues.Min()), $"{key} came early");
                // An earlier delay may cover a later one, but never a demand that was made after its take.
                Assert.That(takes[^1], Is.GreaterThanOrEqualTo(made[key]), $"{key} was asked for after its last take");
                Assert.That(takes, Has.Count.LessThanOrEqualTo(dues.Count), $"{key} came more often than it was asked for");
            }

            async Task WorkAsync(int worker)
            {
                var random = new Random(seed + worker);
                while (!stop.IsCancellationRequested)
                {
                    using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(1 + random.Next(20)), world.Time);
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop.Token);
                    try
                    {
                        var key = await queue.TakeAsync(either.Token);
                        Assert.That(inHand.Add(key), Is.True, $"{key} is in two hands");
                        taken.Add((key, world.Time.Elapsed));
                        await world.PassAsync(TimeSpan.FromMilliseconds(random.Next(30)));
                        inHand.Remove(key);
                        queue.Done(key);
                    }
                    catch (OperationCanceledException)
                    {
                        // Tries again, as a worker of a later term would.
                    }
                }
            }
        });
    }, iter: 200, threads: 1);

    private static readonly Gen<(int Key, int Delay, int Pause)> Step = Gen.Select(Gen.Int[0, 4], Gen.Frequency((1, Gen.Const(0)), (2, Gen.Int[1, 2_000])), Gen.Int[0, 50]);

    private static void Run(Func<VirtualWorld, WorkQueue<string>, Task> test) => VirtualWorld.Run(1, Limit, async world =>
    {
        using var queue = new WorkQueue<string>(world.Time, BackoffSettings.Default, new NoMetrics());
        await test(world, queue);
    });

    private sealed class NoMetrics : IQueueMetrics
    {
        public void Added()
        {
        }

        public void Retried()
        {
        }

        public void Taken(TimeSpan waited)
        {
        }

        public void Worked(TimeSpan took)
        {
        }
    }
}
