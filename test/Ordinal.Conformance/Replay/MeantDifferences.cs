using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Ordinal.Conformance.Replay;

/// <summary>A difference between a recording and a replay that is meant.</summary>
/// <param name="Scenario">The recording; <c>*</c> for all.</param>
/// <param name="Line">Matches the lines that differ.</param>
/// <param name="Reason">Why it is meant.</param>
internal sealed record MeantDifference(string Scenario, string Line, string Reason);

/// <summary>All of them.</summary>
internal static class MeantDifferences
{
    public static ImmutableArray<MeantDifference> All { get; } =
    [
        new("*", "Event Normal SuccessfulDelete .*\\.count = ",
            "A controller whose watch of pods is behind its watch of sets deletes a terminating pod again, and says so: chance, on a real one too"),
        new("field-ownership", "managed fields: answer\\.status\\.observedGeneration = ",
            "Read a few milliseconds after a write: whether the controller has observed it by then is chance, on a real one too"),
        new("eviction", "at once again: answer\\.details\\.causes\\[0\\]\\.message = ",
            "Asked 9 ms after an eviction: whether the budget's controller has counted it by then is chance; that it is refused is not"),
        new("eviction", "pdb status: answer\\.metadata\\.managedFields.*f:lastTransitionTime = ",
            "The time changes hands when the budget's controller writes in another second than the eviction did: chance"),
        new("cascade", "counters",
            "While its pods are let go one by one a set that is being deleted may be looked at once more: chance, on a real one too"),
        new("claims", "PersistentVolumeClaim .*\\.status\\.",
            "The recorded cluster had no storage class, so its claims stayed Pending; ours binds them"),
    ];

    /// <summary>Tells whether a line differs and is meant to.</summary>
    public static bool Covers(string scenario, string line) =>
        All.Any(each => (each.Scenario is "*" || each.Scenario == scenario) && Regex.IsMatch(line, each.Line));
}
