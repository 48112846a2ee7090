using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>
/// What the user asks for. Closed sets are strings, not enums: a value that a newer schema allows must not make a whole list unreadable
/// to an older operator. <see cref="Reconciling.PolicyReader"/> turns them into enums and says so when it does not know one.
/// </summary>
[ValidationRule("!has(self.replicas) || (has(self.scale) && self.scale.mode == 'Gate')", "spec.replicas needs spec.scale.mode=Gate, otherwise two writers would own .spec.replicas")]
[ValidationRule("!has(self.replicas) || (has(self.targets.statefulSets) && size(self.targets.statefulSets) == 1)", "spec.replicas needs exactly one StatefulSet listed in spec.targets.statefulSets")]
public sealed class RolloutPolicySpec
{
    [Required]
    [Description("Which StatefulSets, of the policy's own namespace.")]
    public TargetsSpec Targets { get; set; } = new();

    [Default("false")]
    [Description("No new rollout is started while true, and running ones pause; the hold stays.")]
    public bool? Suspend { get; set; }

    [EmbeddedEnum("OnTemplateChange", "Manual")]
    [Default("\"OnTemplateChange\"")]
    [Description("Whether a changed template starts a rollout by itself.")]
    public string? Trigger { get; set; }

    [EmbeddedEnum("Queue", "Replace", "Forbid")]
    [Default("\"Replace\"")]
    [Description("What happens to a rollout when a newer one of the same StatefulSet is asked for.")]
    public string? ConcurrencyPolicy { get; set; }

    [RangeMinimum(0)]
    [Description("The wanted size, where scaling is gated; seeded from the StatefulSet. An autoscaler writes it through the scale subresource.")]
    public int? Replicas { get; set; }

    [Default("false")]
    [Description("Give the original update strategy back when the policy is deleted, even while a change waits: the built-in controller then rolls it ungated.")]
    public bool? Release { get; set; }

    [Default("{}")]
    [Description("How pods are brought to a new revision.")]
    public UpdateSpec? Update { get; set; }

    [Description("How the size is changed.")]
    public ScaleSpec? Scale { get; set; }

    [Items(0, 16)]
    [ListMapKeys("name")]
    [Description("What must be true of the workload before and after each step. All must pass; a gate that cannot tell does not pass.")]
    public IReadOnlyList<GateSpec>? Gates { get; set; }

    [Description("When pods may be disrupted.")]
    public WindowsSpec? Windows { get; set; }

    [Items(0, 8)]
    [Description("Who is told.")]
    public IReadOnlyList<NotificationSpec>? Notifications { get; set; }

    [Description("How many finished rollouts are kept.")]
    public HistorySpec? History { get; set; }
}

/// <summary>Which StatefulSets.</summary>
[ValidationRule("has(self.statefulSets) != has(self.selector)", "set exactly one of statefulSets or selector")]
[ValidationRule("!has(self.zoneLabel) || has(self.selector)", "zoneLabel goes with selector; list entries name their zone themselves")]
public sealed class TargetsSpec
{
    [Items(1, 32)]
    [ListMapKeys("name")]
    public IReadOnlyList<TargetSpec>? StatefulSets { get; set; }

    [AtomicMap]
    public SelectorSpec? Selector { get; set; }

    [Length(1, 316)]
    [Description("Label of the StatefulSet that names its zone.")]
    public string? ZoneLabel { get; set; }
}

/// <summary>One StatefulSet by name.</summary>
public sealed class TargetSpec
{
    [Required]
    [Length(1, 253)]
    public string Name { get; set; } = "";

    [Length(1, 63)]
    public string? Zone { get; set; }
}

/// <summary>A label selector, with the semantics of Kubernetes.</summary>
[ValidationRule("has(self.matchLabels) || has(self.matchExpressions)", "an empty selector would take every StatefulSet of the namespace")]
public sealed class SelectorSpec
{
    [Items(1, 16)]
    [Length(0, 63, OnItems = true)]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; set; }

    [Items(1, 16)]
    public IReadOnlyList<SelectorRequirementSpec>? MatchExpressions { get; set; }
}

/// <summary>One requirement of a label selector.</summary>
[ValidationRule("(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)", "In and NotIn need values, Exists and DoesNotExist take none")]
public sealed class SelectorRequirementSpec
{
    [Required]
    [Length(1, 316)]
    public string Key { get; set; } = "";

    [Required]
    [EmbeddedEnum("In", "NotIn", "Exists", "DoesNotExist")]
    public string Operator { get; set; } = "";

    [Items(0, 32)]
    [Length(0, 63, OnItems = true)]
    public IReadOnlyList<string>? Values { get; set; }
}

/// <summary>When pods may be disrupted.</summary>
public sealed class WindowsSpec
{
    [Length(1, 64)]
    [Default("\"Etc/UTC\"")]
    public string? TimeZone { get; set; }

    [Items(0, 16)]
    public IReadOnlyList<WindowSpec>? Allow { get; set; }
}

/// <summary>One window.</summary>
public sealed class WindowSpec
{
    [Items(0, 7)]
    [ListType(ListKind.Set)]
    [EmbeddedEnum("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", OnItems = true)]
    public IReadOnlyList<string>? Days { get; set; }

    [Required]
    [Length(5, 5)]
    [Pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    public string Start { get; set; } = "";

    [Required]
    [Duration]
    public string Duration { get; set; } = "";
}

/// <summary>One receiver of notifications.</summary>
public sealed class NotificationSpec
{
    [Items(0, 16)]
    [Length(1, 64, OnItems = true)]
    [Description("Which; all when absent. Not named \"on\": YAML 1.1 reads that as true.")]
    public IReadOnlyList<string>? Events { get; set; }

    [Required]
    [Length(1, 253)]
    public string WebhookSecretName { get; set; } = "";

    [EmbeddedEnum("CloudEvents", "Slack", "Teams", "Raw")]
    [Default("\"CloudEvents\"")]
    public string? Format { get; set; }
}

/// <summary>How many finished rollouts are kept.</summary>
public sealed class HistorySpec
{
    [RangeMinimum(0)]
    [RangeMaximum(1000)]
    [Default("5")]
    public int? Successful { get; set; }

    [RangeMinimum(0)]
    [RangeMaximum(1000)]
    [Default("10")]
    public int? Failed { get; set; }
}
