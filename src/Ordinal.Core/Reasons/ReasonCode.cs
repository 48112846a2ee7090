namespace Ordinal.Core.Reasons;

/// <summary>Where a reason may show up.</summary>
public enum ReasonArea
{
    /// <summary>Condition reasons of a RolloutPolicy.</summary>
    Policy,

    /// <summary>Condition reasons of a StatefulSetRollout.</summary>
    Rollout,

    /// <summary>Why a pod or a rollout waits.</summary>
    Hold,

    /// <summary>A gate's reason.</summary>
    Gate,

    /// <summary>An event that is not a hold.</summary>
    Notice,
}

/// <summary>
/// One code of the one registry (<see cref="ReasonCodes"/>) that feeds conditions, events, metrics, <c>explain</c> and the runbook.
/// Compared by reference: there is one instance a code.
/// </summary>
public sealed class ReasonCode
{
    internal ReasonCode(string code, ReasonArea area, bool needsHuman, string meaning, string remedy)
    {
        Code = code;
        Area = area;
        NeedsHuman = needsHuman;
        Meaning = meaning;
        Remedy = remedy;
    }

    /// <summary>Gets the CamelCase code, as a condition's reason.</summary>
    public string Code { get; }

    public ReasonArea Area { get; }

    /// <summary>Gets a value indicating whether nothing will happen without a human: then the object is Stalled.</summary>
    public bool NeedsHuman { get; }

    /// <summary>Gets what it means, one sentence for the runbook.</summary>
    public string Meaning { get; }

    /// <summary>Gets what to do about it, one sentence for the runbook.</summary>
    public string Remedy { get; }

    /// <inheritdoc/>
    public override string ToString() => Code;
}
