using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>Judges who led when, from what the members said. Of contradicting claims the one with the higher term is right.</summary>
public static class Leadership
{
    /// <summary>Returns the reigns in order; two neighbours have different leaders, so changes are one less than reigns.</summary>
    public static ImmutableArray<Reign> Judge(IEnumerable<LeaderClaim> claims)
    {
        var reigns = ImmutableArray.CreateBuilder<Reign>();
        ulong term = 0;
        foreach (var claim in claims.OrderBy(c => c.At).ThenBy(c => c.Term))
        {
            // A member that was stopped, or is behind, goes on naming the leader of an older term.
            if (claim.Leader < 0 || claim.Term < term)
            {
                continue;
            }

            term = claim.Term;
            if (reigns.Count == 0 || reigns[^1].Leader != claim.Leader)
            {
                reigns.Add(new Reign(claim.Leader, claim.At));
            }
        }

        return reigns.ToImmutable();
    }

    /// <summary>Counts the elections since a moment: new terms in which somebody led, also when it was the same member as before.</summary>
    public static int Elections(IEnumerable<LeaderClaim> claims, TimeSpan since)
    {
        var led = claims.Where(c => c.Leader >= 0).ToArray();
        ulong before = led.Where(c => c.At < since).Select(c => c.Term).DefaultIfEmpty().Max();
        return led.Where(c => c.At >= since && c.Term > before).Select(c => c.Term).Distinct().Count();
    }

    /// <summary>Returns who led at a moment; -1 before the first reign.</summary>
    public static int At(ImmutableArray<Reign> reigns, TimeSpan moment) =>
        reigns.LastOrDefault(r => r.From <= moment, new Reign(-1, TimeSpan.Zero)).Leader;
}
