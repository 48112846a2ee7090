using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates.Exec;
using Ordinal.Gates.Grpc;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>What a health service's answer and a command's end amount to.</summary>
public sealed class GrpcAndExecTests
{
    private static readonly GrpcGateOptions Options = new() { Port = 9000, Service = "db" };

    [TestCase(1, GateVerdict.Allow, "GateOpen")]
    [TestCase(2, GateVerdict.Deny, "GrpcNotServing")]
    [TestCase(0, GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(3, GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    [TestCase(9, GateVerdict.Unknown, "GrpcUnavailable")]
    public void A_serving_status_means(int serving, GateVerdict verdict, string code)
    {
        var finding = GrpcRule.Judge(new GrpcSample { HttpStatus = 200, IsGrpc = true, Code = 0, Serving = serving }, "10.0.0.1:9000", Options);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
    }

    [TestCase(4, GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(14, GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(13, GateVerdict.Unknown, "GrpcUnavailable")]
    [TestCase(5, GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    [TestCase(12, GateVerdict.Misconfigured, "GrpcServiceUnknown")]
    [TestCase(16, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    [TestCase(7, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    public void A_gRPC_code_means(int grpc, GateVerdict verdict, string code)
    {
        var finding = GrpcRule.Judge(new GrpcSample { HttpStatus = 200, IsGrpc = true, Code = grpc, Message = "so it is" }, "10.0.0.1:9000", Options);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
        Assert.That(finding.Text, Does.Contain("so it is"));
    }

    [TestCase(200, false, GateVerdict.Misconfigured, "ProbeWrongProtocol")]
    [TestCase(404, false, GateVerdict.Misconfigured, "ProbeWrongProtocol")]
    [TestCase(401, false, GateVerdict.Misconfigured, "ProbeAccessDenied")]
    [TestCase(503, false, GateVerdict.Unknown, "GrpcUnavailable")]
    public void An_HTTP_answer_that_is_not_gRPC_means(int status, bool isGrpc, GateVerdict verdict, string code)
    {
        var finding = GrpcRule.Judge(new GrpcSample { HttpStatus = status, IsGrpc = isGrpc }, "x", Options);
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
    }

    [Test]
    public void The_request_is_framed_as_the_protocol_has_it()
    {
        Assert.That(GrpcWire.Request(""), Is.EqualTo(new byte[] { 0, 0, 0, 0, 0 }));
        Assert.That(GrpcWire.Request("db"), Is.EqualTo(new byte[] { 0, 0, 0, 0, 4, 0x0A, 2, (byte)'d', (byte)'b' }));
    }

    [TestCase(new byte[] { 0, 0, 0, 0, 2, 0x08, 1 }, 1)]
    [TestCase(new byte[] { 0, 0, 0, 0, 0 }, 0)]
    [TestCase(new byte[] { 0, 0, 0, 0, 5, 0x12, 1, 65, 0x08, 2 }, 2)]
    public void An_answer_is_read_over_fields_that_are_not_known(byte[] body, int serving) => Assert.That(GrpcWire.Serving(body), Is.EqualTo(serving));

    [TestCase(new byte[] { 1, 0, 0, 0, 2, 0x08, 1 })]
    [TestCase(new byte[] { 0, 0, 0, 0, 3, 0x08, 1 })]
    [TestCase(new byte[] { 0, 0, 0, 0, 2, 0x08, 0x81 })]
    [TestCase(new byte[] { 0, 0, 0, 0, 2, 0x0A, 9 })]
    [TestCase(new byte[] { })]
    public void What_is_no_answer_is_none(byte[] body) => Assert.That(GrpcWire.Serving(body), Is.Null);

    [Test]
    public void No_answer_makes_the_decoder_throw() => Gen.Byte.Array[0, 40].Sample(body => { _ = GrpcWire.Serving(body); });

    [TestCase(0, GateVerdict.Allow, "GateOpen")]
    [TestCase(1, GateVerdict.Deny, "ExecDenied")]
    [TestCase(2, GateVerdict.Unknown, "ExecInconclusive")]
    [TestCase(137, GateVerdict.Unknown, "ExecInconclusive")]
    [TestCase(143, GateVerdict.Unknown, "ExecInconclusive")]
    [TestCase(126, GateVerdict.Misconfigured, "ExecCommandMissing")]
    [TestCase(127, GateVerdict.Misconfigured, "ExecCommandMissing")]
    public void An_exit_code_means(int exit, GateVerdict verdict, string code)
    {
        var finding = ExecRule.Judge(new ExecSample { ExitCode = exit, Output = "lag 7\n" }, "pod db-0");
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
        Assert.That(finding.Text, Does.Contain("pod db-0").And.Contain("lag 7"));
    }

    [TestCase(403, GateVerdict.Misconfigured, "ExecNotAllowed")]
    [TestCase(404, GateVerdict.Unknown, "ProbePodAbsent")]
    [TestCase(400, GateVerdict.Misconfigured, "ExecCommandMissing")]
    [TestCase(500, GateVerdict.Unknown, "ExecInconclusive")]
    public void A_refusal_of_the_API_server_means(int status, GateVerdict verdict, string code)
    {
        var finding = ExecRule.Judge(new ExecSample { Refusal = status }, "pod db-0");
        Assert.That((finding.Verdict, finding.Reason.Code), Is.EqualTo((verdict, code)));
    }

    [Test]
    public void A_connection_that_broke_says_nothing() =>
        Assert.That(ExecRule.Judge(new ExecSample { Trouble = "the connection ended before the command did" }, "pod db-0").Verdict, Is.EqualTo(GateVerdict.Unknown));

    [TestCase("""{"metadata":{},"status":"Success"}""", 0)]
    [TestCase("""{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}""", 3)]
    public void The_kubelets_last_word_is_read(string status, int code) => Assert.That(PodExec.Ending(Encoding.UTF8.GetBytes(status), "").ExitCode, Is.EqualTo(code));

    [Test]
    public void A_program_that_is_not_there_is_told_apart_from_one_that_failed()
    {
        const string Status = """{"metadata":{},"status":"Failure","message":"Internal error occurred: error executing command in container: exec: \"nope\": executable file not found in $PATH","reason":"InternalError","code":500}""";
        var sample = PodExec.Ending(Encoding.UTF8.GetBytes(Status), "");
        Assert.That((sample.ExitCode, sample.IsCommandMissing), Is.EqualTo(((int?)null, true)));
        Assert.That(ExecRule.Judge(sample, "pod db-0").Reason.Code, Is.EqualTo("ExecCommandMissing"));
    }

    [Test]
    public void A_last_word_that_cannot_be_read_never_passes() => Gen.Byte.Array[0, 40].Sample(status =>
        Assert.That(ExecRule.Judge(PodExec.Ending(status, ""), "pod db-0").Verdict, Is.EqualTo(GateVerdict.Unknown)));
}
