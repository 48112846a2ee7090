using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Operator.Api;
using Ordinal.Operator.Hosting;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Metrics;

/// <summary>
/// The domain's metrics (<see cref="MetricRegistry"/>). Gauges are read from the stores when they are scraped, so they cannot be out of date and need no
/// tidying. Counters and histograms are fed by the passes of the leader: a standby counts nothing. What it remembers in between (a pod's
/// stage, a gate's first no) is lost with the process, and costs one sample then.
/// </summary>
public sealed class OperatorMetrics : IDisposable
{
    private readonly OperatorStores stores;
    private readonly TimeProvider timeProvider;
    private readonly Lock gate = new();
    private readonly Dictionary<(string Rollout, string Pod), (PodStage Stage, DateTimeOffset Since)> stages = [];
    private readonly Dictionary<(string Rollout, string Gate), DateTimeOffset> waits = [];
    private readonly Dictionary<(string Policy, string Gate), DateTimeOffset> asked = [];
    private readonly Counter<long> ended;
    private readonly Histogram<double> took;
    private readonly Counter<double> paused;
    private readonly Histogram<double> stage;
    private readonly Counter<long> checks;
    private readonly Histogram<double> waited;
    private readonly Histogram<double> observed;

    /// <summary>Creates the instruments.</summary>
    public OperatorMetrics(OperatorStores stores, TimeProvider timeProvider)
    {
        this.stores = stores;
        this.timeProvider = timeProvider;
        ended = Count<long>(MetricRegistry.RolloutsTotal);
        took = Measure(MetricRegistry.RolloutDuration);
        paused = Count<double>(MetricRegistry.PausedSeconds);
        stage = Measure(MetricRegistry.PodUpdateDuration);
        checks = Count<long>(MetricRegistry.GateChecks);
        waited = Measure(MetricRegistry.GateWait);
        observed = Measure(MetricRegistry.GateCheckDuration);
        Show(MetricRegistry.RolloutInfo, RolloutInfos);
        Show(MetricRegistry.PolicyReady, Policies);
        Show(MetricRegistry.GateStatus, GateStates);
        Show(MetricRegistry.Partition, Partitions);
        Show(MetricRegistry.Replicas, Sizes);
        Show(MetricRegistry.LastEvent, LastEvents);
        Show(MetricRegistry.Build, () => [new(1, new("version", BuildInfo.Version), new("revision", BuildInfo.Revision), new("dotnet_version", RuntimeInformation.FrameworkDescription))]);
    }

    /// <summary>Says that a policy is gone: its series must go too.</summary>
    public event Action<string, string>? PolicyForgotten;

    /// <summary>Gets the meter all instruments belong to.</summary>
    public Meter Meter { get; } = new("ordinal.operator");

    /// <summary>Takes in one pass of a rollout, after what it remembers was written.</summary>
    /// <param name="rollout">The rollout as it was before the pass.</param>
    /// <param name="frame">What was decided on.</param>
    /// <param name="decision">The decision.</param>
    /// <param name="reports">What gates said.</param>
    public void Passed(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, Decision decision, ImmutableArray<GateReport> reports)
    {
        var now = timeProvider.GetUtcNow();
        Asked(frame.Policy, reports);
        Stages(rollout, decision, now);
        Waits(rollout, frame, reports, now);
        if (frame.Memory.PausedSince is not null && decision.Memory.PausedSince is null && decision.Memory.PausedFor > frame.Memory.PausedFor)
        {
            // Of several StatefulSets each counts its own.
            paused.Add((decision.Memory.PausedFor - frame.Memory.PausedFor).TotalSeconds, [.. Of(rollout), new("why", WhyOf(frame.Memory.State))]);
        }
    }

    /// <summary>Takes in the end of a rollout.</summary>
    /// <param name="rollout">The rollout as it was before: one that had ended is not counted again.</param>
    /// <param name="state">How it ended.</param>
    public void Ended(V1Alpha1StatefulSetRollout rollout, RolloutState state)
    {
        if (rollout.Status.CompletionTime is not null)
        {
            return;
        }

        var outcome = state is RolloutState.PreflightFailed ? nameof(RolloutState.Failed) : state.ToString();
        ended.Add(1, [.. Of(rollout), new("type", rollout.Spec.Type), new("outcome", outcome)]);
        if (rollout.Status.StartTime is { } start)
        {
            took.Record((timeProvider.GetUtcNow() - start).TotalSeconds, new("type", rollout.Spec.Type), new("outcome", outcome));
        }

        Forget(((IStoreItem)rollout).Uid);
    }

    /// <summary>Takes in what gates said, in a rollout or at rest. An answer that was given before is not counted again.</summary>
    public void Asked(V1Alpha1RolloutPolicy policy, ImmutableArray<GateReport> reports)
    {
        foreach (var of in reports.GroupBy(report => report.Gate, StringComparer.Ordinal))
        {
            var newest = of.Max(report => report.ObservedAt);
            lock (gate)
            {
                var key = (((IStoreItem)policy).Uid, of.Key);
                if (asked.TryGetValue(key, out var last) && last >= newest)
                {
                    continue;
                }

                asked[key] = newest;
            }

            var result = of.Any(report => report.Verdict is GateVerdict.Unknown or GateVerdict.Misconfigured) ? "error" : of.Any(report => report.Verdict is GateVerdict.Deny) ? "fail" : "pass";
            checks.Add(1, new("target_namespace", policy.Metadata.NamespaceProperty), new("policy", policy.Metadata.Name), new("gate", of.Key), new("result", result));
        }
    }

    /// <summary>Takes in how long one observation took.</summary>
    public void Observed(string gateType, TimeSpan length) => observed.Record(length.TotalSeconds, new KeyValuePair<string, object?>("gate_type", gateType));

    /// <summary>Forgets a rollout that has ended or is gone.</summary>
    public void Forget(string rolloutUid)
    {
        lock (gate)
        {
            foreach (var key in stages.Keys.Where(key => key.Rollout == rolloutUid).ToList())
            {
                stages.Remove(key);
            }

            foreach (var key in waits.Keys.Where(key => key.Rollout == rolloutUid).ToList())
            {
                waits.Remove(key);
            }
        }
    }

    /// <summary>Lets the series of a policy go that is gone.</summary>
    public void ForgetPolicy(V1Alpha1RolloutPolicy policy)
    {
        lock (gate)
        {
            foreach (var key in asked.Keys.Where(key => key.Policy == ((IStoreItem)policy).Uid).ToList())
            {
                asked.Remove(key);
            }
        }

        PolicyForgotten?.Invoke(((IStoreItem)policy).Key.Namespace, ((IStoreItem)policy).Key.Name);
    }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static string WhyOf(RolloutState state) => state.ToString() switch
    {
        "AwaitingApproval" => "Approval",
        "OutsideWindow" => "Window",
        "StepPausing" => "Step",
        _ => "Suspended",
    };

    private static string? StageOf(PodStage of) => of switch
    {
        PodStage.BeforePodGate => "PreGate",
        PodStage.Intended or PodStage.Terminating or PodStage.Missing => "Terminate",
        PodStage.Starting => "Start",
        PodStage.Settling => "Ready",
        PodStage.AfterPodGate => "PostGate",
        _ => null,
    };

    private static KeyValuePair<string, object?>[] Of(V1Alpha1StatefulSetRollout rollout) =>
        [new("target_namespace", rollout.Metadata.NamespaceProperty), new("policy", rollout.Spec.PolicyRef.Name)];

    private void Stages(V1Alpha1StatefulSetRollout rollout, Decision decision, DateTimeOffset now)
    {
        lock (gate)
        {
            foreach (var pod in decision.Pods.IsDefault ? [] : decision.Pods)
            {
                var key = (((IStoreItem)rollout).Uid, pod.Pod);
                var known = stages.TryGetValue(key, out var before);
                if (known && before.Stage == pod.Stage)
                {
                    continue;
                }

                if (known && StageOf(before.Stage) is { } name)
                {
                    stage.Record((now - before.Since).TotalSeconds, [.. Of(rollout), new("stage", name)]);
                }

                if (StageOf(pod.Stage) is null)
                {
                    stages.Remove(key);
                }
                else
                {
                    stages[key] = (pod.Stage, now);
                }
            }
        }
    }

    private void Waits(V1Alpha1StatefulSetRollout rollout, RolloutFrame.Ready frame, ImmutableArray<GateReport> reports, DateTimeOffset now)
    {
        foreach (var report in reports)
        {
            var key = (((IStoreItem)rollout).Uid, report.Gate);
            lock (gate)
            {
                if (report.Verdict is not GateVerdict.Allow)
                {
                    waits.TryAdd(key, now);
                }
                else if (waits.Remove(key, out var since))
                {
                    waited.Record((now - since).TotalSeconds, new KeyValuePair<string, object?>("gate_type", frame.Rules.Gates.FirstOrDefault(each => each.Name == report.Gate)?.Type ?? ""));
                }
            }
        }
    }

    private IEnumerable<Measurement<double>> RolloutInfos() => stores.Rollouts.Items.List(null).Select(rollout =>
    {
        // Of several StatefulSets the one that speaks for all; after the end, the last one.
        var speaker = RolloutGroup.SpeakerOf(RolloutEnds.MembersOf(rollout.Status))?.Name;
        var target = rollout.Status.Targets is { Count: > 0 } targets ? targets.FirstOrDefault(each => each.Name == speaker) ?? targets[^1] : null;
        return new Measurement<double>(1, [.. Of(rollout), new("rollout", rollout.Metadata.Name), new("type", rollout.Spec.Type), new("driver", target?.Driver ?? ""), new("state", target?.State ?? "")]);
    });

    private IEnumerable<Measurement<double>> Policies() => stores.Policies.Items.List(null).Select(policy =>
    {
        var ready = Conditions.Find(policy.Status.Conditions, "Ready");
        return new Measurement<double>(
            ready?.Status == "True" ? 1 : 0, new("target_namespace", policy.Metadata.NamespaceProperty), new("policy", policy.Metadata.Name), new("reason", ready?.Reason ?? ""));
    });

    private IEnumerable<Measurement<double>> GateStates() => stores.Policies.Items.List(null).SelectMany(policy => (policy.Status.Gates ?? []).Select(each => new Measurement<double>(
        each.State switch { "Passing" => 1, "Failing" => 0, _ => -1 },
        new("target_namespace", policy.Metadata.NamespaceProperty),
        new("policy", policy.Metadata.Name),
        new("gate", each.Name))));

    private IEnumerable<StatefulSetSnapshot> Sets() => stores.Policies.Items.List(null)
        .SelectMany(policy => (policy.Status.Targets ?? []).Select(target => stores.Sets.Items.Find(new NamespacedName(((IStoreItem)policy).Key.Namespace, target.Name))))
        .OfType<StatefulSetItem>()
        .DistinctBy(set => set.Key)
        .Select(set => set.Snapshot);

    private IEnumerable<Measurement<double>> Partitions() => Sets().Where(set => set.Strategy.Type is not UpdateStrategyType.OnDelete)
        .Select(set => new Measurement<double>(set.Strategy.Partition ?? 0, new("target_namespace", set.Namespace), new("statefulset", set.Name)));

    private IEnumerable<Measurement<double>> Sizes() => Sets().SelectMany(set => ((string State, int Count)[])[("desired", set.Replicas), ("ready", set.ReadyReplicas), ("updated", set.UpdatedReplicas)],
        (set, size) => new Measurement<double>(size.Count, new("target_namespace", set.Namespace), new("statefulset", set.Name), new("state", size.State)));

    private IEnumerable<Measurement<double>> LastEvents()
    {
        var now = timeProvider.GetUtcNow();
        return ((IStore[])[stores.Policies.Items, stores.Rollouts.Items, stores.Sets.Items, stores.Pods.Items, stores.Budgets.Items, stores.Revisions.Items])
            .Select(store => new Measurement<double>((now - store.SinceLastActivity - DateTimeOffset.UnixEpoch).TotalSeconds, new KeyValuePair<string, object?>("resource", store.Kind.Resource)));
    }

    private Counter<T> Count<T>(MetricDefinition metric)
        where T : struct => Meter.CreateCounter<T>(metric.Name, description: metric.Help);

    private Histogram<double> Measure(MetricDefinition metric) =>
        Meter.CreateHistogram(metric.Name, description: metric.Help, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = metric.Buckets });

    private void Show(MetricDefinition metric, Func<IEnumerable<Measurement<double>>> read) => Meter.CreateObservableGauge(metric.Name, read, description: metric.Help);
}
