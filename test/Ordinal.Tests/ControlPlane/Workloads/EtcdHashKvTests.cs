using NUnit.Framework;
using Ordinal.ControlPlane.Workloads.Quorum;
using Ordinal.ControlPlane.Workloads.Wire;

namespace Ordinal.Tests.ControlPlane.Workloads;

/// <summary>The checksum over what was put.</summary>
public sealed class EtcdHashKvTests
{
    [Test]
    public void A_revision_that_is_no_longer_kept_is_compacted_and_the_kept_ones_have_the_sum_they_had()
    {
        var few = new EtcdHashKv(2);
        var all = new EtcdHashKv();
        Assert.That(Ask(few, 1).Status, Is.Zero);
        for (var revision = 1; revision <= 4; revision++)
        {
            few.Add("k", "v", revision);
            all.Add("k", "v", revision);
        }

        Assert.Multiple(() =>
        {
            Assert.That((Ask(few, 2).Status, Ask(few, 2).Words), Is.EqualTo((11, "etcdserver: mvcc: required revision has been compacted")));
            Assert.That(Ask(all, 2).Status, Is.Zero);
            Assert.That(Ask(few, 3).Message, Is.EqualTo(Ask(all, 3).Message));
            Assert.That(Ask(few, 4).Message, Is.EqualTo(Ask(all, 4).Message));
            Assert.That(Ask(few, 0).Message, Is.EqualTo(Ask(all, 4).Message));
            Assert.That(Ask(few, 3).Message, Is.Not.EqualTo(Ask(few, 4).Message));
        });
    }

    private static GrpcSaid Ask(EtcdHashKv hashes, byte revision) =>
        hashes.Answer(EtcdHashKv.Path, [0x08, revision], new QuorumView(0, default, 0, 1, 4, 4), isCorrupt: false);
}
