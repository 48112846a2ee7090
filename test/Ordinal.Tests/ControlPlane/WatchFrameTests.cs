using System.Text;
using System.Text.Json;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Tests.ControlPlane;

/// <summary>A frame is taken apart the same way in whichever form it comes.</summary>
public sealed class WatchFrameTests
{
    [TestCase("""{"type":"ADDED","object":{"a":{"b":"}"}}}""", "ADDED", TestName = "as servers write it")]
    [TestCase("""{"type":"DELETED","object":{"a":{"b":"}"}}}""", "DELETED", TestName = "a deletion")]
    [TestCase("""{"type":"BOOKMARK","object":{"a":{"b":"}"}}}""", "BOOKMARK", TestName = "a bookmark")]
    [TestCase("""{"type":"ERROR","object":{"a":{"b":"}"}}}""", "ERROR", TestName = "an error")]
    [TestCase("""{"object":{"a":{"b":"}"}},"type":"MODIFIED"}""", "MODIFIED", TestName = "the object first")]
    [TestCase(""" { "type" : "MODIFIED" , "object" : {"a":{"b":"}"}} } """, "MODIFIED", TestName = "with spaces")]
    public void A_frame_has_a_type_and_an_object(string frame, string type)
    {
        (string found, ReadOnlyMemory<byte> document) = WatchFrame.Split(Encoding.UTF8.GetBytes(frame));

        Assert.That(found, Is.EqualTo(type));
        Assert.That(Encoding.UTF8.GetString(document.Span), Is.EqualTo("""{"a":{"b":"}"}}"""));
    }

    [TestCase("")]
    [TestCase("""{"type":"ADDED","object":""")]
    [TestCase("""{"type":"ADDED","object":{"a":{}""")]
    [TestCase("""{"type":"ADDED","object":{"a":{}}""")]
    [TestCase("""{"type":"ADDED"}""")]
    [TestCase("""[]""")]
    public void What_is_cut_off_is_no_object(string frame) => Assert.That(
        () => KubeObject.Parse(WatchFrame.Split(Encoding.UTF8.GetBytes(frame)).Document),
        Throws.InstanceOf<JsonException>());
}
