using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Schemas;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Patches on bare documents; that ControlPlane opens its internals to this project keeps them small.</summary>
public sealed class PatchTests
{
    [TestCase("""{"a":1}""", """{"a":2,"b":{"c":null,"d":1}}""", """{"a":2,"b":{"d":1}}""")]
    [TestCase("""{"a":{"b":1,"c":2}}""", """{"a":{"b":null}}""", """{"a":{"c":2}}""")]
    [TestCase("""{"a":[1,2]}""", """{"a":[3]}""", """{"a":[3]}""")]
    [TestCase("""{"a":[1]}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    public void A_merge_patch_merges(string document, string patch, string expected) =>
        Assert.That(new MergePatch(Parse(patch)).Apply(Parse(document)).ToJsonString(), Is.EqualTo(expected));

    [TestCase("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [TestCase("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}]""", """{"a":[1,2,3,4]}""")]
    [TestCase("""{"a":{"x~/y":1}}""", """[{"op":"remove","path":"/a/x~0~1y"}]""", """{"a":{}}""")]
    [TestCase("""{"a":1}""", """[{"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/a","path":"/c"}]""", """{"b":1,"c":1}""")]
    [TestCase("""{"a":1}""", """[{"op":"test","path":"/a","value":1},{"op":"replace","path":"/a","value":2}]""", """{"a":2}""")]
    [TestCase("""{"a":1}""", """[{"op":"test","path":"/gone","value":null}]""", """{"a":1}""")]
    [TestCase("""{"a":1}""", """[{"op":"replace","path":"/gone","value":2}]""", """{"a":1,"gone":2}""")]
    public void A_json_patch_patches(string document, string patch, string expected) =>
        Assert.That(JsonPatch.Parse(JsonNode.Parse(patch), []).Apply(Parse(document)).ToJsonString(), Is.EqualTo(expected));

    [TestCase("""[{"op":"test","path":"/a","value":2}]""")]
    [TestCase("""[{"op":"remove","path":"/gone"}]""")]
    [TestCase("""[{"op":"add","path":"/gone/b","value":1}]""")]
    [TestCase("""[{"op":"add","path":"/l/9","value":1}]""")]
    [TestCase("""[{"op":"jump","path":"/a"}]""")]
    [TestCase("""[{"op":"replace","path":"","value":1}]""")]
    public void A_json_patch_that_does_not_fit_is_422(string patch) =>
        Assert.That(
            () => JsonPatch.Parse(JsonNode.Parse(patch), []).Apply(Parse("""{"a":1,"l":[]}""")),
            Throws.InstanceOf<Ordinal.ControlPlane.Api.ApiRefusalException>().With.Property("Code").EqualTo(422));

    [TestCase("""{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}""", """{"containers":[{"name":"b","image":"2"}]}""", """{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}""")]
    [TestCase("""{"containers":[{"name":"a"}]}""", """{"containers":[{"name":"a","$patch":"delete"},{"name":"c"}]}""", """{"containers":[{"name":"c"}]}""")]
    [TestCase("""{"containers":[{"name":"a"}]}""", """{"containers":[{"$patch":"replace"},{"name":"z"}]}""", """{"containers":[{"name":"z"}]}""")]
    [TestCase("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b","image":"2"}]}""", """{"containers":[{"name":"b","image":"2"},{"name":"a"}]}""")]
    [TestCase("""{"containers":[{"name":"a","env":[{"name":"X","value":"1"}]}]}""", """{"containers":[{"name":"a","env":[{"name":"Y","value":"2"}]}]}""", """{"containers":[{"name":"a","env":[{"name":"Y","value":"2"},{"name":"X","value":"1"}]}]}""")]
    [TestCase("""{"containers":[{"name":"a","args":["1"]}]}""", """{"containers":[{"name":"a","args":["2"]}]}""", """{"containers":[{"name":"a","args":["2"]}]}""")]
    [TestCase("""{"volumes":[{"name":"v","emptyDir":{}}]}""", """{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}""", """{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}""")]
    [TestCase("""{"tolerations":[{"key":"a"}]}""", """{"tolerations":[{"key":"b"}]}""", """{"tolerations":[{"key":"b"}]}""")]
    [TestCase("""{"nodeSelector":{"a":"1"}}""", """{"nodeSelector":{"b":"2"}}""", """{"nodeSelector":{"a":"1","b":"2"}}""")]
    [TestCase("""{"securityContext":{"runAsUser":1,"fsGroup":2}}""", """{"securityContext":{"$patch":"replace","runAsUser":3}}""", """{"securityContext":{"runAsUser":3}}""")]
    [TestCase("""{"securityContext":{"runAsUser":1},"hostname":"h"}""", """{"securityContext":{"$patch":"delete"}}""", """{"hostname":"h"}""")]
    public void A_strategic_merge_patch_knows_the_lists_of_a_pod(string document, string patch, string expected) =>
        Assert.That(new StrategicMergePatch(BuiltInShapes.Of("PodSpec"), Parse(patch)).Apply(Parse(document)).ToJsonString(), Is.EqualTo(expected));

    [Test]
    public void A_strategic_merge_patch_merges_and_trims_finalizers()
    {
        JsonObject result = new StrategicMergePatch(
            BuiltInShapes.Of("ObjectMeta"),
            Parse("""{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"],"$setElementOrder/finalizers":["c","b"]}"""))
            .Apply(Parse("""{"finalizers":["a","b"]}"""));
        Assert.That(result.ToJsonString(), Is.EqualTo("""{"finalizers":["c","b"]}"""));
    }

    [Test]
    public void A_patch_may_be_applied_again_to_a_newer_state()
    {
        // A conflict makes the server compute the patch once more: it must not have been used up or changed.
        var patch = new StrategicMergePatch(BuiltInShapes.Of("PodSpec"), Parse("""{"containers":[{"name":"b","image":"2"}]}"""));
        string first = patch.Apply(Parse("{}")).ToJsonString();
        Assert.That(patch.Apply(Parse("{}")).ToJsonString(), Is.EqualTo(first));
    }

    private static JsonObject Parse(string text) => JsonNode.Parse(text)!.AsObject();
}
