using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Tests.ControlPlane;

/// <summary>The pool answers with the text that it was asked for, whatever fell on the same place before.</summary>
public sealed class Utf8PoolTests
{
    [Test]
    public void Every_text_comes_back_as_it_is()
    {
        // More than the pool has places, and of every length that it takes.
        for (int i = 0; i < 40_000; i++)
        {
            string text = $"{new string('p', i % 34)}-{i}";
            Assert.That(Utf8Pool.Share(Encoding.UTF8.GetBytes(text)), Is.EqualTo(text));
        }
    }

    [TestCase("")]
    [TestCase("kubelet")]
    [TestCase("Größe")]
    [TestCase("\u65e5\u672c\u8a9e")]
    [TestCase("a\0b")]
    public void A_text_is_read_the_same_again(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);

        Assert.That(Utf8Pool.Share(bytes), Is.EqualTo(text));
        Assert.That(Utf8Pool.Share(bytes), Is.EqualTo(text));
    }

    [Test]
    public void Equal_texts_are_one_string() => Assert.That(Utf8Pool.Share("resourceVersion"u8), Is.SameAs(Utf8Pool.Share("resourceVersion"u8)));
}
