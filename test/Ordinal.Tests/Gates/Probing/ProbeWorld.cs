using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Gates.Probing;

namespace Ordinal.Tests.Gates.Probing;

/// <summary>Some pods, what a generic probe found of each, and the questions to the rule about them.</summary>
internal sealed class ProbeWorld
{
    internal ProbeWorld(int pods)
    {
        Pods = [.. Enumerable.Range(0, pods).Select(i => new GateTarget { Pod = $"db-{i}", Uid = $"uid-{i}", Ordinal = i, Revision = "new", Address = $"10.0.0.{i}", IsReady = true })];
        Says = Pods.ToDictionary(p => p.Pod, _ => Yes, StringComparer.Ordinal);
    }

    internal static ProbeFinding Yes { get; } = new(GateVerdict.Allow, ReasonCodes.GateOpen, "it answers HTTP 200");

    internal static ProbeFinding No { get; } = new(GateVerdict.Deny, ReasonCodes.HttpStatusRefused, "it answers HTTP 503");

    internal static ProbeFinding Silent { get; } = new(GateVerdict.Unknown, ReasonCodes.ProbeUnreachable, "no answer within 5 s");

    internal static ProbeFinding Refused { get; } = new(GateVerdict.Misconfigured, ReasonCodes.ProbeAccessDenied, "it answers HTTP 401");

    internal GateTarget[] Pods { get; }

    internal Dictionary<string, ProbeFinding> Says { get; }

    internal ProbePlan Plan { get; set; } = ProbePlan.Default;

    internal GateAnswer Ask(GatePhase phase, params int[] about) => ProbeRule.Evaluate(Input(phase, about), Plan, pod => pod is null ? Says["db-0"] : Says[pod.Pod]);

    internal ImmutableArray<string> Asked(GatePhase phase, params int[] about)
    {
        var input = Input(phase, about);
        return [.. ProbeRule.Asked(input.Context, input.Question, Plan.Scope).Select(p => p?.Pod ?? "")];
    }

    internal GateInput Input(GatePhase phase, params int[] about) => new()
    {
        Question = new GateQuestion("g", phase, [.. about.Select(i => Pods[i].Uid)], "new"),
        Context = new GateContext { WorkloadUid = "w", Namespace = "prod", Name = "db", Service = "db", Pods = [.. Pods], Gates = [] },
        Now = DateTimeOffset.UnixEpoch,
    };
}
