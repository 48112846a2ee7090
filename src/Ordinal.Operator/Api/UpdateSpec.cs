using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>How pods are brought to a new revision.</summary>
[ValidationRule("!has(self.podOrder) || self.podOrder == 'OrdinalDescending' || !has(self.driver) || self.driver in ['Auto', 'OnDelete']", "only drivers Auto and OnDelete can take pods in an order other than OrdinalDescending")]
[ValidationRule("!has(self.podDeadline) || !has(self.minReadyDuration) || duration(self.podDeadline) > duration(self.minReadyDuration)", "podDeadline must be longer than minReadyDuration")]
public sealed class UpdateSpec
{
    [EmbeddedEnum("Auto", "Partition", "OnDelete", "Native")]
    [Default("\"Auto\"")]
    [Description("Auto is Partition when podOrder is OrdinalDescending and maxUnavailable is one pod, else OnDelete.")]
    public string? Driver { get; set; }

    [EmbeddedEnum("OrdinalDescending", "OrdinalAscending", "LeaderLast")]
    [Default("\"OrdinalDescending\"")]
    public string? PodOrder { get; set; }

    [Length(0, 4)]
    [Default("1")]
    [ValidationRule("type(self) == int ? self >= 1 : self.matches('^([1-9][0-9]?|100)%$')", "maxUnavailable is a whole number of at least 1, or a percentage")]
    [Description("How many expected pods may be away at once; a percentage rounds down, and is at least 1.")]
    public IntOrString? MaxUnavailable { get; set; }

    [EmbeddedEnum("OneAtATime", "Parallel")]
    [Default("\"OneAtATime\"")]
    [Description("Whether several StatefulSets are rolled one after the other or at once.")]
    public string? ZoneStrategy { get; set; }

    [Duration]
    [Default("\"10s\"")]
    [Description("How long a pod must stay ready before it counts; the greater of this and the StatefulSet's minReadySeconds.")]
    public string? MinReadyDuration { get; set; }

    [Duration]
    [Default("\"0s\"")]
    [Description("How long to wait between two zones.")]
    public string? ZoneSoak { get; set; }

    [Duration]
    [Default("\"15m\"")]
    [Description("How long one pod may take, from its disruption to the end of its AfterPod gates. It stands still while paused.")]
    public string? PodDeadline { get; set; }

    [Duration]
    [Default("\"6h\"")]
    [Description("How long the whole rollout may take; the way back from one that failed may take twice as long. It stands still while paused.")]
    public string? RolloutDeadline { get; set; }

    [EmbeddedEnum("Halt", "RevertPods", "RevertTemplate")]
    [Default("\"Halt\"")]
    [Description("What becomes of the pods when a deadline is missed or a gate times out: nothing more; they go back under the hold; the template goes back.")]
    public string? OnFailure { get; set; }

    [EmbeddedEnum("Keep", "ReplaceStale")]
    [Default("\"ReplaceStale\"")]
    [Description("What may be done about a pod of an old revision that cannot become ready (kubernetes #67250).")]
    public string? StuckPods { get; set; }

    [EmbeddedEnum("Evict", "Delete")]
    [Default("\"Evict\"")]
    [Description("How a pod is taken away: by eviction, which the API server refuses when a PodDisruptionBudget says so, or by plain deletion.")]
    public string? PodRemoval { get; set; }

    [Items(0, 20)]
    [ValidationRule("self.filter(s, type(s.pods) == int).map(s, int(s.pods)).isSorted()", "steps are cumulative: a later step needs at least as many pods")]
    [Description("Stages of a StatefulSet's rollout. Each says how many of its pods are updated when it is done; approvedStep counts from 1.")]
    public IReadOnlyList<StepSpec>? Steps { get; set; }
}

/// <summary>One stage of a rollout.</summary>
public sealed class StepSpec
{
    [Length(1, 63)]
    public string? Name { get; set; }

    [Required]
    [Length(0, 4)]
    [ValidationRule("type(self) == int ? self >= 1 : self.matches('^([1-9][0-9]?|100)%$')", "pods is a whole number of at least 1, or a percentage")]
    [Description("How many pods are updated when the step is done: cumulative, a number or a percentage.")]
    public IntOrString? Pods { get; set; }

    [Description("Wait after the step; without a duration until approvedStep reaches it.")]
    public PauseSpec? Pause { get; set; }
}

/// <summary>A wait after a step.</summary>
public sealed class PauseSpec
{
    [Duration]
    public string? Duration { get; set; }
}

/// <summary>How the size is changed.</summary>
public sealed class ScaleSpec
{
    [EmbeddedEnum("Ignore", "Gate")]
    [Default("\"Ignore\"")]
    [Description("Ignore: spec.replicas of the StatefulSet is others' business. Gate: only the operator changes it, step by step.")]
    public string? Mode { get; set; }

    [RangeMinimum(1)]
    [Default("1")]
    public int? MaxStep { get; set; }

    [Duration]
    public string? MinIntervalBetweenZones { get; set; }

    public BeforeDownscaleSpec? BeforeDownscale { get; set; }
}

/// <summary>What a pod is told before it is scaled away.</summary>
public sealed class BeforeDownscaleSpec
{
    [Required]
    public DownscaleHttpSpec Http { get; set; } = new();

    [Duration]
    [Default("\"5m\"")]
    public string? Timeout { get; set; }
}

/// <summary>A call to the pod that goes.</summary>
public sealed class DownscaleHttpSpec
{
    [EmbeddedEnum("GET", "POST", "PUT")]
    [Default("\"POST\"")]
    public string? Method { get; set; }

    [EmbeddedEnum("http", "https")]
    [Default("\"http\"")]
    public string? Scheme { get; set; }

    [Required]
    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    public int? Port { get; set; }

    [Required]
    [Length(1, 1024)]
    public string Path { get; set; } = "";

    public TlsSpec? Tls { get; set; }

    public HttpCredentialsSpec? Credentials { get; set; }
}
