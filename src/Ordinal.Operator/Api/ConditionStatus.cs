using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>One condition, with the meaning of <c>metav1.Condition</c>.</summary>
public sealed record ConditionStatus
{
    [Required]
    [Length(1, 316)]
    public string Type { get; init; } = "";

    [Required]
    [EmbeddedEnum("True", "False", "Unknown")]
    public string Status { get; init; } = "Unknown";

    [Required]
    [Length(1, 1024)]
    [Pattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    public string Reason { get; init; } = "";

    [Required]
    [Length(0, 32768)]
    public string Message { get; init; } = "";

    [RangeMinimum(0)]
    public long? ObservedGeneration { get; init; }

    /// <summary>Gets when <see cref="Status"/> last changed; not when reason or message did.</summary>
    [Required]
    public DateTimeOffset LastTransitionTime { get; init; }
}
