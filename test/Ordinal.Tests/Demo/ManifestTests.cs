using NUnit.Framework;
using Ordinal.Operator.Demo;

namespace Ordinal.Tests.Demo;

public sealed class ManifestTests
{
    private const string Set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: etcd}\nspec: {replicas: 3, template: {spec: {containers: [{name: etcd, args: [--snapshot-count=10000]}]}}}\n";
    private const string Policy = "apiVersion: ordinal.dev/v1alpha1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec: {targets: {statefulSets: [{name: etcd}]}}\n";

    [TestCase("config/samples/etcd.yaml", "etcd", 3)]
    [TestCase("config/samples/zookeeper.yaml", "zk", 3)]
    [TestCase("config/samples/kafka-simulated.yaml", "kafka", 5)]
    [TestCase("config/samples/generic.yaml", "web", 5)]
    public void The_samples_are_good(string file, string set, int replicas)
    {
        var manifest = Manifest.Read(Path.Combine(Golden.Repository, file));
        Assert.That((manifest.SetName, manifest.PolicyName, manifest.Replicas), Is.EqualTo((set, set, replicas)));
        Assert.That(manifest.StatefulSet["spec"]!["updateStrategy"], Is.Null, "a declared strategy takes the hold away with every apply");
    }

    [Test]
    public void The_etcd_sample_has_the_flag_that_the_demo_changes()
    {
        var change = TemplateChange.OfEtcd(Manifest.Read(Path.Combine(Golden.Repository, "config/samples/etcd.yaml")));
        Assert.That((change.OldWord, change.NewWord), Is.EqualTo(("--snapshot-count=10000", "--snapshot-count=9000")));
        Assert.That(change.Patch.ToJsonString(), Does.Contain("\"op\":\"test\"").And.Contain("/spec/template/spec/containers/0/args/11"));
    }

    [Test]
    public void The_ZooKeeper_sample_has_the_property_that_the_demo_changes()
    {
        var change = TemplateChange.OfZooKeeper(Manifest.Read(Path.Combine(Golden.Repository, "config/samples/zookeeper.yaml")));
        Assert.That((change.OldWord, change.NewWord), Is.EqualTo(("-Dzookeeper.snapCount=10000", "-Dzookeeper.snapCount=9000")));
    }

    [TestCase("a: [", "line 2", "correct the YAML")]
    [TestCase("kind: StatefulSet", "document 1 has no apiVersion", "begin each document")]
    [TestCase("apiVersion: apps/v1", "document 1 has no kind", "begin each document")]
    [TestCase("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}", "document 1 is Deployment x of apps/v1, and the demo applies only", "write the workload as a StatefulSet")]
    [TestCase("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {}", "has no metadata.name", "name the object")]
    [TestCase(Set, "has 0 objects of kind RolloutPolicy", "give exactly one RolloutPolicy")]
    [TestCase(Set + "---\n" + Set + "---\n" + Policy, "has 2 objects of kind StatefulSet", "give exactly one StatefulSet")]
    [TestCase(Set + "---\napiVersion: ordinal.dev/v1alpha1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec: {targets: {statefulSets: [{name: other}]}}", "RolloutPolicy p does not list StatefulSet etcd", "add {name: etcd}")]
    [TestCase("apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: prod}\n---\n" + Set + "---\n" + Policy, "is for namespace prod", "leave metadata.namespace out")]
    [TestCase("- 1\n- 2", "not an object", "correct the YAML")]
    [TestCase("", "has 0 objects of kind StatefulSet", "give exactly one StatefulSet")]
    public void A_bad_one_is_refused_with_object_fact_and_remedy(string text, string fact, string remedy)
    {
        var refusal = Assert.Throws<DemoFailedException>(() => Manifest.Parse(text, "my.yaml"))!;
        Assert.That(refusal.Message, Does.StartWith("my.yaml").And.Contain(fact).And.Contain(remedy));
        Assert.That(refusal.ExitCode, Is.EqualTo(2));
    }

    [Test]
    public void A_file_that_is_not_there_is_refused()
    {
        var refusal = Assert.Throws<DemoFailedException>(() => Manifest.Read("/nonexistent/x.yaml"))!;
        Assert.That(refusal.Message, Is.EqualTo("/nonexistent/x.yaml: there is no such file; give --manifest the path of a YAML file that this user may read, such as config/samples/etcd.yaml, or leave it out for the scenario's own."));
        Assert.That(refusal.ExitCode, Is.EqualTo(2));
    }

    [Test]
    public void A_folder_is_refused() =>
        Assert.That(() => Manifest.Read("/"), Throws.TypeOf<DemoFailedException>().With.Message.StartsWith("/: is a folder; give --manifest the path of a YAML file"));

    [Test]
    public void An_etcd_without_the_flag_is_refused()
    {
        var manifest = Manifest.Parse(Set.Replace("--snapshot-count=10000", "--debug", StringComparison.Ordinal) + "---\n" + Policy, "my.yaml");
        var refusal = Assert.Throws<DemoFailedException>(() => TemplateChange.OfEtcd(manifest))!;
        Assert.That(refusal.Message, Does.Contain("StatefulSet etcd").And.Contain("--snapshot-count"));
        Assert.That(refusal.ExitCode, Is.EqualTo(2));
    }
}
