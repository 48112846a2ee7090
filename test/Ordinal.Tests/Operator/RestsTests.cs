using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Operator.Actuating;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>How long something rests that did not work.</summary>
public sealed class RestsTests
{
    private readonly FakeTimeProvider time = new(Picture.Noon);

    private Rests<string, string> rests = null!;

    [SetUp]
    public void Begin() => rests = new Rests<string, string>(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), time);

    [Test]
    public void The_pause_doubles_up_to_the_longest_and_begins_anew_after_a_success()
    {
        var pauses = Enumerable.Range(0, 7).Select(_ => rests.Add("a", 1, "no").Left.TotalSeconds).ToList();
        rests.Remove("a");
        Assert.Multiple(() =>
        {
            Assert.That(pauses, Is.EqualTo(new[] { 1, 2, 4, 8, 16, 30, 30 }));
            Assert.That(rests.Find("a", 1), Is.Null);
            Assert.That(rests.Add("a", 1, "no").Left, Is.EqualTo(TimeSpan.FromSeconds(1)));
        });
    }

    [Test]
    public void It_begins_anew_too_when_nothing_was_tried_for_long()
    {
        rests.Add("a", 1, "no");
        rests.Add("a", 1, "no");
        time.Advance(TimeSpan.FromSeconds(62));
        Assert.That(rests.Add("a", 1, "no").Left, Is.EqualTo(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void What_the_server_asks_for_is_the_least()
    {
        Assert.That(rests.Add("a", 1, "no", TimeSpan.FromSeconds(40)).Left, Is.EqualTo(TimeSpan.FromSeconds(40)));
        time.Advance(TimeSpan.FromSeconds(39));
        Assert.That(rests.Find("a", 1), Is.EqualTo(new Rest<string>("no", TimeSpan.FromSeconds(1), 1)));
    }

    [Test]
    public void What_is_made_for_something_else_may_go_at_once_the_first_time_and_then_each_2_s()
    {
        rests.Add("a", 1, "no");
        Assert.That(rests.Find("a", 2), Is.Null);
        for (var times = 0; times < 5; times++)
        {
            rests.Add("a", 2, "no");
        }

        Assert.That(rests.Find("a", 3)?.Left, Is.EqualTo(TimeSpan.FromSeconds(2)));
        Assert.That(rests.Find("a", 2)?.Left, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void It_is_counted_how_often_in_a_row_it_failed_for_the_same() => Assert.That(
        new[] { 1, 1, 2, 2, 2 }.Select(version => rests.Add("a", version, "no").InARow),
        Is.EqualTo(new[] { 1, 2, 1, 2, 3 }));

    [Test]
    public void One_thing_does_not_keep_another()
    {
        rests.Add("a", 1, "no");
        Assert.That(rests.Find("b", 1), Is.Null);
    }
}
