using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Metrics;
using Ordinal.Tests.Runtime.Support;

namespace Ordinal.Tests.Runtime;

/// <summary>Lists are read while they arrive: where the pieces end must not matter.</summary>
public sealed class ListReaderTests
{
    [Test]
    public async Task Wherever_the_pieces_end_the_list_is_the_same()
    {
        var list = List(40, item => new JsonObject { ["metadata"] = new JsonObject { ["name"] = $"thing-{item}" }, ["text"] = new string('ä', item * 10), ["deep"] = new JsonArray(1, new JsonObject { ["items"] = new JsonArray(2) }) });
        var text = list.ToJsonString();
        foreach (var size in (int[])[1, 2, 3, 7, 64, 1000, 100_000])
        {
            var (head, items) = await ReadAsync(text, size);

            Assert.That(items, Is.EqualTo(list["items"]!.AsArray().Select(item => item!.ToJsonString())), $"pieces of {size}");
            Assert.That((head.ResourceVersion, head.Continue), Is.EqualTo(("77", "more")), $"pieces of {size}");
            Assert.That(head.Bytes, Is.EqualTo(Encoding.UTF8.GetByteCount(text)));
        }
    }

    [Test]
    public async Task An_object_may_be_larger_than_the_first_buffer()
    {
        var list = List(3, item => new JsonObject { ["text"] = new string('x', 300_000), ["number"] = item });
        var (_, items) = await ReadAsync(list.ToJsonString(), 16_384);

        Assert.That(items.Select(item => JsonNode.Parse(item)!["number"]!.GetValue<int>()), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [TestCase("""{"items":[{"a":1}],"metadata":{"resourceVersion":"5"}}""", 1, "5", TestName = "Metadata may come last")]
    [TestCase("""{"metadata":{"resourceVersion":"5"},"items":null}""", 0, "5", TestName = "No items are none")]
    [TestCase("""{"metadata":{"resourceVersion":"5"}}""", 0, "5", TestName = "Absent items are none")]
    [TestCase("""{"kind":"List","other":{"items":[1,2]},"metadata":{"resourceVersion":"5","more":[{}]},"items":[]}""" + "\n", 0, "5", TestName = "Unknown members are passed over")]
    public async Task A_list_is_read(string text, int count, string version)
    {
        foreach (var size in (int[])[1, 10_000])
        {
            var (head, items) = await ReadAsync(text, size);
            Assert.That((items.Count, head.ResourceVersion, head.Continue), Is.EqualTo((count, version, "")));
        }
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("<html>secret</html>")]
    [TestCase("""{"items":[{"secret":1},""")]
    [TestCase("""{"items":[{"secret":1}]""")]
    [TestCase("""{"items":{"secret":1}}""")]
    [TestCase("""{"items":[{"secret":1} {"secret":2}]}""")]
    public async Task What_is_no_list_is_an_error_that_quotes_nothing(string text)
    {
        foreach (var size in (int[])[1, 10_000])
        {
            var error = (await Assert.ThrowsAsync<ApiException>(() => ReadAsync(text, size)))!;
            Assert.That(error.Kind, Is.EqualTo(ApiErrorKind.Other));
            Assert.That(error.ToString(), Does.Not.Contain("secret"));
        }
    }

    [Test]
    public async Task A_refusal_is_told_as_one()
    {
        var error = (await Assert.ThrowsAsync<ApiException>(() => ReadAsync(FakeServer.Status(410, "Expired", "too old"), 10)))!;
        Assert.That(error.Kind, Is.EqualTo(ApiErrorKind.Gone));
    }

    private static JsonObject List(int count, Func<int, JsonObject> item) => new()
    {
        ["kind"] = "ThingList",
        ["metadata"] = new JsonObject { ["resourceVersion"] = "77", ["continue"] = "more" },
        ["items"] = new JsonArray([.. Enumerable.Range(0, count).Select(item)]),
    };

    private static Task<(ListHead Head, List<string> Items)> ReadAsync(string text, int size) => ReadAsync(new ApiResponse(200, Encoding.UTF8.GetBytes(text)), size);

    private static async Task<(ListHead Head, List<string> Items)> ReadAsync(ApiResponse response, int size)
    {
        using var metrics = new RuntimeMetrics("test");
        var api = new KubernetesApi(new InPieces(response, size), new KubernetesApiSettings("test", TimeSpan.FromMinutes(1)), TimeProvider.System, metrics);
        var items = new List<string>();
        var head = await ((IKubernetesApi)api).ReadPageAsync(Thing.Kind, new ListQuery(), element => items.Add(JsonObject.Create(element)!.ToJsonString()), CancellationToken.None);
        return (head, items);
    }

    /// <summary>Gives out an answer in pieces of one size.</summary>
    private sealed class InPieces(ApiResponse response, int size) : IApiTransport
    {
        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async Task<ApiResponse?> ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
        {
            if (!response.IsSuccess)
            {
                return response;
            }

            using var body = new Pieces(response.Body.ToArray(), size);
            await readAsync(body, cancellationToken);
            return null;
        }
    }

    private sealed class Pieces(byte[] all, int size) : MemoryStream(all)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return Read(buffer.Span[..Math.Min(size, buffer.Length)]);
        }
    }
}
