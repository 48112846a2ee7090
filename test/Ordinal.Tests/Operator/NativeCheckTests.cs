using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>What is said of driver Native while the Service cannot be read: what is known of the Service stands, and all else is judged as it is now.</summary>
public sealed class NativeCheckTests
{
    private const string Good = """{"spec":{"clusterIP":"None","publishNotReadyAddresses":true}}""";
    private const string NotHeadless = """{"spec":{"clusterIP":"10.0.0.1","publishNotReadyAddresses":true}}""";

    private static readonly UpdatePolicy Rules = new() { Driver = UpdateDriver.Native };

    private readonly OneService server = new();

    private NativeCheck check = null!;

    [SetUp]
    public void Begin()
    {
        server.Body = null;
        check = new NativeCheck(new ServiceReader(server), new FakeTimeProvider(Picture.Noon));
    }

    [Test]
    public async Task A_change_that_lacks_the_readiness_gate_is_refused_although_the_Service_cannot_be_read()
    {
        server.Body = Good;
        Assert.That(await JudgeAsync(Set(generation: 5)), Is.EqualTo(default(((ReasonCode, string)?, TimeSpan?))));

        server.Body = null;
        var (refusal, next) = await JudgeAsync(Set(generation: 6, hasGate: false));
        Assert.Multiple(() =>
        {
            Assert.That(refusal?.Reason, Is.EqualTo(ReasonCodes.NativeMisconfigured));
            Assert.That(refusal?.Message, Does.Contain("does not declare the readiness gate"));
            Assert.That(next, Is.EqualTo(TimeSpan.FromSeconds(5)));
        });
    }

    [Test]
    public async Task A_change_that_has_the_readiness_gate_is_judged_by_the_Service_that_was_seen_last()
    {
        server.Body = Good;
        await JudgeAsync(Set(generation: 5, hasGate: false));

        server.Body = null;
        Assert.That(await JudgeAsync(Set(generation: 6)), Is.EqualTo((default((ReasonCode, string)?), (TimeSpan?)TimeSpan.FromSeconds(5))), "the refusal of the template before does not stand either");

        server.Body = NotHeadless;
        await JudgeAsync(Set(generation: 7));
        server.Body = null;
        var (refusal, _) = await JudgeAsync(Set(generation: 8));
        Assert.That(refusal?.Message, Does.Contain("is not headless"));
    }

    [Test]
    public async Task Of_a_Service_that_was_never_seen_nothing_is_said()
    {
        await Assert.ThrowsAsync<ApiException>(() => JudgeAsync(Set(generation: 5)));
        var (refusal, _) = await JudgeAsync(Set(generation: 5, hasGate: false));
        Assert.That(refusal?.Message, Does.Contain("does not declare the readiness gate"), "no Service could put that right");
    }

    private Task<((ReasonCode Reason, string Message)? Refusal, TimeSpan? Next)> JudgeAsync(Observation observation) => check.JudgeAsync(Rules, 1, observation, CancellationToken.None);

    private static Observation Set(long generation, bool hasGate = true)
    {
        var snapshot = Picture.Resting("o o o").WithSet(set => set with { Generation = generation, HasReadinessGate = hasGate }).Input.Snapshot;
        using var document = JsonDocument.Parse("""{"metadata":{"name":"web","namespace":"prod","uid":"set-uid"},"spec":{"serviceName":"web"}}""");
        return new Observation(StatefulSetItem.Read(document.RootElement, new StringPool()) with { Snapshot = snapshot.Set }, snapshot);
    }

    /// <summary>A server with one Service, or out of order.</summary>
    private sealed class OneService : IKubernetesApi
    {
        public string? Body { get; set; }

        public string FieldManager => "test";

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) => Body is null
            ? throw new ApiException(ApiErrorKind.Other, "out of order", 500)
            : Task.FromResult(new ApiResponse(200, Encoding.UTF8.GetBytes(Body)));

        public Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
