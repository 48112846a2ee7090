using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CsCheck;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.ControlPlane.Controllers.StatefulSets;
using Ordinal.Simulation.Harness;

namespace Ordinal.Tests.ControlPlane;

/// <summary>
/// The pure algorithm over pictures of pods: a letter is the revision (<c>a</c> old, <c>b</c> new), upper case is ready, <c>-</c> is a
/// hole, and <c>!</c> after a letter is terminating.
/// </summary>
[TestFixture]
public sealed class StatefulSetAlgorithmTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestCase("AAA", "delete web-2")]
    [TestCase("AAA!", "")]
    [TestCase("AA-", "create web-2@b")]
    [TestCase("AAb", "")]
    [TestCase("AAB", "delete web-1")]
    [TestCase("aAB", "", Description = "an unhealthy lower pod stops an ordered update")]
    [TestCase("A-B", "create web-1@b")]
    [TestCase("BBB", "")]
    [TestCase("--A", "create web-0@b")]
    public void An_ordered_update_does(string pods, string expected) => Assert.That(Plan(pods, new StatefulSetDocument()), Is.EqualTo(expected));

    [TestCase("aAA", "delete web-2", Description = "kubernetes #96218")]
    [TestCase("A-b", "create web-1@b")]
    [TestCase("---", "create web-0@b, create web-1@b, create web-2@b")]
    [TestCase("AAa", "delete web-2")]
    public void A_parallel_update_does(string pods, string expected) => Assert.That(Plan(pods, new StatefulSetDocument { IsParallel = true }), Is.EqualTo(expected));

    [TestCase("AAAAA", "delete web-4")]
    [TestCase("AAAAA!", "")]
    [TestCase("AAAAa", "delete web-4", Description = "the first unavailable pod may go")]
    [TestCase("AAAaa", "", Description = "two unhealthy condemned pods block")]
    [TestCase("AAaAA", "", Description = "an unhealthy wanted pod blocks")]
    public void An_ordered_scale_down_does(string pods, string expected) => Assert.That(Plan(pods, new StatefulSetDocument()), Is.EqualTo(expected));

    [Test]
    public void An_ordered_sync_disrupts_or_makes_at_most_one_pod_and_never_deletes_while_a_wanted_one_is_unhealthy() =>
        Gen.Char["AaBb-!"].Array[0, 7].Select(letters => new string(letters)).Sample(pods =>
        {
            string plan = Plan(pods, new StatefulSetDocument());
            string wanted = string.Concat(Read(pods).Take(3).Select(pod => pod.Letter));
            bool allHealthy = wanted.Length == 3 && wanted.All(char.IsUpper) && !Read(pods).Take(3).Any(pod => pod.IsTerminating);
            return !plan.Contains(", ", StringComparison.Ordinal)
                && (allHealthy || !plan.StartsWith("delete", StringComparison.Ordinal))
                && plan == Plan(pods, new StatefulSetDocument());
        });

    [Test]
    public void No_update_ever_deletes_a_pod_that_already_carries_the_update_revision() =>
        Gen.Select(Gen.Char["AaBb-!"].Array[0, 6].Select(letters => new string(letters)), Gen.Bool).Sample((pods, isParallel) =>
            Decide(pods, new StatefulSetDocument { IsParallel = isParallel }).Updates.All(update => update.Pod.Revision == "a" && !update.Pod.IsTerminating));

    private static string Plan(string pods, StatefulSetDocument document)
    {
        StatefulSetPlan plan = Decide(pods, document);
        IEnumerable<StatefulSetOperation> all = [.. plan.Stages.SelectMany(stage => stage.Pods).SelectMany(operations => operations), .. plan.Updates];
        return string.Join(", ", all.Select(operation => operation switch
        {
            StatefulSetOperation.CreatePod => $"create {operation.Pod.Name}@{operation.Pod.Revision}",
            StatefulSetOperation.DeletePod => $"delete {operation.Pod.Name}",
            _ => throw new InvalidOperationException($"unexpected {operation}"),
        }));
    }

    private static StatefulSetPlan Decide(string picture, StatefulSetDocument document)
    {
        JsonObject set = document.Build();
        set["metadata"]!["namespace"] = "default";
        StatefulSetView view = StatefulSetView.Of(KubeObject.Of(set));
        ImmutableArray<PodFacts> pods = [.. Read(picture).Select((pod, ordinal) => (pod, ordinal)).Where(entry => entry.pod.Letter != '-').Select(entry => Pod(entry.pod, entry.ordinal))];
        return StatefulSetAlgorithm.Plan(new StatefulSetInput(view, pods, new Dictionary<string, KubeObject>(), "a", "b", 0, Now, StatefulSetSwitches.Kubernetes136));
    }

    private static List<(char Letter, bool IsTerminating)> Read(string picture)
    {
        List<(char, bool)> pods = [];
        foreach (char letter in picture)
        {
            if (letter != '!')
            {
                pods.Add((letter, false));
            }
            else if (pods.Count > 0)
            {
                pods[^1] = (pods[^1].Item1, true);
            }
        }

        return pods;
    }

    private static PodFacts Pod((char Letter, bool IsTerminating) pod, int ordinal)
    {
        JsonObject document = new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"web-{ordinal}",
                ["labels"] = new JsonObject
                {
                    [PodIdentity.RevisionLabel] = char.ToLowerInvariant(pod.Letter).ToString(),
                    [PodIdentity.PodNameLabel] = $"web-{ordinal}",
                    [PodIdentity.PodIndexLabel] = $"{ordinal}",
                },
                ["deletionTimestamp"] = pod.IsTerminating ? "2030-01-01T00:00:05Z" : null,
            },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = char.IsUpper(pod.Letter) ? "True" : "False" }),
            },
        };
        return PodFacts.Of(KubeObject.Of(document));
    }
}
