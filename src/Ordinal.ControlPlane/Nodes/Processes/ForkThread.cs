using System.Collections.Concurrent;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// The one thread that starts processes, for as long as this process lives. The signal that ends a child with its parent
/// (<c>setpriv --pdeathsig</c>) is sent when the <em>thread</em> that forked it ends: started from a pool thread, a pod would die
/// whenever the pool shrinks.
/// </summary>
internal static class ForkThread
{
    private static readonly BlockingCollection<Action> Work = Begin();

    /// <summary>Runs a function on the thread. An exception of it is the task's.</summary>
    public static Task<T> RunAsync<T>(Func<T> start)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                done.SetResult(start());
            }
#pragma warning disable CA1031 // It is the caller's exception; this thread must outlive it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    private static BlockingCollection<Action> Begin()
    {
        var work = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            Name = "pod processes",
            IsBackground = true,
        }.Start();
        return work;
    }
}
