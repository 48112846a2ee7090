using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>A store of which nothing was heard for 90 s is Unknown (rule 4), whichever it is: nothing that depends on it goes on.</summary>
[TestFixture]
public sealed class DeafOperatorTests
{
    /// <summary>
    /// The policies' watch falls silent, and the server can list them no more; all else is as fresh as ever. Then somebody suspends the policy, which the
    /// operator cannot know: but it knows that it hears nothing.
    /// </summary>
    [Test]
    public void No_pod_is_taken_by_a_policy_of_which_nothing_was_heard_for_90_s()
    {
        SetPlan plan = new() { Name = "s0", Replicas = 8, IsParallel = true, Driver = "OnDelete", StartDelay = TimeSpan.FromMilliseconds(300), MinReadyDuration = TimeSpan.FromSeconds(30) };
        using OperatorWorld stage = new(5, _ => [plan]);
        HaltedWatch? policies = null;
        stage.AddPolicies();
        stage.StartOperator(setup => setup with { Around = network => policies = new HaltedWatch(network, stage.World.Time, "rolloutpolicies") });
        stage.RunFor(TimeSpan.FromSeconds(10));
        stage.ChangeTemplate(plan.Name, "app:v2");
        stage.Until(() => stage.Checker.Taken == 1, TimeSpan.FromMinutes(1), "the first pod to be taken");
        policies!.Halt();
        policies.IsRefused = true;
        stage.PatchSpec(OperatorWorld.Policies, plan.PolicyName, new() { ["suspend"] = true });
        stage.RunFor(TimeSpan.FromSeconds(95));
        long taken = stage.Checker.Taken;
        Assert.That(taken, Is.InRange(2, 5), "it goes on as long as it may not know better");
        stage.RunFor(TimeSpan.FromMinutes(5));
        Assert.That(stage.Checker.Taken, Is.EqualTo(taken));

        policies.IsRefused = false;
        stage.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(stage.Checker.Taken, Is.EqualTo(taken), "now it knows that it is suspended");
        stage.PatchSpec(OperatorWorld.Policies, plan.PolicyName, new() { ["suspend"] = false });
        stage.Until(stage.IsAtRest, TimeSpan.FromMinutes(10), "everything to come to rest");
    }
}
