using System.Globalization;
using System.Text.RegularExpressions;

namespace Ordinal.Conformance.Replay;

/// <summary>
/// Compares what a watching <c>kubectl rollout status</c> printed: a line for every change that it happened to see, from the moment on at which
/// it first looked. So lines may be missing, and the first ones may be of an earlier moment than the recorded ones; no other line may be there.
/// </summary>
internal static partial class WatchingWords
{
    /// <summary>What it says until the controller has seen the change.</summary>
    private const string Unobserved = "Waiting for statefulset spec update to be observed...";

    /// <summary>Tells whether both tell of the same rollout.</summary>
    /// <param name="recorded">Lines, the last one empty, at least two.</param>
    /// <param name="actual">Lines as printed now.</param>
    public static bool AreOfOneRollout(string[] recorded, string[] actual)
    {
        actual = [.. actual.SkipWhile(line => line == Unobserved)];
        if (actual.Length < 2 || recorded[^2] != actual[^2])
        {
            return false;
        }

        var counts = actual.Select(Updated).OfType<int>().ToList();
        var first = recorded.Select(Updated).OfType<int>().DefaultIfEmpty(0).Min();
        return counts.SequenceEqual(counts.Order())
            && actual.All(line => recorded.Contains(line) || (Updated(line) < first && recorded.Any(other => WithoutCount(other) == WithoutCount(line))));
    }

    private static int? Updated(string line) => Count().Match(line) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    private static string WithoutCount(string line) => Count().Replace(line, "N out of");

    [GeneratedRegex("([0-9]+) out of")]
    private static partial Regex Count();
}
