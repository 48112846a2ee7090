using System.Text.Json.Serialization;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>
/// The request, which is immutable, and the intents of its owner: suspend, approvedStep, cancel and force. An optional member that
/// appears or vanishes skips its own transition rule, so the parent compares <c>has()</c>.
/// </summary>
[ValidationRule("(self.type == 'Scale') == has(self.scale)", "scale is set if, and only if, type is Scale")]
[ValidationRule("(self.type == 'Rollback') == has(self.rollback)", "rollback is set if, and only if, type is Rollback")]
[ValidationRule("self.type == 'Update' || !has(self.update)", "update is only for type Update")]
[ValidationRule("has(self.scale) == has(oldSelf.scale) && has(self.rollback) == has(oldSelf.rollback) && has(self.update) == has(oldSelf.update) && has(self.targets) == has(oldSelf.targets) && has(self.overrides) == has(oldSelf.overrides)", "the request is immutable; only suspend, approvedStep, cancel, force, reason and ttlSecondsAfterFinished may change")]
[ValidationRule("!has(oldSelf.force) || has(self.force)", "force entries cannot be taken back")]
public sealed class StatefulSetRolloutSpec
{
    [Required]
    [ValidationRule("self == oldSelf", "policyRef is immutable")]
    public PolicyRefSpec PolicyRef { get; set; } = new();

    [Required]
    [EmbeddedEnum("Update", "Restart", "Scale", "Rollback")]
    [ValidationRule("self == oldSelf", "type is immutable")]
    public string Type { get; set; } = "";

    [Items(1, 32)]
    [ListType(ListKind.Set)]
    [Length(1, 253, OnItems = true)]
    [ValidationRule("self == oldSelf", "targets is immutable")]
    [Description("Names of the StatefulSets; all of the policy's when absent. They take turns as the policy's zones do, and one that goes wrong stops the others.")]
    public IReadOnlyList<string>? Targets { get; set; }

    [ValidationRule("self == oldSelf", "update is immutable")]
    public UpdateRequestSpec? Update { get; set; }

    [ValidationRule("self == oldSelf", "scale is immutable")]
    public ScaleRequestSpec? Scale { get; set; }

    [ValidationRule("self == oldSelf", "rollback is immutable")]
    public RollbackRequestSpec? Rollback { get; set; }

    [ValidationRule("self == oldSelf", "overrides is immutable")]
    public OverridesSpec? Overrides { get; set; }

    [Items(0, 32)]
    [ListMapKeys("podUID", "reason")]
    [ValidationRule("oldSelf.all(o, self.exists(n, n == o))", "force entries cannot be changed or taken back")]
    [Description("Goes past one reason for one incarnation of a pod, once. It is recorded.")]
    public IReadOnlyList<ForceSpec>? Force { get; set; }

    [Length(0, 1024)]
    [Description("Why, in the words of whoever asked.")]
    public string? Reason { get; set; }

    [Default("false")]
    [Description("The pod in flight finishes, none is started; deadlines stand still.")]
    public bool? Suspend { get; set; }

    [RangeMinimum(0)]
    [RangeMaximum(1000)]
    [Default("0")]
    [ValidationRule("self >= oldSelf", "approvedStep can only go up")]
    [Description("Number of the last step that may be gone past, counted from 1.")]
    public int? ApprovedStep { get; set; }

    [EmbeddedEnum("None", "Halt", "Revert")]
    [Default("\"None\"")]
    [ValidationRule("oldSelf == 'None' || self == oldSelf || (oldSelf == 'Halt' && self == 'Revert')", "a cancel cannot be taken back; create a new rollout")]
    public string? Cancel { get; set; }

    [RangeMinimum(0)]
    [Description("The rollout is deleted this long after it has finished.")]
    public int? TtlSecondsAfterFinished { get; set; }
}

/// <summary>The policy under which the rollout runs, in the same namespace.</summary>
public sealed class PolicyRefSpec
{
    [Required]
    [Length(1, 253)]
    public string Name { get; set; } = "";
}

/// <summary>What to update to. Absent: what is pending.</summary>
public sealed class UpdateRequestSpec
{
    [Items(0, 16)]
    [ListMapKeys("container")]
    public IReadOnlyList<ImageSpec>? Images { get; set; }

    [Items(0, 32)]
    [ListMapKeys("target")]
    [Description("The ControllerRevision, by name, that each StatefulSet must be about to roll to; another one fails the preflight.")]
    public IReadOnlyList<TargetRevisionSpec>? Revisions { get; set; }
}

/// <summary>A container's new image.</summary>
public sealed class ImageSpec
{
    [Required]
    [Length(1, 63)]
    public string Container { get; set; } = "";

    [Required]
    [Length(1, 1024)]
    public string Image { get; set; } = "";
}

/// <summary>A ControllerRevision of one StatefulSet.</summary>
public sealed class TargetRevisionSpec
{
    [Required]
    [Length(1, 253)]
    public string Target { get; set; } = "";

    [Required]
    [Length(1, 253)]
    public string Revision { get; set; } = "";
}

/// <summary>What size to go to.</summary>
public sealed class ScaleRequestSpec
{
    [Required]
    [RangeMinimum(0)]
    public int? Replicas { get; set; }
}

/// <summary>What to go back to.</summary>
public sealed class RollbackRequestSpec
{
    [Items(0, 32)]
    [ListMapKeys("target")]
    [Description("ControllerRevisions by name; the previous one for a StatefulSet that is not listed.")]
    public IReadOnlyList<TargetRevisionSpec>? Revisions { get; set; }
}

/// <summary>What of the policy does not hold for this rollout. Gates cannot be skipped: see force.</summary>
[ValidationRule("!has(self.ignoreWindows) || !self.ignoreWindows || (has(self.justification) && size(self.justification) >= 10)", "ignoring a window needs a justification of at least 10 characters")]
public sealed class OverridesSpec
{
    [Default("false")]
    public bool? IgnoreWindows { get; set; }

    [Length(0, 1024)]
    public string? Justification { get; set; }
}

/// <summary>A bypass for one incarnation of a pod and one reason; it works once, and is recorded.</summary>
public sealed class ForceSpec
{
    [Required]
    [Length(36, 36)]
    [JsonPropertyName("podUID")]
    public string PodUid { get; set; } = "";

    [Required]
    [Length(1, 64)]
    [Description("The hold reason to go past, as the status shows it.")]
    public string Reason { get; set; } = "";

    [Required]
    [Length(10, 1024)]
    public string Justification { get; set; } = "";
}
