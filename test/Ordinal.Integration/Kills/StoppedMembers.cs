using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Kills;

/// <summary>
/// Counts who was down because somebody stopped it: from the moment in which its process is gone to the first linearizable read that is sent to its
/// successor and answered. A member that merely answers late, as on a busy machine, was stopped by nobody; the demo's own proof counts those too.
/// </summary>
internal static class StoppedMembers
{
    /// <summary>Returns the largest number of members that were down at one look, and the looks' number.</summary>
    public static (int Most, int Looks) Judge(Observations seen)
    {
        var stopped = new TimeSpan?[seen.Members.Length];
        var (most, looks) = (0, 0);
        foreach (var look in seen.Looks.OrderBy(look => look.At))
        {
            looks++;
            for (var member = 0; member < stopped.Length; member++)
            {
                if (!look.IsProcessRunning[member])
                {
                    stopped[member] = look.At;
                }
                else if (stopped[member] is { } since && seen.Reads.Any(read => read.Member == member && read.Sent > since && read.Answered <= look.At))
                {
                    stopped[member] = null;
                }
            }

            most = Math.Max(most, stopped.Count(since => since is not null));
        }

        return (most, looks);
    }
}
