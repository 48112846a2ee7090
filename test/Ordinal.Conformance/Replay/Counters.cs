using System.Globalization;

namespace Ordinal.Conformance.Replay;

/// <summary>Compares the states that a status went through.</summary>
internal static class Counters
{
    /// <summary>
    /// Tells whether two runs may be the same with some states merged into the next: both end alike, and each counter by itself goes up
    /// and down in the same way, less what one of the runs was too quick to write.
    /// </summary>
    public static bool AreMerged(IReadOnlyList<string> recorded, IReadOnlyList<string> seen)
    {
        if (recorded.Count == 0 || seen.Count == 0)
        {
            return recorded.Count == seen.Count;
        }

        if (recorded[^1] != seen[^1])
        {
            return false;
        }

        var (left, right) = (recorded.Select(Words).ToList(), seen.Select(Words).ToList());
        for (var field = 0; field < left[0].Length; field++)
        {
            var (a, b) = (Distinct(left, field), Distinct(right, field));
            if (!IsSubsequence(a, b) && !IsSubsequence(b, a))
            {
                return false;
            }
        }

        return true;

        static string[] Words(string state) => state.Split(' ');
    }

    private static List<string> Distinct(List<string[]> states, int field)
    {
        List<string> values = [];
        foreach (var state in states)
        {
            // From 0 to 3 in one write is 0, 1, 2, 3 with the middle merged.
            if (values.Count > 0 && int.TryParse(values[^1], out var from) && int.TryParse(state[field], out var to))
            {
                for (; from != to; values.Add(from.ToString(CultureInfo.InvariantCulture)))
                {
                    from += Math.Sign(to - from);
                }
            }
            else if (values.Count == 0 || values[^1] != state[field])
            {
                values.Add(state[field]);
            }
        }

        return values;
    }

    private static bool IsSubsequence(List<string> shorter, List<string> longer)
    {
        var next = 0;
        foreach (var value in longer)
        {
            if (next < shorter.Count && shorter[next] == value)
            {
                next++;
            }
        }

        return next == shorter.Count;
    }
}
