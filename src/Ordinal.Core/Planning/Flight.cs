using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Core.Planning;

/// <summary>
/// An <see cref="InFlightPod"/> while a pass works on it: its stage may move and it may be dropped in the same pass, and only what is left at the end
/// becomes an object.
/// </summary>
internal record struct Flight
{
    private readonly InFlightPod? _kept;

    public Flight()
    {
    }

    /// <summary>One that is remembered.</summary>
    public Flight(InFlightPod kept)
    {
        _kept = kept;
        (Pod, Ordinal, Uid, ResourceVersion, Action, Stage) = (kept.Pod, kept.Ordinal, kept.Uid, kept.ResourceVersion, kept.Action, kept.Stage);
        (Since, StageSince, Generation, PausedBefore, Baselines) = (kept.Since, kept.StageSince, kept.Generation, kept.PausedBefore, kept.Baselines);
    }

    public string Pod { get; init; } = "";

    public long Ordinal { get; init; }

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public InFlightAction Action { get; init; }

    public PodStage Stage { get; init; }

    public DateTimeOffset Since { get; init; }

    public DateTimeOffset StageSince { get; init; }

    public long Generation { get; init; }

    public TimeSpan PausedBefore { get; init; }

    public ImmutableArray<GateBaseline> Baselines { get; init; } = [];

    /// <summary>Gets a value indicating whether it is as it was remembered.</summary>
    public readonly bool IsKept => _kept is not null && this == new Flight(_kept);

    /// <summary>Makes the object to remember: the one that is remembered already, where nothing changed.</summary>
    public readonly InFlightPod ToPod() => IsKept ? _kept! : new()
    {
        Pod = Pod,
        Ordinal = Ordinal,
        Uid = Uid,
        ResourceVersion = ResourceVersion,
        Action = Action,
        Stage = Stage,
        Since = Since,
        StageSince = StageSince,
        Generation = Generation,
        PausedBefore = PausedBefore,
        Baselines = Baselines,
    };
}
