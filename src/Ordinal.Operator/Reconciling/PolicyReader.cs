using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Something about a policy that keeps every pod where it is.</summary>
/// <param name="Reason">InvalidPolicy or NotSupported.</param>
/// <param name="Message">Field, fact and remedy.</param>
public sealed record PolicyProblem(ReasonCode Reason, string Message);

/// <summary>What came of reading a policy.</summary>
/// <param name="Policy">What the planner follows. With problems it must not be acted on.</param>
/// <param name="Problems">All that is wrong, in the order of the spec.</param>
public sealed record PolicyReading(UpdatePolicy Policy, ImmutableArray<PolicyProblem> Problems)
{
    /// <summary>Gets when pods may be disrupted; null for at any time.</summary>
    public MaintenanceWindows? Windows { get; init; }

    /// <summary>Gets whether several StatefulSets are rolled one zone after the other.</summary>
    public ZoneStrategy ZoneStrategy { get; init; }

    /// <summary>Gets how long to wait between two zones.</summary>
    public TimeSpan ZoneSoak { get; init; }
}

/// <summary>
/// Reads a policy's spec. The schema refuses most of what is wrong already, but a policy may be older than the schema, or come from a
/// server that does not evaluate CEL; so everything is judged again here, and nothing is guessed.
/// </summary>
public static class PolicyReader
{
    private const int MostSteps = 20;

    /// <summary>Reads a policy.</summary>
    public static PolicyReading Read(string name, RolloutPolicySpec spec)
    {
        var problems = new Problems();
        if (name.Length > 52)
        {
            problems.Invalid($"metadata.name has {name.Length} characters; at most 52 fit into the names of its rollouts");
        }

        ReadTargets(spec.Targets, problems);
        var policy = ReadUpdate(spec.Update ?? new UpdateSpec(), problems);
        RefuseWhatIsNotThereYet(spec, problems);
        policy = policy with { Gates = ReadGates(spec.Gates ?? [], problems) };
        if (policy.Order is PodOrderKind.LeaderLast && problems.IsEmpty && !policy.Gates.Any(gate => gate.TellsRoles))
        {
            problems.Invalid("spec.update.podOrder is LeaderLast, but no gate can tell which pod leads; add a gate of type Etcd, Kafka or ZooKeeper, or use OrdinalDescending");
        }

        var windows = ReadWindows(spec.Windows, problems);
        var strategy = problems.Word(spec.Update?.ZoneStrategy, ZoneStrategy.OneAtATime, "spec.update.zoneStrategy");
        if (policy.Driver is UpdateDriver.Native && strategy is ZoneStrategy.OneAtATime && spec.Targets.StatefulSets is not { Count: < 2 })
        {
            problems.Invalid("spec.update.driver Native cannot go zone by zone: the first pod of each StatefulSet cannot be held; use zoneStrategy Parallel, a policy for each StatefulSet, or another driver");
        }

        var soak = problems.Duration(spec.Update?.ZoneSoak, TimeSpan.Zero, "spec.update.zoneSoak");
        return new PolicyReading(policy, problems.All) { Windows = windows, ZoneStrategy = strategy, ZoneSoak = soak };
    }

    private static MaintenanceWindows? ReadWindows(WindowsSpec? windows, Problems problems)
    {
        if (windows?.Allow is not { Count: > 0 } allow)
        {
            return null;
        }

        var found = ImmutableArray.CreateBuilder<MaintenanceWindow>();
        foreach (var window in allow)
        {
            var field = $"spec.windows.allow[{found.Count}]";
            if (!TimeOnly.TryParseExact(window.Start, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var start))
            {
                problems.Invalid($"{field}.start is \"{window.Start}\"; write the time of day as 09:00");
            }

            var duration = problems.Duration(window.Duration, TimeSpan.Zero, $"{field}.duration");
            if (duration <= TimeSpan.Zero || duration > MaintenanceWindows.Longest)
            {
                problems.Invalid($"{field}.duration is {window.Duration}; it must be longer than 0s and at most {Durations.Format(MaintenanceWindows.Longest)}");
            }

            found.Add(new MaintenanceWindow([.. (window.Days ?? []).Select(day => DayOf(day, $"{field}.days", problems))], start, duration));
        }

        var zone = windows.TimeZone ?? "Etc/UTC";
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var known))
        {
            problems.Invalid($"spec.windows.timeZone \"{zone}\" is not known where the operator runs; write a name of the IANA database, as Europe/Stockholm, or install the package tzdata there");
        }

        return new MaintenanceWindows(known ?? TimeZoneInfo.Utc, found.ToImmutable());
    }

    private static DayOfWeek DayOf(string day, string field, Problems problems)
    {
        foreach (var known in Enum.GetValues<DayOfWeek>())
        {
            if (known.ToString()[..3] == day)
            {
                return known;
            }
        }

        problems.Unknown(field, day);
        return DayOfWeek.Sunday;
    }

    private static void ReadTargets(TargetsSpec targets, Problems problems)
    {
        var listed = targets.StatefulSets ?? [];
        if ((listed.Count > 0) == (targets.Selector is not null))
        {
            problems.Invalid("spec.targets needs exactly one of statefulSets and selector");
        }

        if (targets.Selector is { MatchLabels: null or { Count: 0 }, MatchExpressions: null or { Count: 0 } })
        {
            problems.Invalid("spec.targets.selector is empty: it would take every StatefulSet of the namespace");
        }

        if (targets.ZoneLabel is not null && targets.Selector is null)
        {
            problems.Invalid("spec.targets.zoneLabel goes with spec.targets.selector; StatefulSets that are listed name their zone themselves");
        }
    }

    private static UpdatePolicy ReadUpdate(UpdateSpec update, Problems problems)
    {
        var defaults = new UpdatePolicy();
        var policy = defaults with
        {
            Driver = problems.Word(update.Driver, defaults.Driver, "spec.update.driver"),
            Order = problems.Word(update.PodOrder, defaults.Order, "spec.update.podOrder"),
            MaxUnavailable = problems.Pods(update.MaxUnavailable, defaults.MaxUnavailable, "spec.update.maxUnavailable"),
            MinReadyDuration = problems.Duration(update.MinReadyDuration, defaults.MinReadyDuration, "spec.update.minReadyDuration"),
            PodDeadline = problems.Duration(update.PodDeadline, defaults.PodDeadline, "spec.update.podDeadline"),
            RolloutDeadline = problems.Duration(update.RolloutDeadline, defaults.RolloutDeadline, "spec.update.rolloutDeadline"),
            OnFailure = problems.Word(update.OnFailure, defaults.OnFailure, "spec.update.onFailure"),
            StuckPods = problems.Word(update.StuckPods, defaults.StuckPods, "spec.update.stuckPods"),
            Removal = problems.Word(update.PodRemoval, defaults.Removal, "spec.update.podRemoval"),
        };
        if (policy.Order is not PodOrderKind.OrdinalDescending && policy.Driver is UpdateDriver.Partition or UpdateDriver.Native)
        {
            problems.Invalid($"spec.update.driver {policy.Driver} takes pods from the highest ordinal down; podOrder {policy.Order} needs driver Auto or OnDelete");
        }

        if (policy.Driver is UpdateDriver.Partition or UpdateDriver.Native && (policy.MaxUnavailable.IsPercent || policy.MaxUnavailable.Number > 1))
        {
            problems.Invalid($"spec.update.driver {policy.Driver} takes one pod at a time; maxUnavailable {policy.MaxUnavailable} needs driver Auto or OnDelete");
        }

        if (policy.PodDeadline <= policy.MinReadyDuration)
        {
            problems.Invalid($"spec.update.podDeadline ({Durations.Format(policy.PodDeadline)}) must be longer than minReadyDuration ({Durations.Format(policy.MinReadyDuration)})");
        }

        return policy with { Steps = ReadSteps(update.Steps ?? [], problems) };
    }

    private static ImmutableArray<RolloutStep> ReadSteps(IReadOnlyList<StepSpec> steps, Problems problems)
    {
        var found = ImmutableArray.CreateBuilder<RolloutStep>();
        if (steps.Count > MostSteps)
        {
            problems.Invalid($"spec.update.steps has {steps.Count} entries; at most {MostSteps} are allowed");
        }

        foreach (var step in steps)
        {
            var field = $"spec.update.steps[{found.Count}]";
            if (step.Pods is null)
            {
                problems.Invalid($"{field}.pods is missing; say how many pods are updated when the step is done, as a number or a percentage");
            }

            var pods = problems.Pods(step.Pods, IntOrPercent.Of(1), $"{field}.pods");
            if (found.Count > 0 && found[^1].Pods is var before && before.IsPercent == pods.IsPercent && pods.Number < before.Number)
            {
                problems.Invalid($"{field}.pods is {pods}, the step before has {before}: steps are cumulative, so a later one needs at least as many pods");
            }

            TimeSpan? duration = step.Pause?.Duration is null ? null : problems.Duration(step.Pause.Duration, TimeSpan.Zero, $"{field}.pause.duration");
            found.Add(new RolloutStep(pods) { Name = step.Name ?? "", Pause = step.Pause is null ? null : new StepPause(duration) });
        }

        return found.ToImmutable();
    }

    private static void RefuseWhatIsNotThereYet(RolloutPolicySpec spec, Problems problems)
    {
        if (spec.Trigger is not null and not ("OnTemplateChange" or "Manual"))
        {
            problems.Unknown("spec.trigger", spec.Trigger);
        }

        if (spec.ConcurrencyPolicy is not null and not ("Queue" or "Replace" or "Forbid"))
        {
            problems.Unknown("spec.concurrencyPolicy", spec.ConcurrencyPolicy);
        }

        if (spec.Replicas is not null || spec.Scale?.Mode is not (null or "Ignore"))
        {
            problems.NotSupported("gated scaling (spec.scale.mode Gate, spec.replicas)", "leave both out and scale the StatefulSet itself");
        }

        if (spec.Notifications is { Count: > 0 })
        {
            problems.NotSupported("spec.notifications", "leave it out, and watch the events of the rollouts");
        }
    }

    private static ImmutableArray<GatePolicy> ReadGates(IReadOnlyList<GateSpec> gates, Problems problems)
    {
        var found = ImmutableArray.CreateBuilder<GatePolicy>();
        foreach (var gate in gates)
        {
            var path = $"spec.gates[{gate.Name}]";
            var defaults = new GatePolicy { Name = gate.Name, Type = gate.Type };
            if (found.Any(other => other.Name == gate.Name))
            {
                problems.Invalid($"{path}: two gates have this name");
            }

            if (gate.Type is "Http" or "Prometheus" or "Grpc" or "Exec")
            {
                foreach (var problem in ProbeGateReader.Problems(gate, path))
                {
                    problems.Invalid(problem);
                }
            }
            else if (gate.Type is "Kafka")
            {
                if (gate.Kafka is null)
                {
                    problems.Invalid($"{path} is of type Kafka but has no kafka part; it needs at least bootstrapServers");
                }

                foreach (var problem in gate.Kafka is null ? [] : KafkaGateReader.Problems(gate.Kafka, path))
                {
                    problems.Invalid(problem);
                }
            }
            else if (gate.Type is "ZooKeeper")
            {
                if (gate.Zookeeper is null)
                {
                    problems.Invalid($"{path} is of type ZooKeeper but has no zookeeper part; an empty one (zookeeper: {{}}) takes the defaults");
                }

                foreach (var problem in gate.Zookeeper is null ? [] : ZooKeeperGateReader.Problems(gate.Zookeeper, path))
                {
                    problems.Invalid(problem);
                }
            }
            else if (gate.Type is not "Etcd")
            {
                problems.Unknown($"{path}.type", gate.Type);
            }
            else if (gate.Etcd is null)
            {
                problems.Invalid($"{path} is of type Etcd but has no etcd part; an empty one (etcd: {{}}) takes the defaults");
            }
            else
            {
                foreach (var problem in EtcdGateReader.Problems(gate.Etcd, gate.RunAt, path))
                {
                    problems.Invalid(problem);
                }

                if (gate.Etcd.ManageMembers is true)
                {
                    problems.NotSupported($"{path}.etcd.manageMembers", "leave it out and change the membership by hand when you scale");
                }
            }

            var phases = GatePhases.None;
            foreach (var phase in gate.RunAt ?? ["BeforePod", "AfterPod"])
            {
                phases |= problems.Word(phase, GatePhases.None, $"{path}.runAt");
            }

            if (phases is GatePhases.None)
            {
                problems.Invalid($"{path}.runAt is empty: the gate would never be asked");
            }

            var threshold = gate.SuccessThreshold ?? defaults.SuccessThreshold;
            if (threshold is < 1 or > 100)
            {
                problems.Invalid($"{path}.successThreshold is {threshold}; it must be 1 to 100");
            }

            var interval = problems.Duration(gate.Interval, defaults.Interval, $"{path}.interval");
            if (interval <= TimeSpan.Zero)
            {
                problems.Invalid($"{path}.interval must be longer than 0s");
            }

            found.Add(defaults with
            {
                RunAt = phases,
                TellsRoles = gate.Type is "Etcd" or "Kafka" or "ZooKeeper",
                Interval = interval,
                Timeout = problems.Duration(gate.Timeout, defaults.Timeout, $"{path}.timeout"),
                SuccessThreshold = threshold,
                OnTimeout = problems.Word(gate.OnTimeout, defaults.OnTimeout, $"{path}.onTimeout"),
            });
        }

        return found.ToImmutable();
    }

    private sealed class Problems
    {
        private readonly ImmutableArray<PolicyProblem>.Builder found = ImmutableArray.CreateBuilder<PolicyProblem>();

        public bool IsEmpty => found.Count == 0;

        public ImmutableArray<PolicyProblem> All => found.ToImmutable();

        public void Invalid(string message) => found.Add(new PolicyProblem(ReasonCodes.InvalidPolicy, message));

        public void Unknown(string field, string value) => Invalid($"{field} is \"{value}\", which this version of the operator does not know");

        public void NotSupported(string what, string remedy) =>
            found.Add(new PolicyProblem(ReasonCodes.NotSupported, $"{what}: not supported by this version of the operator; {remedy}"));

        public TEnum Word<TEnum>(string? word, TEnum otherwise, string field)
            where TEnum : struct, Enum
        {
            if (string.IsNullOrEmpty(word))
            {
                return otherwise;
            }

            if (Words.TryRead<TEnum>(word, out var value))
            {
                return value;
            }

            Unknown(field, word);
            return otherwise;
        }

        public TimeSpan Duration(string? text, TimeSpan otherwise, string field)
        {
            if (text is null)
            {
                return otherwise;
            }

            if (Durations.TryParse(text, out var value))
            {
                return value;
            }

            Invalid($"{field} is \"{text}\"; write a duration as 1h30m, 10s or 500ms");
            return otherwise;
        }

        public IntOrPercent Pods(IntOrString? value, IntOrPercent otherwise, string field)
        {
            if (value is null)
            {
                return otherwise;
            }

            var text = value.ToString();
            if (IntOrPercent.TryParse(text, out var pods))
            {
                return pods;
            }

            Invalid(string.Create(CultureInfo.InvariantCulture, $"{field} is {text}: no pod could ever be updated, or too many; it must be a number of at least 1, or 1% to 100%"));
            return otherwise;
        }
    }
}
