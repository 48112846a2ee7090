using System.Text.Json;
using NUnit.Framework;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>
/// The largest set that is promised, from the change to the end: 1,000 pods when ORDINAL_SOAK is 1. What the built-in controller does grows with the square of the size, and
/// takes some forty seconds of processor time there; without it a set of 120 is rolled, by the same rules.
/// </summary>
[TestFixture]
public sealed class LargeSetTests
{
    /// <summary>etcd takes 1.5 MiB; the status must leave room for the spec and the managed fields.</summary>
    private const int MostBytes = 512 * 1024;

    private static readonly int Pods = Environment.GetEnvironmentVariable("ORDINAL_SOAK") == "1" ? 1000 : 120;

    [Test]
    public void A_large_set_is_rolled_to_its_end_within_the_budget_and_its_status_stays_small()
    {
        SetPlan plan = new() { Name = "s0", Replicas = Pods, IsParallel = true, Driver = "OnDelete", MaxUnavailable = "25%", Deletes = true, StartDelay = TimeSpan.FromMilliseconds(100) };
        using OperatorWorld stage = new(1, _ => [plan]);
        stage.AddPolicies();
        OperatorProcess process = stage.StartOperator();
        stage.RunFor(TimeSpan.FromSeconds(10));
        long requests = process.Witness.Requests;
        stage.ChangeTemplate(plan.Name, "app:v2");
        int largest = 0;
        stage.Until(
            () =>
            {
                JsonElement rollout = stage.Rollout(plan.Name);
                largest = Math.Max(largest, rollout.ValueKind is JsonValueKind.Object ? rollout.GetRawText().Length : 0);
                return stage.IsAtRest();
            },
            TimeSpan.FromMinutes(10),
            "everything to come to rest");
        Assert.That(stage.HasEnded(plan.Name, "Completed"), Is.True);
        Assert.That(stage.Checker.Taken, Is.EqualTo(Pods), "each pod once");
        Assert.That(largest, Is.InRange(100 * Pods / 4, MostBytes), "the whole object, when it is at its largest");
        Assert.That(process.Witness.Requests - requests, Is.LessThan(3 * Pods), "a look and a removal for each pod, and few writes of the status");
    }
}
