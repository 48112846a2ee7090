using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Tests.ControlPlane;

public sealed class MountMapTests
{
    private static readonly MountMap Map = new(
        [new Mount("data", "/var/lib/etcd", "/run/o/claims/data"), new Mount("wal", "/var/lib/etcd/wal/", "/run/o/wal"), new Mount("scratch", "/run", "/run/o/scratch")],
        "/run/o");

    [TestCase("/var/lib/etcd", "/run/o/claims/data")]
    [TestCase("/var/lib/etcd/", "/run/o/claims/data")]
    [TestCase("/var/lib/etcd/member", "/run/o/claims/data/member")]
    [TestCase("--data-dir=/var/lib/etcd", "--data-dir=/run/o/claims/data")]
    [TestCase("/var/lib/etcd/wal/1", "/run/o/wal/1")]
    [TestCase("/var/lib/etcd2", "/var/lib/etcd2")]
    [TestCase("/var/lib", "/var/lib")]
    [TestCase("ls /var/lib/etcd", "ls /var/lib/etcd")]
    [TestCase("a=b=/var/lib/etcd", "a=b=/var/lib/etcd")]
    [TestCase("/run/x", "/run/o/scratch/x")]
    [TestCase("/run/o/claims/data", "/run/o/claims/data")]
    [TestCase("", "")]
    public void A_word_that_is_a_path_in_a_mount_becomes_the_directory(string word, string expected) =>
        Assert.That(Map.Substitute(word), Is.EqualTo(expected));

    [Test]
    public void Substituting_twice_is_the_same_as_once() =>
        Assert.That(Map.Substitute(Map.Substitute("--dir=/run/x")), Is.EqualTo("--dir=/run/o/scratch/x"));

    [Test]
    public void The_variable_of_a_volume_has_only_letters_digits_and_underscores() =>
        Assert.That(MountMap.VariableFor("data-0.x"), Is.EqualTo("ORDINAL_MOUNT_DATA_0_X"));
}
