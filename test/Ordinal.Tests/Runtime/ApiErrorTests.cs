using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using NUnit.Framework;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

public sealed class ApiErrorTests
{
    private static readonly NamespacedName Web0 = new("prod", "web-0");

    /// <summary>The bodies are what a kube-apiserver 1.36.2 answered.</summary>
    [TestCase(404, """{"reason":"NotFound","details":{"name":"web-9","kind":"pods"}}""", ApiErrorKind.NotFound, ApiErrorClass.Conflict)]
    [TestCase(409, """{"reason":"AlreadyExists","details":{"name":"web","group":"apps","kind":"statefulsets"}}""", ApiErrorKind.AlreadyExists, ApiErrorClass.Conflict)]
    [TestCase(409, """{"reason":"Conflict","details":{"name":"web-2","kind":"Pod"}}""", ApiErrorKind.Conflict, ApiErrorClass.Conflict)]
    [TestCase(410, """{"reason":"Expired"}""", ApiErrorKind.Gone, ApiErrorClass.Gone)]
    [TestCase(422, """{"message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{}}""", ApiErrorKind.PatchTestFailed, ApiErrorClass.Conflict)]
    [TestCase(422, """{"reason":"Invalid","details":{"name":"web","group":"apps","kind":"StatefulSet","causes":[{"reason":"FieldValueForbidden","message":"no"}]}}""", ApiErrorKind.Invalid, ApiErrorClass.Terminal)]
    [TestCase(429, """{"reason":"TooManyRequests","details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget web needs 2 healthy pods and has 1 currently"}]}}""", ApiErrorKind.DisruptionBudget, ApiErrorClass.Transient)]
    [TestCase(429, """{"reason":"TooManyRequests","details":{"retryAfterSeconds":1}}""", ApiErrorKind.TooManyRequests, ApiErrorClass.Transient)]
    [TestCase(403, """{"reason":"Forbidden"}""", ApiErrorKind.Forbidden, ApiErrorClass.Terminal)]
    [TestCase(401, """{"reason":"Unauthorized"}""", ApiErrorKind.Unauthorized, ApiErrorClass.Terminal)]
    [TestCase(400, """{"reason":"BadRequest"}""", ApiErrorKind.Invalid, ApiErrorClass.Terminal)]
    [TestCase(500, """{"reason":"InternalError"}""", ApiErrorKind.InternalError, ApiErrorClass.Transient)]
    [TestCase(503, "<html>busy</html>", ApiErrorKind.Unavailable, ApiErrorClass.Transient)]
    [TestCase(504, """{"reason":"Timeout"}""", ApiErrorKind.Timeout, ApiErrorClass.Transient)]
    [TestCase(500, "[1,2", ApiErrorKind.InternalError, ApiErrorClass.Transient)]
    [TestCase(409, """{"reason":7,"details":"odd","message":null}""", ApiErrorKind.Conflict, ApiErrorClass.Conflict)]
    public void A_refusal_is_classified_by_status_reason_and_causes(int status, string body, ApiErrorKind kind, ApiErrorClass @class)
    {
        var error = ApiException.From(new ApiRequest("PATCH", "/x") { ContentType = PatchTypes.Json }, new ApiResponse(status, Encoding.UTF8.GetBytes(body)));
        Assert.That((error.Kind, error.Class), Is.EqualTo((kind, @class)));
    }

    [Test]
    public void An_invalid_merge_patch_is_no_failed_test() =>
        Assert.That(ApiException.From(new ApiRequest("PATCH", "/x") { ContentType = PatchTypes.Merge }, new ApiResponse(422, "{}"u8.ToArray())).Kind, Is.EqualTo(ApiErrorKind.Invalid));

    [Test]
    public void Every_kind_has_a_class()
    {
        foreach (var kind in Enum.GetValues<ApiErrorKind>())
        {
            Assert.That(() => new ApiException(kind, "x").Class, Throws.Nothing);
        }
    }

    [Test]
    public void No_body_and_no_query_gets_into_a_message()
    {
        var request = new ApiRequest("POST", "/api/v1/namespaces/prod/secrets?fieldManager=me") { Body = "swordfish"u8.ToArray(), ContentType = "application/json" };
        var error = ApiException.From(request, new ApiResponse(500, "swordfish"u8.ToArray()));
        Assert.That(error.ToString() + request + new ApiResponse(200, "swordfish"u8.ToArray()), Does.Not.Contain("swordfish").And.Not.Contain("fieldManager").And.Contain("POST /api/v1/namespaces/prod/secrets"));
        Assert.That(() => EntityJson.Read<V1Secret>(Encoding.UTF8.GetBytes("""{"data":{"password":swordfish}}""")), Throws.InstanceOf<ApiException>().With.Message.Not.Contain("swordfish").And.Property("InnerException").Null);
    }

    [Test]
    public void A_request_without_an_answer_is_ended_by_its_own_time() => VirtualWorld.Run(1, TimeSpan.FromMinutes(1), async world =>
    {
        using var metrics = new RuntimeMetrics("test");
        var server = new FakeServer { Before = _ => new TaskCompletionSource<ApiResponse?>().Task };
        var api = new KubernetesApi(server, new KubernetesApiSettings("me", TimeSpan.FromSeconds(4)), world.Time, metrics);
        var error = await FailureAsync(() => api.SendAsync(new ApiRequest("GET", "/x"), default));
        Assert.That((error.Kind, error.IsOutcomeUnknown), Is.EqualTo((ApiErrorKind.Timeout, true)));
        Assert.That(world.Time.Elapsed, Is.EqualTo(TimeSpan.FromSeconds(4)));
    });

    [Test]
    public void An_eviction_carries_both_preconditions_and_the_grace_period() => VirtualWorld.Run(1, TimeSpan.FromMinutes(1), async world =>
    {
        using var metrics = new RuntimeMetrics("test");
        var server = new FakeServer { Before = _ => Task.FromResult<ApiResponse?>(new ApiResponse(201, "{}"u8.ToArray())) };
        var api = new KubernetesApi(server, new KubernetesApiSettings("me", TimeSpan.FromSeconds(4)), world.Time, metrics);
        await api.EvictAsync(Web0, new Preconditions("u-1", "42"), default, TimeSpan.FromSeconds(30));
        await api.DeleteAsync<V1Pod>(Web0, new Preconditions("u-1"), default);

        Assert.That(server.Requests[0].PathAndQuery, Is.EqualTo("/api/v1/namespaces/prod/pods/web-0/eviction?fieldManager=me"));
        Assert.That(Encoding.UTF8.GetString(server.Requests[0].Body.Span), Is.EqualTo("""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"web-0","namespace":"prod"},"deleteOptions":{"preconditions":{"uid":"u-1","resourceVersion":"42"},"gracePeriodSeconds":30}}"""));
        Assert.That(Encoding.UTF8.GetString(server.Requests[1].Body.Span), Is.EqualTo("""{"preconditions":{"uid":"u-1"},"apiVersion":"v1","kind":"DeleteOptions"}"""));
    });

    [Test]
    public void A_path_never_addresses_a_whole_collection_by_mistake()
    {
        Assert.That(() => ResourceKind.Of<V1Pod>().ObjectPath(new NamespacedName("prod", ""), null), Throws.ArgumentException);
        Assert.That(() => ResourceKind.Of<V1Pod>().ObjectPath(new NamespacedName("", "web-0"), null), Throws.ArgumentException);
        Assert.That(ResourceKind.Of<V1Node>().ObjectPath(new NamespacedName("", "n1"), null), Is.EqualTo("/api/v1/nodes/n1"));
        Assert.That(ResourceKind.Of<V1StatefulSet>().ObjectPath(new NamespacedName("a/b", "x?y"), "status"), Is.EqualTo("/apis/apps/v1/namespaces/a%2Fb/statefulsets/x%3Fy/status"));
    }

    [Test]
    public void A_json_patch_escapes_names_and_keeps_its_order() =>
        Assert.That(
            new JsonPatch().TestUid("u").TestGeneration(7).Replace(new JsonObject { ["type"] = "OnDelete" }, "spec", "updateStrategy").Add("x", "metadata", "annotations", "example.dev/a~b").Remove("spec", "y").ToString(),
            Is.EqualTo("""[{"op":"test","path":"/metadata/uid","value":"u"},{"op":"test","path":"/metadata/generation","value":7},{"op":"replace","path":"/spec/updateStrategy","value":{"type":"OnDelete"}},{"op":"add","path":"/metadata/annotations/example.dev~1a~0b","value":"x"},{"op":"remove","path":"/spec/y"}]"""));

    [TestCase("5", "5", true)]
    [TestCase("9", "10", false)]
    [TestCase("10", "9", true)]
    [TestCase("18446744073709551615", "9", true)]
    [TestCase("18446744073709551616", "9", false)]
    [TestCase("abc", "abc", true)]
    [TestCase("abd", "abc", false)]
    [TestCase("010", "9", false)]
    [TestCase("", "9", false)]
    public void Versions_are_compared_as_numbers_or_for_equality(string seen, string written, bool expected) =>
        Assert.That(ResourceVersions.HasSeen(seen, written), Is.EqualTo(expected));

    private static async Task<ApiException> FailureAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (ApiException error)
        {
            return error;
        }

        throw new AssertionException("it did not fail");
    }
}
