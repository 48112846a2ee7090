using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Operating;

/// <summary>Every sample can be applied as it is: its policy is one that the operator accepts, and belongs to what stands beside it.</summary>
public sealed class SampleTests
{
    private static IEnumerable<string> Files => Directory.EnumerateFiles(Path.Combine(Golden.Repository, "config/samples"), "*.yaml").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Files))]
    public void Its_policy_is_read_without_a_problem(string file)
    {
        foreach (var policy in Policies(file))
        {
            var reading = PolicyReader.Read(policy.Metadata.Name, policy.Spec);
            Assert.That(reading.Problems, Is.Empty);
            Assert.That(reading.Policy.Gates, Has.Length.EqualTo(policy.Spec.Gates?.Count ?? 0));
        }
    }

    [TestCaseSource(nameof(Files))]
    public void A_set_that_it_brings_is_a_target_of_its_policy_and_has_a_service(string file)
    {
        var documents = YamlText.ParseAll(File.ReadAllText(Path.Combine(Golden.Repository, "config/samples", file)));
        var targets = Policies(file).SelectMany(p => p.Spec.Targets!.StatefulSets!).Select(t => t.Name).ToList();
        Assert.That(targets, Is.Not.Empty);
        foreach (var set in documents.Where(d => (string?)d["kind"] == "StatefulSet"))
        {
            Assert.That(targets, Does.Contain((string?)set["metadata"]!["name"]));
            Assert.That(documents.Any(d => (string?)d["kind"] == "Service" && (string?)d["metadata"]!["name"] == (string?)set["spec"]!["serviceName"]), Is.True);
            Assert.That(set["spec"]!["updateStrategy"], Is.Null, "a declared strategy takes the hold away with every apply");
        }
    }

    [TestCase("zookeeper.yaml", "ZooKeeper")]
    [TestCase("etcd.yaml", "Etcd")]
    [TestCase("kafka.yaml", "Kafka")]
    public void The_leader_goes_last_where_the_gate_knows_it(string file, string type)
    {
        var policy = Policies(file).Single();
        Assert.That((policy.Spec.Gates!.Single().Type, policy.Spec.Update!.PodOrder), Is.EqualTo((type, "LeaderLast")));
        Assert.That(PolicyReader.Read(policy.Metadata.Name, policy.Spec).Policy.Gates.Single().TellsRoles, Is.True);
    }

    private static List<V1Alpha1RolloutPolicy> Policies(string file) =>
    [
        .. YamlText.ParseAll(File.ReadAllText(Path.Combine(Golden.Repository, "config/samples", file)))
            .Where(d => (string?)d["kind"] == "RolloutPolicy")
            .Select(d => EntityJson.Read<V1Alpha1RolloutPolicy>(Encoding.UTF8.GetBytes(d.ToJsonString()))),
    ];
}
