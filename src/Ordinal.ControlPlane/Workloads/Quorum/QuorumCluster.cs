using System.Collections.Immutable;
using System.Net;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>
/// A simulated ensemble that agrees by majority, as ZooKeeper and etcd do: one leads and the others follow; when the leader goes, a majority
/// elects the one that has most; who is back takes what it lacks before it counts again; nothing is committed without a majority. Data outlive
/// processes as long as these keep their volumes. Safe for calls from several threads.
/// </summary>
public sealed class QuorumCluster : IEnsemble
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly QuorumOptions options;
    private readonly IQuorumProtocol protocol;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, QuorumMember> members = [];
    private readonly long[] applied;
    private readonly bool[] empty;
    private readonly MemberVolumes volumes = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task living;
    private DateTimeOffset? electAt;
    private TimeSpan alone;
    private int wantedLeader;
    private int leader = -1;
    private long term;
    private long commit;
    private long lost;
    private int elections;

    internal QuorumCluster(QuorumOptions options, IQuorumProtocol protocol, TimeProvider time)
    {
        (this.options, this.protocol, this.time, wantedLeader) = (options, protocol, time, options.FirstLeader);
        (applied, empty) = (new long[options.Size], new bool[options.Size]);
        living = LiveAsync();
    }

    /// <inheritdoc/>
    public int DefaultPort => protocol.DefaultPort;

    /// <summary>Gets called after each step, in the cluster's own time.</summary>
    internal Action? Stepped { get; set; }

    internal QuorumOptions Options => options;

    private int Majority => (options.Size / 2) + 1;

    /// <summary>Makes a simulated ZooKeeper.</summary>
    public static QuorumCluster ZooKeeper(QuorumOptions options, TimeProvider time) => new(options, new ZooKeeperProtocol(), time);

    /// <summary>Makes a simulated etcd.</summary>
    public static QuorumCluster Etcd(QuorumOptions options, TimeProvider time) => new(options, new EtcdProtocol(), time);

    /// <inheritdoc/>
    public IEnsembleMember Start(int ordinal, IPAddress address, int port, string volume = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        if (ordinal >= options.Size)
        {
            throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, $"the ensemble has members 0 to {options.Size - 1}; raise the annotation ensemble-size before it starts");
        }

        lock (gate)
        {
            if (volumes.Takes(ordinal, volume) && commit > 0)
            {
                (applied[ordinal], empty[ordinal]) = (0, true);
            }

            if (empty[ordinal] && protocol.DiesWithoutData is { } why)
            {
                return new QuorumMember(this, ordinal) { Fatal = why };
            }

            var member = new QuorumMember(this, ordinal);
            member.Listeners = protocol.Listen(this, member, address, port);
            members[ordinal] = member;
            return member;
        }
    }

    /// <summary>Returns how it is now.</summary>
    public QuorumLook Look()
    {
        lock (gate)
        {
            return new QuorumLook(leader, [.. members.Values.Where(IsServing).Select(m => m.Ordinal)], commit, lost, elections);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await living;
        QuorumMember[] last;
        lock (gate)
        {
            last = [.. members.Values];
        }

        await Task.WhenAll(last.Select(m => m.EndAsync()));
        stopping.Dispose();
    }

    /// <summary>Returns what a member knows.</summary>
    internal QuorumView View(QuorumMember member)
    {
        lock (gate)
        {
            var knows = member.Phase is not QuorumPhase.Looking;
            return new QuorumView(member.Ordinal, member.Phase, knows ? leader : -1, term, commit, applied[member.Ordinal])
            {
                Followers = InPhase(QuorumPhase.Following),
                Joining = InPhase(QuorumPhase.Synchronizing),
                IsServing = IsServing(member),
            };
        }
    }

    /// <summary>Waits until a member serves.</summary>
    /// <returns>False when it did not within the time.</returns>
    internal async Task<bool> ServesAsync(QuorumMember member, TimeSpan longest, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); !View(member).IsServing; await Task.Delay(Step, time, cancellationToken))
        {
            if (time.GetElapsedTime(start) >= longest)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Commits one write through a member.</summary>
    /// <returns>Its place; 0 when it cannot be committed now.</returns>
    internal long Write(QuorumMember member, Action<long> apply)
    {
        lock (gate)
        {
            if (!IsServing(member))
            {
                return 0;
            }

            Append();
            apply(commit);
            return commit;
        }
    }

    /// <summary>Gives leadership to a member that follows.</summary>
    /// <returns>False when that cannot be.</returns>
    internal bool Transfer(QuorumMember from, int to)
    {
        lock (gate)
        {
            if (leader != from.Ordinal || members.GetValueOrDefault(to) is not { IsPresent: true, Phase: QuorumPhase.Following } next)
            {
                return false;
            }

            from.Phase = QuorumPhase.Following;
            Crown(next);
            return true;
        }
    }

    internal void Leave(QuorumMember member)
    {
        lock (gate)
        {
            if (member.IsHung || member.IsLeaving || members.GetValueOrDefault(member.Ordinal) != member)
            {
                return;
            }

            var led = leader == member.Ordinal;
            var heir = protocol.HandsOver && led ? members.Values.LastOrDefault(m => m is { IsPresent: true, Phase: QuorumPhase.Following }) : null;
            (member.IsLeaving, member.Phase) = (true, QuorumPhase.Looking);
            if (heir is not null)
            {
                Crown(heir);
            }
            else if (led)
            {
                Vacate();
            }
        }
    }

    internal Task End(QuorumMember member)
    {
        lock (gate)
        {
            if (members.GetValueOrDefault(member.Ordinal) == member)
            {
                members.Remove(member.Ordinal);
                if (leader == member.Ordinal)
                {
                    Vacate();
                }
            }

            return member.CloseAsync();
        }
    }

    /// <summary>Runs an action of a member's while nothing else happens.</summary>
    internal void Do(Action<DateTimeOffset> action)
    {
        lock (gate)
        {
            action(time.GetUtcNow());
        }
    }

    private async Task LiveAsync()
    {
        using var timer = new PeriodicTimer(Step, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                lock (gate)
                {
                    Advance(time.GetUtcNow());
                }

                Stepped?.Invoke();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The ensemble ends.
        }
    }

    private void Advance(DateTimeOffset now)
    {
        if (leader >= 0)
        {
            // The others notice that a leader hangs, and a leader that it has lost its followers, after a while.
            alone = members.Values.Count(m => m is { IsPresent: true, Phase: not QuorumPhase.Looking }) >= Majority ? TimeSpan.Zero : alone + Step;
            if (alone > options.Patience || members.GetValueOrDefault(leader) is not { } first || (first.IsHung && now - first.HungSince > options.Patience))
            {
                Vacate();
            }
        }

        if (leader < 0)
        {
            Elect(now);
            return;
        }

        foreach (var member in members.Values.Where(m => m.IsPresent && m.Ordinal != leader))
        {
            Follow(member, now);
        }

        if (members.TryGetValue(leader, out var chief) && IsServing(chief))
        {
            Append();
        }
    }

    private void Follow(QuorumMember member, DateTimeOffset now)
    {
        if (member.Lags || member.Phase is QuorumPhase.Looking || (member.Phase is QuorumPhase.Following && applied[member.Ordinal] < commit))
        {
            (member.Phase, member.SyncedAt) = (QuorumPhase.Synchronizing, now + options.Sync);
        }
        else if (member.Phase is QuorumPhase.Synchronizing && now >= member.SyncedAt)
        {
            (member.Phase, applied[member.Ordinal]) = (QuorumPhase.Following, commit);
        }
    }

    private void Elect(DateTimeOffset now)
    {
        var present = members.Values.Where(m => m.IsPresent).ToList();
        if (present.Count < Majority)
        {
            electAt = null;
            return;
        }

        electAt ??= now + options.Election;
        if (now < electAt || (wantedLeader >= 0 && present.Count < options.Size))
        {
            return;
        }

        // Whoever has most; of those with the same, the one that is wanted first, else the highest.
        var next = present.OrderByDescending(m => applied[m.Ordinal]).ThenByDescending(m => m.Ordinal == wantedLeader).ThenByDescending(m => m.Ordinal).First();
        (wantedLeader, electAt) = (-1, null);
        elections++;
        lost += Math.Max(0, commit - applied[next.Ordinal]);
        commit = applied[next.Ordinal];
        foreach (var member in present)
        {
            member.Phase = applied[member.Ordinal] == commit && !member.Lags ? QuorumPhase.Following : QuorumPhase.Looking;
        }

        Crown(next);
    }

    private void Crown(QuorumMember next)
    {
        next.Phase = QuorumPhase.Leading;
        (leader, alone) = (next.Ordinal, TimeSpan.Zero);
        term++;
    }

    private void Vacate()
    {
        (leader, electAt, alone) = (-1, null, TimeSpan.Zero);
        foreach (var member in members.Values)
        {
            member.Phase = QuorumPhase.Looking;
        }
    }

    private void Append()
    {
        commit++;
        foreach (var member in members.Values.Where(m => m is { IsPresent: true, Phase: QuorumPhase.Following or QuorumPhase.Leading }))
        {
            applied[member.Ordinal] = commit;
        }
    }

    private bool IsServing(QuorumMember member) => member is { IsPresent: true, Phase: QuorumPhase.Following or QuorumPhase.Leading }
        && members.GetValueOrDefault(leader) is { IsPresent: true }
        && members.Values.Count(m => m is { IsPresent: true, Phase: QuorumPhase.Following or QuorumPhase.Leading }) >= Majority;

    private ImmutableArray<int> InPhase(QuorumPhase phase) => [.. members.Values.Where(m => m.IsPresent && m.Phase == phase).Select(m => m.Ordinal)];
}
