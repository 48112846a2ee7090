using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Stateless;

namespace Ordinal.Tests.Core;

/// <summary>The lifecycles as compiled tables, and their pictures in docs/generated.</summary>
public sealed class LifecycleTests
{
    [Test]
    public void The_pictures_in_the_docs_are_those_of_the_tables()
    {
        Golden("lifecycle-rollout.mmd", RolloutLifecycle.Table.ToMermaid());
        Golden("lifecycle-pod.mmd", PodLifecycle.Table.ToMermaid());
    }

    [Test]
    public void Final_states_are_those_from_which_nothing_leads() => Assert.Multiple(() =>
    {
        Assert.That(
            Enum.GetValues<RolloutState>().Where(RolloutLifecycle.Table.IsFinal),
            Is.EquivalentTo([RolloutState.Completed, RolloutState.NoChange, RolloutState.PreflightFailed, RolloutState.Failed, RolloutState.Cancelled, RolloutState.Superseded, RolloutState.RolledBack]));
        Assert.That(Enum.GetValues<PodStage>().Where(PodLifecycle.Table.IsFinal), Is.EquivalentTo([PodStage.Updated, PodStage.Failed]));
    });

    [Test]
    public void A_step_that_is_not_in_the_table_is_illegal_and_staying_is_legal() => Assert.Multiple(() =>
    {
        Assert.That(RolloutLifecycle.Table.IsLegal(RolloutState.Completed, RolloutState.Running), Is.False);
        Assert.That(RolloutLifecycle.Table.IsLegal(RolloutState.Queued, RolloutState.Running), Is.False);
        Assert.That(RolloutLifecycle.Table.IsLegal(RolloutState.Running, RolloutState.Running), Is.True);
        Assert.That(PodLifecycle.Table.IsLegal(PodStage.Starting, PodStage.Terminating), Is.False);
        Assert.That(PodLifecycle.Table.IsLegal(PodStage.Intended, PodStage.Missing), Is.True);
        Assert.That(PodLifecycle.Table.TryStep(PodStage.Missing, PodTrigger.Created, out var to), Is.True);
        Assert.That(to, Is.EqualTo(PodStage.Starting));
        Assert.That(PodLifecycle.Table.TryStep(PodStage.Updated, PodTrigger.Created, out _), Is.False);
    });

    [Test]
    public void A_definition_with_more_than_plain_transitions_does_not_compile()
    {
        var guarded = new StateMachine<PodStage, PodTrigger>(PodStage.Pending);
        guarded.Configure(PodStage.Pending).PermitIf(PodTrigger.Gone, PodStage.Missing, () => true);
        var acting = new StateMachine<PodStage, PodTrigger>(PodStage.Pending);
        acting.Configure(PodStage.Pending).OnEntry(() => { }).Permit(PodTrigger.Gone, PodStage.Missing);
        Assert.Multiple(() =>
        {
            Assert.That(() => Lifecycle.Compile(guarded), Throws.ArgumentException);
            Assert.That(() => Lifecycle.Compile(acting), Throws.ArgumentException);
        });
    }

    /// <summary>Compares with a file under docs/generated; ORDINAL_UPDATE_GOLDEN=1 rewrites it instead.</summary>
    private static void Golden(string name, string text)
    {
        var path = Path.Combine(Root(), "docs", "generated", name);
        if (Environment.GetEnvironmentVariable("ORDINAL_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.That(File.Exists(path), Is.True, $"{name} is missing; run the tests with ORDINAL_UPDATE_GOLDEN=1");
        Assert.That(File.ReadAllText(path), Is.EqualTo(text), $"{name} differs; run the tests with ORDINAL_UPDATE_GOLDEN=1 and review the change");
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No folder above holds Operator.sln.");
    }
}
