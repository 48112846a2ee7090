using NUnit.Framework;

namespace Ordinal.Simulation.Operating;

/// <summary>Operators that die with each of their writes, or each second or third, roll a set all the same, under each driver and with a gate that wants several answers.</summary>
[TestFixture]
public sealed class MortalOperatorTests
{
    [Test]
    public void Operators_that_die_after_every_nth_write_come_to_the_end([Values(1, 2, 3)] int writes, [Values("Partition", "OnDelete", "Native", "LeaderLast")] string how)
    {
        using OperatorWorld stage = new(writes, world => [new SetPlan
        {
            Name = "s0",
            Replicas = 3,
            IsParallel = true,
            Driver = how == "LeaderLast" ? "OnDelete" : how,
            Order = how == "LeaderLast" ? how : "OrdinalDescending",
            Budget = 1,
            SuccessThreshold = 2,
            Ensemble = new Ensemble(world, new Random(7)),
        }]);
        MortalOperators mortals = new(stage, () => stage.StartOperator(), writes);
        stage.AddPolicies();
        stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(20));
        mortals.Begin();
        stage.ChangeTemplate("s0", "app:v2");
        stage.Until(
            () =>
            {
                mortals.StartAnew();
                return stage.IsAtRest();
            },
            TimeSpan.FromHours(1),
            "everything to come to rest");
        Assert.That(mortals.Deaths, Is.GreaterThanOrEqualTo(9 / writes), "three pods, each with an intent, an act and a pass");
    }
}
