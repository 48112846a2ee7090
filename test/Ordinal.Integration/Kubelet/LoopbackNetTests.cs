using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Network;

namespace Ordinal.Integration.Kubelet;

public sealed class LoopbackNetTests
{
    [Test]
    public void Two_clusters_never_share_a_net()
    {
        var nets = Enumerable.Range(0, 20).Select(_ => LoopbackNet.Claim()).ToList();
        try
        {
            Assert.That(nets.Select(n => n.Prefix).Distinct().Count(), Is.EqualTo(nets.Count));
            Assert.That(LoopbackNet.TryClaim(nets[0].Prefix), Is.Null);
        }
        finally
        {
            nets.ForEach(n => n.Dispose());
        }
    }

    [Test]
    public void A_net_is_free_again_when_its_cluster_has_given_it_back()
    {
        var net = LoopbackNet.Claim();
        var prefix = net.Prefix;
        net.Dispose();
        using var again = LoopbackNet.TryClaim(prefix);
        Assert.That(again, Is.Not.Null);
    }

    [Test]
    public void A_net_on_which_a_stranger_listens_is_not_taken()
    {
        var net = LoopbackNet.Claim();
        var prefix = net.Prefix;
        using var stranger = new TcpListener(IPAddress.Parse(net.Address(77)), 0);
        stranger.Start();
        net.Dispose();
        Assert.That(LoopbackNet.TryClaim(prefix), Is.Null);
        stranger.Stop();
        using var again = LoopbackNet.TryClaim(prefix);
        Assert.That(again, Is.Not.Null);
    }

    [TestCase("127.0.0")]
    [TestCase("127.63.1")]
    [TestCase("127.251.1")]
    [TestCase("10.100.1")]
    [TestCase("127.100")]
    [TestCase("127.100.01")]
    [TestCase("x")]
    public void What_is_no_cluster_net_is_refused(string prefix) =>
        Assert.That(() => LoopbackNet.TryClaim(prefix), Throws.InstanceOf<FormatException>().With.Message.Contains(prefix));
}
