using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Tests.ControlPlane;

/// <summary>A document that was just written is handed to one who changes it next, and to nobody else.</summary>
public sealed class RecentDocumentsTests
{
    [Test]
    public void A_document_is_handed_out_once()
    {
        RecentDocuments recent = new();
        JsonObject written = new() { ["spec"] = 1 };
        StoredObject stored = StoredAs(written, 7);
        recent.Keep(stored, written);
        Assert.That(recent.Take(stored), Is.SameAs(written));
        JsonObject again = recent.Take(stored);
        Assert.That(again, Is.Not.SameAs(written));
        Assert.That(JsonNode.DeepEquals(again, written));
    }

    [Test]
    public void Another_version_of_the_object_is_parsed()
    {
        RecentDocuments recent = new();
        JsonObject older = new() { ["spec"] = 1 };
        recent.Keep(StoredAs(older, 7), older);
        Assert.That(recent.Take(StoredAs(new JsonObject { ["spec"] = 2 }, 8)).Number("spec"), Is.EqualTo(2));
    }

    [Test]
    public void A_large_document_is_not_kept()
    {
        RecentDocuments recent = new();
        JsonObject large = new() { ["text"] = new string('x', 20_000) };
        StoredObject stored = StoredAs(large, 7);
        recent.Keep(stored, large);
        Assert.That(recent.Take(stored), Is.Not.SameAs(large));
    }

    private static StoredObject StoredAs(JsonObject document, long revision) =>
        new(new StoreKey("pods", "default", "web-0"), revision, JsonText.Write(document), SmallDictionary.Empty, SmallDictionary.Empty);
}
