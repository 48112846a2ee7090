using CsCheck;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Network;

namespace Ordinal.Tests.ControlPlane;

public sealed class HostPartsTests
{
    [TestCase("web-2", HostParts.HostBaseAnnotation, "10", 12)]
    [TestCase("a-b-11", HostParts.HostBaseAnnotation, "100", 111)]
    [TestCase("web", HostParts.HostAnnotation, "21", 21)]
    [TestCase("web-2", HostParts.HostAnnotation, "21", 21)]
    public void An_annotation_fixes_the_host_part(string pod, string annotation, string value, int expected)
    {
        Assert.That(HostParts.Wanted(pod, a => a == annotation ? value : null, out var host), Is.Null);
        Assert.That(host, Is.EqualTo(expected));
    }

    [TestCase("web-2", HostParts.HostBaseAnnotation, "253")]
    [TestCase("web", HostParts.HostBaseAnnotation, "10")]
    [TestCase("web9", HostParts.HostBaseAnnotation, "10")]
    [TestCase("web-99999999999", HostParts.HostBaseAnnotation, "10")]
    [TestCase("web-0", HostParts.HostBaseAnnotation, "9")]
    [TestCase("web", HostParts.HostAnnotation, "255")]
    [TestCase("web", HostParts.HostAnnotation, "x")]
    [TestCase("web", HostParts.HostAnnotation, "-1")]
    public void An_annotation_that_gives_no_host_part_is_refused_by_name(string pod, string annotation, string value)
    {
        Assert.That(HostParts.Wanted(pod, a => a == annotation ? value : null, out var host), Does.Contain(annotation));
        Assert.That(host, Is.Null);
    }

    [Test]
    public void A_pod_that_does_not_ask_stays_away_from_where_others_ask_as_long_as_it_can()
    {
        var hosts = new HostParts();
        var given = Enumerable.Range(0, 246).Select(i => hosts.Take($"pod-{i}", null)).ToList();
        Assert.That(given[..3], Is.EqualTo(new int?[] { 100, 101, 102 }));
        Assert.That(given[154..157], Is.EqualTo(new int?[] { 254, 99, 98 }));
        Assert.That(given[^2..], Is.EqualTo(new int?[] { 10, null }));
    }

    [Test]
    public void A_taken_host_part_is_free_again_only_when_its_owner_gives_it_back()
    {
        var hosts = new HostParts();
        Assert.That(hosts.Take("a", 21), Is.EqualTo(21));
        Assert.That(hosts.Take("a", 21), Is.EqualTo(21), "again");
        Assert.That(hosts.Take("b", 21), Is.Null);
        hosts.Release("a");
        Assert.That(hosts.Take("b", 21), Is.EqualTo(21));
    }

    [Test]
    public void No_two_owners_ever_have_the_same_host_part() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 2], Gen.Int[10, 30]).Array[0, 300].Sample(steps =>
        {
            var hosts = new HostParts();
            var owned = new Dictionary<string, int>();
            foreach (var (pod, action, wanted) in steps)
            {
                var owner = $"pod-{pod}";
                if (action == 0)
                {
                    hosts.Release(owner);
                    owned.Remove(owner);
                }
                else if (hosts.Take(owner, action == 1 ? wanted : null) is { } host)
                {
                    owned[owner] = host;
                }
            }

            return owned.Values.Distinct().Count() == owned.Count && owned.All(o => hosts.OwnerOf(o.Value) == o.Key);
        });
}
