using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// The fault in the middle: one member's process is stopped (SIGSTOP), so that it still takes connections and looks ready, and
/// answers nothing. It happens while the second pod, back and ready, is given its time to settle: the first one, updated and done
/// with, is the one that hangs. The next to go would be the leader, and only a gate that asks the members knows that it must not.
/// The hang counts as a member down, so it is not made unless every pod is there and ready.
/// </summary>
internal sealed class Hang(IndependentObserver observer, int replicas, bool isWanted)
{
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);
    private SeenProcess? _stopped;
    private string _messageBefore = "";

    /// <summary>Gets what was done so far; null before.</summary>
    public HangRecord? Record { get; private set; }

    /// <summary>Looks at a picture and does what is due.</summary>
    /// <returns>A line to print; null for none.</returns>
    public string? See(ClusterPicture picture, TimeSpan changed)
    {
        var now = observer.Now;
        if (Record is null)
        {
            return isWanted ? TryStop(picture, changed, now) : null;
        }

        if (_stopped is null)
        {
            return null;
        }

        var name = observer.Record().Members[Record.Member];
        var (reason, _, message) = RolloutWords.Waiting(picture);
        if (Record.NamedBy is null && message.Contains(name, StringComparison.Ordinal) && message != _messageBefore)
        {
            Record = Record with { NamedBy = $"{reason}: {message}", NamedAt = now };
            return $"the rollout holds, and says why: {reason}: {message}";
        }

        var isOver = Record.NamedAt is { } named ? now - named >= HeldFor : now - Record.Stopped >= Patience;
        return isOver || RolloutWords.IsFinished(picture) ? $"{Continue()} goes on (SIGCONT)" : null;
    }

    /// <summary>Lets the member go on, if it is stopped. Always called before the end.</summary>
    /// <returns>The member's name; empty when none was stopped.</returns>
    public string Continue()
    {
        if (_stopped is not { } process || Record is null)
        {
            return "";
        }

        Send(process, SigContinue);
        _stopped = null;
        Record = Record with { Continued = observer.Now };
        return observer.Record().Members[Record.Member];
    }

    private static void Send(SeenProcess process, int signal) =>
        // Pinned by its start time: the id may have passed to a stranger.
        Signals.Send(new ProcessFacts(process.Pid, 'R', process.Pid, process.StartTicks), signal);

    private string? TryStop(ClusterPicture picture, TimeSpan changed, TimeSpan now)
    {
        var target = RolloutWords.UpdateRevision(picture);
        var updated = picture.Pods.Count(p => RolloutWords.RevisionOf(p) == target && RolloutWords.IsReady(p));
        if (updated < 2 || updated >= replicas || !RolloutWords.IsWhole(picture, replicas))
        {
            return null;
        }

        var seen = observer.Record();
        // Ready by TCP is less than back: with a member that does not take part yet, this hang would be the second one down.
        if (Enumerable.Range(0, replicas).Any(m => !seen.Reads.Any(r => r.Member == m && r.Answered >= now - Fresh)))
        {
            return null;
        }

        var first = seen.Processes.Where(p => p.Gone >= changed).OrderBy(p => p.Gone).FirstOrDefault();
        if (first is null || observer.ProcessOf(first.Member) is not { } process)
        {
            return null;
        }

        _messageBefore = RolloutWords.Waiting(picture).Message;
        Send(process, SigStop);
        _stopped = process;
        Record = new HangRecord(first.Member, now, now, null, null);
        return $"{seen.Members[first.Member]} hangs now (SIGSTOP): it takes connections, looks ready, and answers nothing";
    }
}
