using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Probing;

/// <summary>
/// Puts the answers of a generic gate together. Pure. As many as the quorum wants must pass, of all that the scope names: who is missing or
/// silent counts as not passing, so that taking facts away never opens.
/// </summary>
internal static class ProbeRule
{
    /// <summary>Names whom a question is about; null stands for the one address of the workload.</summary>
    internal static ImmutableArray<GateTarget?> Asked(GateContext context, GateQuestion question, ProbeScope scope)
    {
        var about = question.Pods.ToHashSet(StringComparer.Ordinal);
        return scope switch
        {
            ProbeScope.Once => [null],
            ProbeScope.Pod => [.. context.Pods.Where(p => about.Count == 0 || about.Contains(p.Uid))],
            ProbeScope.OtherPods => [.. context.Pods.Where(p => !about.Contains(p.Uid))],
            ProbeScope.AllPods => [.. context.Pods.Where(p => question.Phase is not GatePhase.BeforePod || p.IsReady || !about.Contains(p.Uid))],
        };
    }

    /// <summary>Judges one question.</summary>
    /// <param name="input">The question.</param>
    /// <param name="plan">Scope and quorum.</param>
    /// <param name="find">What one who was asked amounts to.</param>
    internal static GateAnswer Evaluate(GateInput input, ProbePlan plan, Func<GateTarget?, ProbeFinding> find)
    {
        var workload = $"{input.Context.Namespace}/{input.Context.Name}";
        if (input.Question.Pods.FirstOrDefault(uid => input.Context.FindByUid(uid) is null) is { } gone)
        {
            return Answer(workload, new(GateVerdict.Unknown, ReasonCodes.GatePodChanged, $"the pod with UID {gone} is gone"));
        }

        var asked = Asked(input.Context, input.Question, plan.Scope);
        if (asked.IsEmpty)
        {
            return Nobody(input, plan, workload);
        }

        var findings = asked.Select(pod => (Pod: pod, Finding: find(pod))).ToImmutableArray();
        var passed = findings.Count(f => f.Finding.Verdict is GateVerdict.Allow);
        var needed = plan.Quorum switch
        {
            ProbeQuorum.All => asked.Length,
            ProbeQuorum.Majority => (asked.Length / 2) + 1,
            ProbeQuorum.Any => 1,
        };
        var others = findings.Where(f => f.Finding.Verdict is not GateVerdict.Allow).OrderByDescending(f => Rank(f.Finding.Verdict)).ToImmutableArray();
        var answer = passed >= needed
            ? Answer(workload, Open(findings, passed, others))
            : Answer(workload, others[0].Finding with { Text = Blame(others, passed, needed, asked.Length) });
        return answer with
        {
            ValidFor = plan.ValidFor,
            Facts = [.. asked.Length == 1 ? [] : new[] { new GateFact("passed", Fraction(passed, asked.Length)), new("needed", Number(needed)) }, .. Facts(findings, others)],
            Warnings = passed >= needed ? [.. others.Take(3).Select(o => $"{o.Finding.Reason.Code}: {Named(o.Pod, o.Finding.Text)}")] : [],
        };
    }

    /// <summary>
    /// Before and after one pod, a workload without other pods has nobody who could say no; but a gate that is never asked must not look as if it
    /// had passed. Only the repair of a pod that is not Ready goes on: nobody is served by it.
    /// </summary>
    private static GateAnswer Nobody(GateInput input, ProbePlan plan, string workload) =>
        plan.Scope is ProbeScope.AllPods && input.Question.Pods.Length > 0
            ? Answer(workload, new(GateVerdict.Allow, ReasonCodes.GateOpen, "no pod is ready, so none can be asked, and none is lost"))
            : Answer(workload, new(GateVerdict.Misconfigured, ReasonCodes.ProbeNobodyToAsk, $"scope {plan.Scope} leaves no pod to ask"));

    private static GateAnswer Answer(string workload, ProbeFinding finding) => new()
    {
        Verdict = finding.Verdict,
        Reason = finding.Reason,
        Message = $"{workload}: {finding.Text}{(finding.Verdict is GateVerdict.Allow ? "" : $". {finding.Reason.Remedy}")}",
    };

    private static ProbeFinding Open(ImmutableArray<(GateTarget? Pod, ProbeFinding Finding)> findings, int passed, ImmutableArray<(GateTarget? Pod, ProbeFinding Finding)> others)
    {
        var first = findings.First(f => f.Finding.Verdict is GateVerdict.Allow);
        var text = findings.Length == 1 ? Named(first.Pod, first.Finding.Text)
            : others.IsEmpty ? $"all {findings.Length} pods pass"
            : $"{passed} of {findings.Length} pods pass";
        return new(GateVerdict.Allow, ReasonCodes.GateOpen, text);
    }

    private static string Blame(ImmutableArray<(GateTarget? Pod, ProbeFinding Finding)> others, int passed, int needed, int asked)
    {
        var first = Named(others[0].Pod, others[0].Finding.Text);
        return asked == 1 ? first : $"{first}{(others.Length > 1 ? $" (and {others.Length - 1} more)" : "")}; {passed} of {asked} pods pass, {needed} must";
    }

    private static string Named(GateTarget? pod, string text) => pod is null || text.Contains(pod.Pod, StringComparison.Ordinal) ? text : $"{pod.Pod}: {text}";

    /// <summary>Who does not pass is what a person looks for first.</summary>
    private static IEnumerable<GateFact> Facts(ImmutableArray<(GateTarget? Pod, ProbeFinding Finding)> findings, ImmutableArray<(GateTarget? Pod, ProbeFinding Finding)> others) =>
        others.Concat(findings.Where(f => f.Finding.Verdict is GateVerdict.Allow))
            .SelectMany(f => f.Finding.Facts.Select(fact => f.Pod is null || findings.Length == 1 ? fact : new GateFact($"{f.Pod.Pod}.{fact.Name}", fact.Value)))
            .Take(8);

    private static string Fraction(int part, int whole) => string.Create(CultureInfo.InvariantCulture, $"{part} of {whole}");

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Rank(GateVerdict verdict) => verdict switch
    {
        GateVerdict.Misconfigured => 3,
        GateVerdict.Deny => 2,
        GateVerdict.Unknown => 1,
        GateVerdict.Allow => 0,
    };
}
