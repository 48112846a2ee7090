using NUnit.Framework;
using Ordinal.Operator.Hosting;

namespace Ordinal.Tests.Operating;

public sealed class BindAddressTests
{
    [TestCase(":8081", ":8081")]
    [TestCase("127.0.0.1:0", "127.0.0.1:0")]
    [TestCase("localhost:8081", "127.0.0.1:8081")]
    [TestCase("[::1]:65535", "[::1]:65535")]
    public void An_address_is_read_and_written_back(string text, string written)
    {
        Assert.That(BindAddress.TryParse(text, out var address, out var problem), Is.True, problem);
        Assert.That(address!.ToString(), Is.EqualTo(written));
    }

    [Test]
    public void Zero_alone_means_that_nothing_listens()
    {
        Assert.That(BindAddress.TryParse("0", out var address, out _), Is.True);
        Assert.That(address, Is.Null);
    }

    [TestCase("8081", "no colon")]
    [TestCase("", "no colon")]
    [TestCase("127.0.0.1:99999", "\"99999\" is no port from 0 to 65535")]
    [TestCase("127.0.0.1:", "\"\" is no port")]
    [TestCase("127.0.0.1:-1", "\"-1\" is no port")]
    [TestCase(":http", "\"http\" is no port")]
    [TestCase("example.com:80", "\"example.com\" is no IP address")]
    [TestCase("[127.0.0.1]:80", "\"[127.0.0.1]\" is no IP address")]
    [TestCase("::1:8081", "\"::1\" is no IP address")]
    [TestCase("[::1:8081", "\"[::1\" is no IP address")]
    public void What_is_no_address_is_refused_with_the_part_that_is_wrong(string text, string named)
    {
        Assert.That(BindAddress.TryParse(text, out var address, out var problem), Is.False);
        Assert.That(address, Is.Null);
        Assert.That(problem, Does.Contain(named));
    }
}
