using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Tests.ControlPlane;

public sealed class RestartBackOffTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void The_first_restart_is_at_once_and_each_wait_then_doubles_up_to_the_longest()
    {
        var backOff = new RestartBackOff(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
        var waits = new List<double>();
        var now = Start;
        for (var i = 0; i < 8; i++)
        {
            var wait = backOff.WaitAfter(now);
            waits.Add(wait.TotalSeconds);
            backOff.Restarted(now, now + wait);
            now += wait + TimeSpan.FromSeconds(1);
        }

        Assert.That(waits, Is.EqualTo(new double[] { 0, 10, 20, 40, 80, 160, 300, 300 }));
    }

    [Test]
    public void A_run_of_more_than_twice_the_longest_wait_forgets_the_past()
    {
        var backOff = new RestartBackOff(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
        backOff.Restarted(Start, Start);
        backOff.Restarted(Start, Start);
        Assert.That(backOff.WaitAfter(Start.AddMinutes(10)), Is.EqualTo(TimeSpan.FromSeconds(20)));
        var late = Start.AddMinutes(10).AddSeconds(1);
        Assert.That(backOff.WaitAfter(late), Is.EqualTo(TimeSpan.Zero));
        backOff.Restarted(late, late);
        Assert.That(backOff.WaitAfter(late), Is.EqualTo(TimeSpan.FromSeconds(10)));
    }
}
