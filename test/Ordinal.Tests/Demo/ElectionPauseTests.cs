using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

/// <summary>Of three members the third leads and is replaced from 10 to 13; the others choose the second, and nobody answers from 9.6 to 11.8.</summary>
public sealed class ElectionPauseTests
{
    private static readonly ElectionAllowance One = new(1, TimeSpan.FromSeconds(5));

    [Test]
    public void Those_who_vote_are_not_down_and_the_old_leader_is()
    {
        var judged = Judge(Election());
        Assert.That((judged.MostDown, judged.MostDownMembers), Is.EqualTo((1, new[] { 2 })));
        Assert.That(judged.Downs.Select(d => d.Member).Distinct(), Is.EqualTo(new[] { 2 }));
        var election = judged.Elections.Single();
        Assert.That((election.Leader, election.NewLeader, election.Gone), Is.EqualTo((2, 1, Scene.At(10))));
        Assert.That(election.Length.TotalSeconds, Is.EqualTo(2.3).Within(0.05), "from the last answer to the next");
    }

    [Test]
    public void Without_an_allowance_everybody_was_down() => Assert.That(Availability.Judge(Election().Build(), Scene.At(30)).MostDown, Is.EqualTo(3));

    [Test]
    public void A_pause_that_lasts_too_long_is_an_outage() => IsAnOutage(Judge(Election(), One with { Longest = TimeSpan.FromSeconds(2) }));

    [Test]
    public void A_second_election_is_an_outage()
    {
        var two = Election().Ran(1, 0, 15).WithoutProcess(1, 15, 17).WithoutAnswer(0, 14.8, 17).WithoutAnswer(2, 14.8, 17).Led(0, 16.9, 7);
        IsAnOutage(Judge(two), elections: 1);
        Assert.That(Judge(two, One with { Most = 2 }).MostDown, Is.EqualTo(1));
    }

    [Test]
    public void With_a_member_stopped_it_is_an_outage() => IsAnOutage(Judge(Election().Stopped(0, 8, 16)));

    [Test]
    public void With_a_member_that_was_silent_before_it_is_an_outage() => IsAnOutage(Judge(Election().WithoutAnswer(0, 7, 11)));

    [Test]
    public void With_another_process_gone_it_is_an_outage() => IsAnOutage(Judge(Election().WithoutProcess(0, 11, 11.5)));

    [Test]
    public void A_leader_that_hangs_is_no_election()
    {
        IsAnOutage(Judge(new Scene().Ran(2, 0, null).Led(2, 0, 5).Stopped(2, 10, 13).WithoutAnswer(0, 9.6, 11.8).WithoutAnswer(1, 9.6, 11.8).Led(1, 11.8, 6)));
    }

    [Test]
    public void A_follower_that_goes_is_no_election() => IsAnOutage(Judge(Election(before: 0)));

    [Test]
    public void A_pause_after_which_nobody_led_is_no_election()
    {
        IsAnOutage(Judge(new Scene().Ran(2, 0, 10).Led(2, 0, 5).WithoutProcess(2, 10, 13).WithoutAnswer(0, 9.6, 11.8).WithoutAnswer(1, 9.6, 11.8)));
    }

    [Test]
    public void A_member_that_does_not_come_back_from_the_election_is_down_from_its_end_on()
    {
        var judged = Judge(Election().WithoutAnswer(0, 9.6, 16));
        Assert.That((judged.MostDown, judged.MostDownMembers), Is.EqualTo((2, new[] { 0, 2 })));
        Assert.That(judged.MostDownAt, Is.GreaterThanOrEqualTo(Scene.At(11.8)));
    }

    [Test]
    public void A_leader_whose_process_takes_its_time_to_end_led_until_its_last_answer()
    {
        // It stops serving at 7.6 and is gone at 10, when the second has led since 9.8.
        var slow = new Scene().Ran(2, 0, 10).Led(2, 0, 5).WithoutProcess(2, 10, 13)
            .WithoutAnswer(0, 7.6, 9.8).WithoutAnswer(1, 7.6, 9.8).WithoutAnswer(2, 7.6, 13).Led(1, 9.8, 6);
        var judged = Judge(slow);
        Assert.That((judged.MostDown, judged.MostDownMembers), Is.EqualTo((1, new[] { 2 })));
        Assert.That(judged.Elections.Single().Length.TotalSeconds, Is.EqualTo(2.3).Within(0.05));
        IsAnOutage(Judge(slow.Stopped(2, 7.6, 9)));
    }

    [Test]
    public void An_election_of_less_than_the_limit_is_told_too()
    {
        var quick = new Scene().Ran(2, 0, 10).Led(2, 0, 5).WithoutProcess(2, 10, 13).WithoutAnswer(0, 9.9, 10.4).WithoutAnswer(1, 9.9, 10.4).Led(1, 10.4, 6);
        Assert.That(Judge(quick).Elections.Single().Length.TotalSeconds, Is.EqualTo(0.6).Within(0.05));
    }

    private static Scene Election(int before = 2) => new Scene().Ran(2, 0, 10).Led(before, 0, 5).WithoutProcess(2, 10, 13)
        .WithoutAnswer(0, 9.6, 11.8).WithoutAnswer(1, 9.6, 11.8).WithoutAnswer(2, 9.6, 13).Led(1, 11.8, 6);

    private static Availability Judge(Scene scene, ElectionAllowance? allowed = null) => Availability.Judge(scene.Build(), Scene.At(30), allowed ?? One);

    private static void IsAnOutage(Availability judged, int elections = 0)
    {
        Assert.That(judged.MostDown, Is.GreaterThanOrEqualTo(2));
        Assert.That(judged.Elections, Has.Length.EqualTo(elections));
    }
}
