using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates.Probing;

/// <summary>A generic gate: asks the pods of its scope all at once, each with its own deadline, and lets <see cref="ProbeRule"/> put the answers together.</summary>
/// <typeparam name="T">The answer of the probe.</typeparam>
/// <param name="plan">Whom to ask, and how many must pass.</param>
/// <param name="probe">How to ask one; the gate disposes it.</param>
/// <param name="time">The clock for deadlines.</param>
internal sealed class ProbeGate<T>(ProbePlan plan, IProbe<T> probe, TimeProvider time) : IGate
    where T : class
{
    /// <inheritdoc/>
    public string Type => probe.Type;

    /// <summary>Gets one request's time and a second to spare.</summary>
    public TimeSpan ObserveDeadline => plan.RequestTimeout + TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var pods = questions.SelectMany(q => ProbeRule.Asked(context, q, plan.Scope)).Where(p => p is null or { IsMissing: false, Address.Length: > 0 }).Distinct().ToList();
        return new ProbeObservation<T>([.. await Task.WhenAll(pods.Select(p => AskAsync(context, p, cancellationToken)))]);
    }

    /// <inheritdoc/>
    public GateAnswer Evaluate(GateInput input, GateObservation observation)
    {
        ArgumentNullException.ThrowIfNull(input);
        var seen = ((ProbeObservation<T>)observation).Samples.ToDictionary(s => s.Uid, StringComparer.Ordinal);
        return ProbeRule.Evaluate(input, plan, pod => Finding(seen, pod, input.Now));
    }

    /// <inheritdoc/>
    public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken) =>
        Task.FromResult(new GatePrepareResult(true, ReasonCodes.GatePrepared, $"{input.Context.Namespace}/{input.Context.Name}: a gate of type {Type} has nothing to prepare"));

    /// <inheritdoc/>
    public void Dispose() => probe.Dispose();

    private ProbeFinding Finding(Dictionary<string, ProbeSample<T>> seen, GateTarget? pod, DateTimeOffset now)
    {
        if (!seen.TryGetValue(pod?.Uid ?? "", out var sample))
        {
            return new(GateVerdict.Unknown, ReasonCodes.ProbePodAbsent, pod is { IsMissing: true } ? $"pod {pod.Pod} does not exist now" : $"pod {pod?.Pod} has no address yet");
        }

        return sample.Answer is { } answer ? probe.Judge(answer, sample.Where, now) : ProbeFinding.Of(sample.Failure!);
    }

    private async Task<ProbeSample<T>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(plan.RequestTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var where = probe.Where(context, pod);
        ProbeOutcome<T> outcome;
        try
        {
            outcome = await probe.AskAsync(context, pod, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            outcome = new NetFailure(NetFailureKind.Timeout, $"no answer from {where} within {plan.RequestTimeout.TotalSeconds:0.##} s");
        }

        return new(pod?.Pod ?? "", pod?.Uid ?? "", where, outcome.Answer, outcome.Failure);
    }
}
