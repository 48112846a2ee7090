using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Operator.Actuating;
using Ordinal.Runtime.Client;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>A server that is out of order is not asked the same with each event.</summary>
public sealed class RestingApiTests
{
    private static readonly ApiRequest Get = new("GET", "/api/v1/namespaces/prod/pods/web-0");
    private static readonly ApiRequest Patch = new("PATCH", "/apis/apps/v1/namespaces/prod/statefulsets/web");

    private readonly FakeTimeProvider time = new(Picture.Noon);

    private Server server = null!;
    private RestingApi api = null!;

    [SetUp]
    public void Begin() => api = new RestingApi(server = new Server(), time);

    [TestCase(ApiErrorKind.InternalError)]
    [TestCase(ApiErrorKind.Unavailable)]
    [TestCase(ApiErrorKind.Timeout)]
    [TestCase(ApiErrorKind.Connection)]
    public void What_lasts_is_sent_eleven_times_in_the_first_minute_and_twice_in_each_other(ApiErrorKind kind)
    {
        server.Fails = () => new ApiException(kind, "no");
        PassesForAMinute();
        Assert.That(server.Sent, Is.EqualTo(11));
        PassesForAMinute();
        Assert.That(server.Sent, Is.EqualTo(13));
    }

    [Test]
    public void Whoever_asks_in_between_hears_what_the_server_said_and_that_nothing_was_sent()
    {
        server.Fails = () => new ApiException(ApiErrorKind.Unavailable, "PATCH web: 503", retryAfter: TimeSpan.FromSeconds(4));
        Assert.That(Send(Patch), Has.Property(nameof(ApiException.Kind)).EqualTo(ApiErrorKind.Unavailable));
        var error = Send(Patch);
        Assert.Multiple(() =>
        {
            Assert.That((error?.Kind, error?.RetryAfter, error?.IsOutcomeUnknown), Is.EqualTo((ApiErrorKind.TooManyRequests, TimeSpan.FromSeconds(4), false)));
            Assert.That(error?.Message, Is.EqualTo("PATCH web: 503; it is sent again in 4 s"));
            Assert.That(server.Sent, Is.EqualTo(1));
        });
    }

    [Test]
    public void A_success_ends_it()
    {
        server.Fails = () => new ApiException(ApiErrorKind.Unavailable, "no");
        Send(Patch);
        Send(Patch);
        time.Advance(TimeSpan.FromSeconds(0.05));
        server.Fails = () => null;
        Assert.That(Send(Patch), Is.Null);
        Assert.That(Send(Patch), Is.Null);
        Assert.That(server.Sent, Is.EqualTo(3));
    }

    [Test]
    public void One_request_does_not_keep_another()
    {
        server.Fails = () => new ApiException(ApiErrorKind.Unavailable, "no");
        Send(Get);
        Send(Get with { PathAndQuery = "/api/v1/namespaces/prod/pods/web-1" });
        Send(Patch);
        Send(Patch with { Method = "GET" });
        Send(new ApiRequest("POST", "/apis/ordinal.dev/v1alpha1/namespaces/prod/statefulsetrollouts") { Body = "web-1"u8.ToArray() });
        Send(new ApiRequest("POST", "/apis/ordinal.dev/v1alpha1/namespaces/prod/statefulsetrollouts") { Body = "web-2"u8.ToArray() });
        Assert.That(server.Sent, Is.EqualTo(6));
    }

    [Test]
    public void An_eviction_is_the_same_whatever_state_of_its_pod_it_names()
    {
        server.Fails = () => new ApiException(ApiErrorKind.InternalError, "no");
        Send(new ApiRequest("POST", "/api/v1/namespaces/prod/pods/web-0/eviction") { Body = "rv 1"u8.ToArray() });
        Send(new ApiRequest("POST", "/api/v1/namespaces/prod/pods/web-0/eviction") { Body = "rv 2"u8.ToArray() });
        Assert.That(server.Sent, Is.EqualTo(1));
    }

    [TestCase(ApiErrorKind.Conflict)]
    [TestCase(ApiErrorKind.PatchTestFailed)]
    [TestCase(ApiErrorKind.NotFound)]
    [TestCase(ApiErrorKind.Invalid)]
    [TestCase(ApiErrorKind.DisruptionBudget)]
    public void What_is_answered_is_judged_by_whoever_asks(ApiErrorKind kind)
    {
        server.Fails = () => new ApiException(kind, "no");
        Send(Patch);
        Assert.That(Send(Patch)?.Kind, Is.EqualTo(kind));
        Assert.That(server.Sent, Is.EqualTo(2));
    }

    private void PassesForAMinute()
    {
        for (var passes = 0; passes < 6000; passes++)
        {
            Send(Patch);
            time.Advance(TimeSpan.FromSeconds(0.01));
        }
    }

    private ApiException? Send(ApiRequest request)
    {
        try
        {
            api.SendAsync(request, CancellationToken.None).GetAwaiter().GetResult();
            return null;
        }
        catch (ApiException error)
        {
            return error;
        }
    }

    private sealed class Server : IKubernetesApi
    {
        public Func<ApiException?> Fails { get; set; } = () => null;

        public int Sent { get; private set; }

        public string FieldManager => "test";

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            Sent++;
            return Fails() is { } error ? Task.FromException<ApiResponse>(error) : Task.FromResult(new ApiResponse(200, default));
        }

        public Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
