using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

public sealed class AvailabilityTests
{
    [Test]
    public void Nobody_is_down_when_all_answer()
    {
        var judged = Judge(new Scene());
        Assert.That(judged.MostDown, Is.Zero);
        Assert.That(judged.Downs, Is.Empty);
        Assert.That(judged.LargestGap, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
    }

    [Test]
    public void A_member_without_a_process_is_down_from_the_first_look_to_the_last()
    {
        var judged = Judge(new Scene().WithoutProcess(1, 5, 8));
        Assert.That(judged.MostDown, Is.EqualTo(1));
        Assert.That(judged.Downs, Is.EqualTo(new[] { new DownTime(1, Scene.At(5), Scene.At(8), DownCause.NotRunning) }));
    }

    [Test]
    public void A_member_that_answers_again_within_a_second_was_never_down()
    {
        Assert.That(Judge(new Scene().WithoutAnswer(1, 5, 5.9)).Downs, Is.Empty);
    }

    [Test]
    public void A_member_that_answers_after_more_than_a_second_was_down_until_one_second_before()
    {
        var judged = Judge(new Scene().WithoutAnswer(1, 5, 8));
        Assert.That(judged.Downs, Has.Length.EqualTo(1));
        Assert.That(judged.Downs[0].Cause, Is.EqualTo(DownCause.NoAnswer));
        Assert.That(judged.Downs[0].From, Is.EqualTo(Scene.At(5)));
        Assert.That(judged.Downs[0].To, Is.EqualTo(Scene.At(7.1)));
    }

    [Test]
    public void A_stopped_member_is_down_from_then_on_and_says_so()
    {
        var judged = Judge(new Scene().Stopped(1, 5, 8));
        Assert.That(judged.Downs, Is.EqualTo(new[] { new DownTime(1, Scene.At(5), Scene.At(8), DownCause.Stopped) }));
    }

    [Test]
    public void One_down_after_the_other_is_never_two_down()
    {
        Assert.That(Judge(new Scene().WithoutProcess(0, 3, 6).WithoutProcess(1, 6, 9)).MostDown, Is.EqualTo(1));
    }

    [Test]
    public void A_hung_member_beside_a_restarting_one_is_two_down()
    {
        var judged = Judge(new Scene().WithoutAnswer(1, 4, 12).WithoutProcess(2, 8, 11));
        Assert.That(judged.MostDown, Is.EqualTo(2));
        Assert.That(judged.MostDownAt, Is.EqualTo(Scene.At(8)));
        Assert.That(judged.MostDownMembers, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(judged.SeveralDownFor.TotalSeconds, Is.EqualTo(3).Within(0.01));
    }

    [Test]
    public void A_look_whose_answers_may_still_come_is_not_judged()
    {
        // At the end of the record nobody has answered the last second's reads yet.
        var scene = new Scene { Length = TimeSpan.FromSeconds(10) }.WithoutAnswer(0, 9.1, 11).WithoutAnswer(1, 9.1, 11);
        Assert.That(Judge(scene, 10).MostDown, Is.Zero);
        Assert.That(Judge(scene, 10.5).MostDown, Is.EqualTo(2));
    }

    [Test]
    public void An_answer_that_came_too_late_does_not_count()
    {
        var seen = new Observations
        {
            Members = ["a"],
            Looks = [new Look(Scene.At(1), [true])],
            Reads = [new AnsweredRead(0, Scene.At(1), Scene.At(2.001))],
        };
        Assert.That(Availability.Judge(seen, Scene.At(5)).MostDown, Is.EqualTo(1));
        Assert.That(Availability.Judge(seen with { Reads = [new AnsweredRead(0, Scene.At(1), Scene.At(2))] }, Scene.At(5)).MostDown, Is.Zero);
    }

    [TestCase(1.5, 0, Description = "the observer slept, and each answered as soon as it woke")]
    [TestCase(0.1, 1, Description = "it was awake, and nobody answered")]
    public void While_the_observer_slept_nobody_had_to_answer(double next, int expected)
    {
        double[] looks = next > 1 ? [1, 1 + next] : [.. Enumerable.Range(0, 16).Select(i => 1 + (i * next))];
        var seen = new Observations
        {
            Members = ["a"],
            Looks = [.. looks.Select(at => new Look(Scene.At(at), [true]))],
            Reads = [new AnsweredRead(0, Scene.At(2.5), Scene.At(2.51))],
        };
        Assert.That(Availability.Judge(seen, Scene.At(9)).MostDown, Is.EqualTo(expected));
    }

    [Test]
    public void A_look_is_judged_only_when_its_longer_limit_is_over()
    {
        var seen = new Observations { Members = ["a"], Looks = [new Look(Scene.At(1), [true]), new Look(Scene.At(2.5), [true])] };
        Assert.That(Availability.Judge(seen, Scene.At(3.4)).Looks, Is.Zero);
        Assert.That(Availability.Judge(seen, Scene.At(3.5)), Has.Property("Looks").EqualTo(2).And.Property("MostDown").EqualTo(1));
    }

    [Test]
    public void The_longest_blink_is_told()
    {
        var seen = new Observations { Members = [], Looks = [new Look(Scene.At(1), []), new Look(Scene.At(4), []), new Look(Scene.At(5), [])] };
        Assert.That(Availability.Judge(seen, Scene.At(9)).LargestGap, Is.EqualTo(Scene.At(3)));
    }

    private static Availability Judge(Scene scene, double now = 30) => Availability.Judge(scene.Build(), Scene.At(now));
}
