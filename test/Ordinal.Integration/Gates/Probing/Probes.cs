using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Grpc;
using Ordinal.Gates.Http;
using Ordinal.Gates.Probing;
using Ordinal.Gates.Prometheus;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>Asks generic gates through a keeper, as the operator does, about one pod on loopback.</summary>
internal static class Probes
{
    internal const string Password = "hunter2-password";

    internal static ProbePlan Short { get; } = ProbePlan.Default with { RequestTimeout = TimeSpan.FromSeconds(1) };

    internal static ProbePlan Long { get; } = ProbePlan.Default with { RequestTimeout = TimeSpan.FromSeconds(20) };

    internal static IGate Http(int port, Func<HttpGateOptions, HttpGateOptions>? with = null, GateSecrets? secrets = null)
    {
        var options = new HttpGateOptions { Port = port, Path = "/health", Plan = Long };
        return new HttpGateFactory(TimeProvider.System).Create(with?.Invoke(options) ?? options, secrets ?? GateSecrets.None);
    }

    internal static IGate Prometheus(int port, Func<PrometheusGateOptions, PrometheusGateOptions>? with = null, GateSecrets? secrets = null)
    {
        var options = new PrometheusGateOptions { Address = $"http://127.0.0.1:{port}", Query = "up", Range = new NumberRange(1, null), Plan = Long };
        return new PrometheusGateFactory(TimeProvider.System).Create(with?.Invoke(options) ?? options, secrets ?? GateSecrets.None);
    }

    internal static IGate Grpc(int port, Func<GrpcGateOptions, GrpcGateOptions>? with = null, GateSecrets? secrets = null)
    {
        var options = new GrpcGateOptions { Port = port, Plan = Long };
        return new GrpcGateFactory(TimeProvider.System).Create(with?.Invoke(options) ?? options, secrets ?? GateSecrets.None);
    }

    internal static async Task<GateReport> AskAsync(IGate gate)
    {
        using (gate)
        {
            var context = new GateContext
            {
                WorkloadUid = "w",
                Namespace = "prod",
                Name = "db",
                Service = "peers",
                Pods = [new GateTarget { Pod = "db-0", Uid = "uid-0", Ordinal = 0, Revision = "new", Address = "127.0.0.1", IsReady = true }],
                Gates = [new GateBinding(new GatePolicy { Name = "g", Type = gate.Type }, gate)],
            };
            var keeper = new GateKeeper(TimeProvider.System, NullLogger<GateKeeper>.Instance);
            var report = (await keeper.AskAsync(context, [new GateQuestion("g", GatePhase.AfterPod, ["uid-0"], "new")], CancellationToken.None)).Single();
            Assert.That($"{report} {string.Join(' ', report.Facts)} {string.Join(' ', report.Warnings)}", Does.Not.Contain("hunter2"), "no secret in any text");
            return report;
        }
    }

    internal static void Expect(GateReport report, GateVerdict verdict, ReasonCode reason, params string[] words)
    {
        Assert.That((report.Verdict, report.Reason.Code), Is.EqualTo((verdict, reason.Code)), report.Message);
        foreach (var word in words)
        {
            Assert.That(report.Message, Does.Contain(word));
        }

        if (verdict is not GateVerdict.Allow)
        {
            Assert.That(report.Message, Does.Contain(reason.Remedy), "every no comes with its remedy");
        }
    }
}
