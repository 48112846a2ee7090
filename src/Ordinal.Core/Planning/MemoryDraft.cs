using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Core.Planning;

/// <summary>
/// A <see cref="RolloutMemory"/> while a pass works on it: a value, so that <c>with</c> costs no object. The lists are apart: pods in flight and passed
/// pods change several times a pass, see <see cref="Pass"/>.
/// </summary>
internal record struct MemoryDraft
{
    public MemoryDraft(RolloutMemory memory)
    {
        (Version, State, StartedAt, StateSince) = (memory.Version, memory.State, memory.StartedAt, memory.StateSince);
        (SetUid, FromRevision, TargetRevision, Driver, RestType) = (memory.SetUid, memory.FromRevision, memory.TargetRevision, memory.Driver, memory.RestType);
        (LastWrite, Ending, Revert, AfterRolloutPassed) = (memory.LastWrite, memory.Ending, memory.Revert, memory.AfterRolloutPassed);
        (Generation, ForeignReleases, Steps) = (memory.Generation, memory.ForeignReleases, memory.Steps);
        (PausedFor, PausedSince, BudgetSettlingUntil) = (memory.PausedFor, memory.PausedSince, memory.BudgetSettlingUntil);
    }

    public int Version { get; init; }

    public RolloutState State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StateSince { get; init; }

    public string SetUid { get; init; }

    public string FromRevision { get; init; }

    public string TargetRevision { get; init; }

    public UpdateDriver Driver { get; init; }

    public UpdateStrategyType RestType { get; init; }

    public StrategyWrite? LastWrite { get; init; }

    public RolloutEnding? Ending { get; init; }

    public RolloutRevert? Revert { get; init; }

    public bool AfterRolloutPassed { get; init; }

    public long Generation { get; init; }

    public int ForeignReleases { get; init; }

    public StepProgress Steps { get; init; }

    public TimeSpan PausedFor { get; init; }

    public DateTimeOffset? PausedSince { get; init; }

    public DateTimeOffset? BudgetSettlingUntil { get; init; }

    /// <summary>Makes the memory of the decision.</summary>
    public readonly RolloutMemory ToMemory(ImmutableArray<InFlightPod> inFlight, ImmutableArray<PassedPod> passed, ImmutableArray<string> usedForce) => new()
    {
        Version = Version,
        State = State,
        StartedAt = StartedAt,
        StateSince = StateSince,
        SetUid = SetUid,
        FromRevision = FromRevision,
        TargetRevision = TargetRevision,
        Driver = Driver,
        RestType = RestType,
        LastWrite = LastWrite,
        Ending = Ending,
        Revert = Revert,
        AfterRolloutPassed = AfterRolloutPassed,
        Generation = Generation,
        ForeignReleases = ForeignReleases,
        InFlight = inFlight,
        Passed = passed,
        UsedForce = usedForce,
        Steps = Steps,
        PausedFor = PausedFor,
        PausedSince = PausedSince,
        BudgetSettlingUntil = BudgetSettlingUntil,
    };
}
