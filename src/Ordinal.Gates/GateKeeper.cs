using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Gates;

/// <summary>
/// Stands between planner and gates: asks in parallel, each gate within its deadline, and counts successes in a row. Safe for calls from several
/// threads; never blocks one.
/// <list type="bullet">
/// <item>All questions of one call to one gate share one observation.</item>
/// <item>A question that is asked again before its interval is over gets the last report, as long as that is current and no pod has changed.</item>
/// <item>A report is bound to pod UIDs and revision. When a pod is gone the answer is Unknown, and nothing is asked.</item>
/// <item>Every exception and every missed deadline becomes Unknown; a missed deadline resets the count as a Deny does.</item>
/// </list>
/// </summary>
/// <param name="time">The clock for intervals, deadlines and ages.</param>
/// <param name="logger">Hears of changed verdicts and of exceptions.</param>
public sealed class GateKeeper(TimeProvider time, ILogger<GateKeeper> logger)
{
    /// <summary>What nobody asked about for this long is forgotten.</summary>
    private static readonly TimeSpan Forgetting = TimeSpan.FromMinutes(10);

    /// <summary>A gate that ignores its cancelled token is left behind after this much longer.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Lock guard = new();
    private readonly Dictionary<string, Dictionary<string, GateRecord>> records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, int>> preparations = new(StringComparer.Ordinal);

    /// <summary>Answers all questions, in their order, in parallel, each within its gate's deadline.</summary>
    /// <param name="context">The workload as it is now, and its gates.</param>
    /// <param name="questions">What to ask.</param>
    /// <param name="cancellationToken">The operator is stopping.</param>
    /// <returns>One report a question, in the same order.</returns>
    /// <exception cref="OperationCanceledException">The operator is stopping. No other exception escapes.</exception>
    public async Task<ImmutableArray<GateReport>> AskAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        ForgetUnasked(context.WorkloadUid);

        var reports = new GateReport?[questions.Length];
        var byGate = new List<(GateBinding Binding, List<int> Open)>();
        for (var i = 0; i < questions.Length; i++)
        {
            var binding = context.Gates.FirstOrDefault(g => g.Policy.Name == questions[i].Gate);
            reports[i] = binding is null ? NotFound(context, questions[i]) : KnownAnswer(context, questions[i], binding);
            if (reports[i] is not null || binding is null)
            {
                continue;
            }

            var group = byGate.Find(g => ReferenceEquals(g.Binding.Gate, binding.Gate) && g.Binding.Policy.Name == binding.Policy.Name);
            if (group.Open is null)
            {
                group = (binding, []);
                byGate.Add(group);
            }

            group.Open.Add(i);
        }

        await Task.WhenAll(byGate.Select(g => ProbeAsync(context, g.Binding, questions, g.Open, reports, cancellationToken)));
        return [.. reports.Select(r => r!)];
    }

    /// <summary>Carries out a <see cref="PrepareGate"/> action: one try to move leadership away from a pod. The next ask probes afresh.</summary>
    /// <param name="context">The workload as it is now, and its gates.</param>
    /// <param name="action">Which gate, which pod.</param>
    /// <param name="targetRevision">The revision that the rollout is going to.</param>
    /// <param name="cancellationToken">The operator is stopping.</param>
    /// <exception cref="OperationCanceledException">The operator is stopping. No other exception escapes.</exception>
    public async Task<GatePrepareResult> PrepareAsync(GateContext context, PrepareGate action, string targetRevision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(action);
        cancellationToken.ThrowIfCancellationRequested();
        var question = new GateQuestion(action.Gate, GatePhase.BeforePod, [action.Uid], targetRevision);
        if (context.Gates.FirstOrDefault(g => g.Policy.Name == action.Gate) is not { } binding)
        {
            return new(false, ReasonCodes.GateNotFound, NotFound(context, question).Message);
        }

        if (context.FindByUid(action.Uid) is null)
        {
            return new(false, ReasonCodes.GatePodChanged, $"{Workload(context)}: pod {action.Pod} with UID {action.Uid} is gone; the next pass asks for the pod that is there now");
        }

        var input = new GateInput { Question = question, Context = context, Now = time.GetUtcNow(), PreparationsTried = CountPreparation(context, action) };
        try
        {
            return await WithDeadlineAsync(2 * binding.Gate.ObserveDeadline, PrepareOnceAsync, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var (reason, message) = Explain(context, binding, 2 * binding.Gate.ObserveDeadline, e);
            return new(false, reason, message);
        }
        finally
        {
            Expire(context.WorkloadUid, binding.Gate);
        }

        async Task<GatePrepareResult> PrepareOnceAsync(CancellationToken token) =>
            await binding.Gate.PrepareAsync(input, await binding.Gate.ObserveAsync(context, [question], token), token);
    }

    /// <summary>Forgets all about a workload: it is gone, or no policy is about it any more.</summary>
    public void Forget(string workloadUid)
    {
        lock (guard)
        {
            records.Remove(workloadUid);
            preparations.Remove(workloadUid);
        }
    }

    private static string Workload(GateContext context) => $"{context.Namespace}/{context.Name}";

    private GateReport? KnownAnswer(GateContext context, GateQuestion question, GateBinding binding)
    {
        if (MissingPod(context, question) is { } missing)
        {
            lock (guard)
            {
                Of(records, context.WorkloadUid).Remove(question.Key);
            }

            return Report(question, GateVerdict.Unknown, ReasonCodes.GatePodChanged, missing, binding);
        }

        lock (guard)
        {
            var known = Of(records, context.WorkloadUid);
            if (!known.TryGetValue(question.Key, out var record) || !ReferenceEquals(record.Gate, binding.Gate))
            {
                known[question.Key] = record = new GateRecord(binding.Gate);
            }

            record.AskedAt = time.GetTimestamp();
            return record.Answers(context, question, binding.Policy.Interval, time) ? record.Report : null;
        }
    }

    /// <summary>An answer about a pod that is not the one asked about would be worse than none.</summary>
    private static string? MissingPod(GateContext context, GateQuestion question)
    {
        foreach (var uid in question.Pods)
        {
            if (context.FindByUid(uid) is not { } pod)
            {
                return $"{Workload(context)}: the pod with UID {uid} is gone; the question is asked again for its successor";
            }

            if (question.Phase is GatePhase.AfterPod && pod.Revision != question.Revision)
            {
                return $"{Workload(context)}: pod {pod.Pod} runs revision {pod.Revision}, not {question.Revision}; the question is asked again when it is replaced";
            }
        }

        return null;
    }

    private async Task ProbeAsync(
        GateContext context, GateBinding binding, ImmutableArray<GateQuestion> questions, List<int> open, GateReport?[] reports, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var now = time.GetUtcNow();
        GateObservation? observation = null;
        Exception? failure = null;
        try
        {
            ImmutableArray<GateQuestion> asked = [.. open.Select(i => questions[i])];
            observation = await WithDeadlineAsync(binding.Gate.ObserveDeadline, token => binding.Gate.ObserveAsync(context, asked, token), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            failure = e;
        }

        foreach (var i in open)
        {
            reports[i] = Judge(context, binding, questions[i], observation, failure, now, startedAt);
        }
    }

    private GateReport Judge(
        GateContext context, GateBinding binding, GateQuestion question, GateObservation? observation, Exception? failure, DateTimeOffset now, long startedAt)
    {
        lock (guard)
        {
            var known = Of(records, context.WorkloadUid);
            if (!known.TryGetValue(question.Key, out var record) || !ReferenceEquals(record.Gate, binding.Gate))
            {
                // Forgotten while it was asked: what comes back now must not count for what comes next.
                record = new GateRecord(binding.Gate);
            }

            var before = record.Report;
            var memo = record.Memo;
            var report = observation is null
                ? Failed(context, binding, question, failure!)
                : Evaluate(context, binding, question, observation, now, ref memo);
            var taken = record.Take(report with { ObservedAt = now }, context, question, memo, startedAt, binding, time);
            GateLog.Verdict(logger, context, binding, taken, before);
            return taken;
        }
    }

    private GateReport Evaluate(GateContext context, GateBinding binding, GateQuestion question, GateObservation observation, DateTimeOffset now, ref string? memo)
    {
        var tried = Of(preparations, context.WorkloadUid);
        var tries = question.Pods.Select(uid => tried.GetValueOrDefault(PreparationKey(question.Gate, uid))).DefaultIfEmpty().Max();
        try
        {
            var answer = binding.Gate.Evaluate(new() { Question = question, Context = context, Now = now, Memo = memo, PreparationsTried = tries }, observation);
            memo = answer.Memo;
            var report = Report(question, answer.Verdict, answer.Reason, answer.Message, binding);
            return report with
            {
                Facts = answer.Facts.Length > 10 ? answer.Facts[..10] : answer.Facts,
                Warnings = answer.Warnings,
                Roles = answer.Roles,
                Preparation = answer.Preparation,
                Baseline = answer.Baseline,
                Batch = answer.Batch,
                Remaining = answer.Remaining,
                ValidFor = answer.Verdict is GateVerdict.Allow ? answer.ValidFor : report.ValidFor,
            };
        }
        catch (Exception e)
        {
            return Failed(context, binding, question, e);
        }
    }

    private GateReport Failed(GateContext context, GateBinding binding, GateQuestion question, Exception failure)
    {
        var (reason, message) = Explain(context, binding, binding.Gate.ObserveDeadline, failure);
        return Report(question, GateVerdict.Unknown, reason, message, binding);
    }

    private (ReasonCode Reason, string Message) Explain(GateContext context, GateBinding binding, TimeSpan deadline, Exception failure)
    {
        var gate = $"{Workload(context)}: gate {binding.Policy.Name}";
        if (failure is OperationCanceledException or TimeoutException)
        {
            return (ReasonCodes.GateTimeout, $"{gate} gave no answer within {deadline.TotalSeconds:0.#} s; look at the workload and at the network between");
        }

        // Only the type goes into the report: an exception's words may hold what a Secret held.
        GateLog.Failed(logger, context.Namespace, context.Name, binding.Policy.Name, failure);
        return (ReasonCodes.GateFailed, $"{gate} failed with {failure.GetType().Name}; the operator's log has the details");
    }

    private GateReport NotFound(GateContext context, GateQuestion question) =>
        Report(question, GateVerdict.Misconfigured, ReasonCodes.GateNotFound, $"{Workload(context)}: the policy has no gate named {question.Gate}; name it in update.gates", null);

    /// <summary>What does not open may be shown longer: it harms nobody, and the reason stays visible between two probes.</summary>
    private GateReport Report(GateQuestion question, GateVerdict verdict, ReasonCode reason, string message, GateBinding? binding) => new()
    {
        Key = question.Key,
        Gate = question.Gate,
        Phase = question.Phase,
        Verdict = verdict,
        Reason = reason,
        Message = message,
        ObservedAt = time.GetUtcNow(),
        ValidFor = TimeSpan.FromSeconds(30) + (2 * (binding?.Policy.Interval ?? TimeSpan.Zero)),
    };

    private async Task<T> WithDeadlineAsync<T>(TimeSpan deadline, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var task = call(both.Token);
        try
        {
            return await task.WaitAsync(deadline + Grace, time, cancellationToken);
        }
        catch when (!task.IsCompleted)
        {
            _ = SwallowAsync(task);
            throw;
        }
    }

    /// <summary>A call that was left behind may still fail; nobody listens, but the failure must not surface as unobserved.</summary>
    private static async Task SwallowAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception)
        {
            // Its deadline has passed and was reported.
        }
    }

    private static string PreparationKey(string gate, string uid) => $"{gate}|{uid}";

    private int CountPreparation(GateContext context, PrepareGate action)
    {
        lock (guard)
        {
            var tries = Of(preparations, context.WorkloadUid);
            var key = PreparationKey(action.Gate, action.Uid);
            return tries[key] = tries.GetValueOrDefault(key) + 1;
        }
    }

    private void Expire(string workloadUid, IGate gate)
    {
        lock (guard)
        {
            foreach (var record in Of(records, workloadUid).Values.Where(r => ReferenceEquals(r.Gate, gate)))
            {
                record.Expire();
            }
        }
    }

    private void ForgetUnasked(string workloadUid)
    {
        lock (guard)
        {
            var known = Of(records, workloadUid);
            foreach (var key in known.Where(r => time.GetElapsedTime(r.Value.AskedAt) > Forgetting).Select(r => r.Key).ToList())
            {
                known.Remove(key);
            }

            if (known.Count == 0)
            {
                preparations.Remove(workloadUid);
            }
        }
    }

    private static Dictionary<string, T> Of<T>(Dictionary<string, Dictionary<string, T>> all, string workloadUid)
    {
        if (!all.TryGetValue(workloadUid, out var one))
        {
            all[workloadUid] = one = new(StringComparer.Ordinal);
        }

        return one;
    }
}
