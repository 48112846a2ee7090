using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>
/// A simulated Kafka cluster whose brokers come and go with their pods. It moves an <see cref="KafkaEnsemble"/> on as time goes by: controllers
/// elect, brokers register, those that are silent are fenced, those that are back catch up partition by partition, and producers write to every
/// partition all the time. Safe for calls from several threads.
/// </summary>
public sealed class KafkaCluster : IEnsemble
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(2);

    private readonly KafkaClusterOptions options;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, KafkaMember> members = [];
    private readonly Dictionary<int, DateTimeOffset> diedAt = [];
    private readonly HashSet<int> killed = [];
    private readonly Dictionary<int, DateTimeOffset> lagging = [];
    private readonly KafkaTraffic traffic = new();
    private readonly MemberVolumes volumes = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task living;
    private DateTimeOffset? electAt;
    private TimeSpan withoutMajority;
    private int wantedController;

    /// <summary>Makes a cluster without a running broker: everything on disks is in sync and empty.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="time">The clock of all that takes time.</param>
    public KafkaCluster(KafkaClusterOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        (this.options, this.time, wantedController) = (options, time, options.FirstController);
        Ensemble = KafkaEnsemble.Of(options.Brokers);
        Ensemble.Controller = -1;
        foreach (var node in Ensemble.Nodes.Values)
        {
            (node.IsFenced, node.CaughtUpAgo) = (true, null);
        }

        foreach (var topic in options.Topics)
        {
            Ensemble.AddTopic(topic.Name, topic.Partitions, topic.Replicas, topic.MinIsr);
        }

        living = LiveAsync();
    }

    /// <summary>Gets called with the truth after each step and each change; in the cluster's own time, so be quick.</summary>
    public Action<KafkaLook>? Looked { get; set; }

    /// <inheritdoc/>
    public int DefaultPort => 9092;

    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Gets what the brokers agree on.</summary>
    public KafkaEnsemble Ensemble { get; }

    /// <inheritdoc/>
    public IEnsembleMember Start(int ordinal, IPAddress address, int port, string volume = "")
    {
        if (!Ensemble.Nodes.ContainsKey(ordinal))
        {
            throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, $"the cluster has brokers 0 to {options.Brokers - 1}; raise the annotation ensemble-size before it starts");
        }

        lock (gate)
        {
            // The controller knows the new process by its new registration, and what the old one had in sync counts no more.
            Fence(ordinal);
            if (volumes.Takes(ordinal, volume))
            {
                // Its logs are gone. Who was in sync by the controller's books still may lead, and then what only it had is gone too (KIP-966 tells why).
                traffic.Forget(ordinal);
                killed.Remove(ordinal);
                Ensemble.Change(e => (e.Nodes[ordinal].LogEndOffset, e.Nodes[ordinal].CaughtUpAgo) = (0, null));
            }

            var member = new KafkaMember(this, ordinal, address, port, killed.Remove(ordinal) ? time.GetUtcNow() + options.Recovery : DateTimeOffset.MinValue);
            members[ordinal] = member;
            if (!member.IsRecovering(time.GetUtcNow()))
            {
                member.Listen(Ensemble, time);
            }

            return member;
        }
    }

    /// <summary>Returns how it is now.</summary>
    public KafkaLook Look()
    {
        lock (gate)
        {
            return LookNow();
        }
    }

    /// <summary>From now on a broker does not keep up, or does again.</summary>
    public void Lag(int broker, bool lags)
    {
        lock (gate)
        {
            if (!lags)
            {
                lagging.Remove(broker);
            }
            else
            {
                lagging.TryAdd(broker, time.GetUtcNow());
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await living;
        KafkaMember[] last;
        lock (gate)
        {
            last = [.. members.Values];
        }

        await Task.WhenAll(last.Select(m => m.EndAsync()));
        stopping.Dispose();
    }

    internal static int Needed(EnsembleTopic topic, EnsemblePartition partition) => Math.Min(
        int.TryParse(topic.Configs.GetValueOrDefault("min.insync.replicas"), NumberStyles.None, CultureInfo.InvariantCulture, out var minimum) ? minimum : 1,
        partition.Replicas.Count);

    /// <summary>A controlled shutdown: others lead, and nobody counts on it any more.</summary>
    internal void Leave(KafkaMember member)
    {
        lock (gate)
        {
            if (member.IsHung || member.IsLeaving || !IsCurrent(member))
            {
                return;
            }

            member.IsLeaving = true;
            StepDown(member.Id, () => Ensemble.Leave(member.Id));
            Tell();
        }
    }

    internal Task End(KafkaMember member)
    {
        lock (gate)
        {
            if (IsCurrent(member))
            {
                members.Remove(member.Id);
                if (!member.IsLeaving)
                {
                    // Nobody was told: it stays listed, and in sync, until its session is over.
                    killed.Add(member.Id);
                    diedAt[member.Id] = time.GetUtcNow();
                    StepDown(member.Id, () => Ensemble.Die(member.Id));
                }

                Tell();
            }

            return member.CloseAsync();
        }
    }

    /// <summary>Runs an action of a member's while nothing else happens.</summary>
    internal void Do(Action action)
    {
        lock (gate)
        {
            action();
            Tell();
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
                    Tell();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The cluster ends.
        }
    }

    private void Advance(DateTimeOffset now)
    {
        foreach (var member in members.Values.Where(m => !m.IsListening && !m.IsLeaving && !m.IsRecovering(now)).ToList())
        {
            member.Listen(Ensemble, time);
        }

        foreach (var id in diedAt.Where(d => now - d.Value >= options.SessionTimeout).Select(d => d.Key).ToList())
        {
            Fence(id);
        }

        foreach (var member in members.Values.Where(m => m.HungSince is { } since && now - since >= options.SessionTimeout && !Ensemble.Nodes[m.Id].IsFenced).ToList())
        {
            Ensemble.Fence(member.Id);
        }

        Ensemble.Change(_ => Elect(now));
        foreach (var id in members.Keys.Where(id => Serves(id) && Ensemble.Nodes[id].IsFenced && Ensemble.Controller >= 0).ToList())
        {
            Ensemble.Register(id);
        }

        Ensemble.Change(_ => Replicate(now));
        traffic.Write(Ensemble, Serves);
    }

    private void Elect(DateTimeOffset now)
    {
        var voters = Ensemble.Nodes.Values.Where(n => n.IsVoter).ToList();
        var present = voters.Where(v => Serves(v.Id)).Select(v => v.Id).ToList();
        if (Ensemble.Controller >= 0 && !present.Contains(Ensemble.Controller) && members.GetValueOrDefault(Ensemble.Controller) is not { IsHung: true })
        {
            Vacate();
        }

        foreach (var voter in voters)
        {
            voter.CaughtUpAgo = present.Contains(voter.Id) ? TimeSpan.Zero : voter.CaughtUpAgo is { } ago ? ago + Step : null;
        }

        // Followers give a leader that hangs as long as a fetch may take, and so does a leader that hears from no majority before it resigns.
        withoutMajority = present.Count > voters.Count / 2 ? TimeSpan.Zero : withoutMajority + Step;
        if (Ensemble.Controller >= 0 && (withoutMajority > FetchTimeout || voters.Find(v => v.Id == Ensemble.Controller)!.CaughtUpAgo > FetchTimeout))
        {
            Vacate();
        }

        if (Ensemble.Controller >= 0 || present.Count <= voters.Count / 2)
        {
            return;
        }

        // At the very first start the one that is wanted is waited for.
        if (electAt is null)
        {
            electAt = now + options.Election;
        }
        else if (now >= electAt && (wantedController < 0 || present.Contains(wantedController) || present.Count == voters.Count))
        {
            var next = present.Contains(wantedController) ? wantedController : present[0];
            Ensemble.Change(e => (e.Controller, e.ControllerEpoch) = (next, e.ControllerEpoch + 1));
            (electAt, wantedController) = (null, -1);
        }
    }

    private void Replicate(DateTimeOffset now)
    {
        foreach (var member in members.Values.Where(m => Serves(m.Id) && !Ensemble.Nodes[m.Id].IsFenced))
        {
            var copies = Ensemble.Topics.Values.SelectMany(t => t.Partitions).Where(p => p.Replicas.Contains(member.Id)).ToList();
            if ((member.LagsSince ?? (lagging.TryGetValue(member.Id, out var begin) ? begin : null)) is { } since)
            {
                if (now - since >= options.LagTime)
                {
                    copies.FindAll(p => p.Leader != member.Id).ForEach(p => p.Isr.Remove(member.Id));
                }

                continue;
            }

            // It fetches from leaders that are there, one partition after the other.
            var behind = copies.FindAll(p => !p.Isr.Contains(member.Id) && p.Leader >= 0 && Serves(p.Leader));
            member.Credit = behind.Count == 0 ? TimeSpan.Zero : member.Credit + Step;
            foreach (var partition in behind.TakeWhile(_ => member.Credit >= options.CatchUp))
            {
                member.Credit -= options.CatchUp;
                partition.Isr.Add(member.Id);
            }
        }
    }

    private void StepDown(int id, Action leave)
    {
        var led = Ensemble.Controller == id;
        leave();
        if (led)
        {
            Vacate();
        }
    }

    private void Vacate()
    {
        Ensemble.Change(e => e.Controller = -1);
        electAt = null;
    }

    private void Fence(int id)
    {
        if (diedAt.Remove(id))
        {
            Ensemble.Fence(id);
        }
    }

    private bool IsCurrent(KafkaMember member) => members.GetValueOrDefault(member.Id) == member;

    private bool Serves(int id) => members.GetValueOrDefault(id) is { IsListening: true, IsHung: false, IsLeaving: false };

    private void Tell() => Looked?.Invoke(LookNow());

    private KafkaLook LookNow() => Ensemble.Look(e => new KafkaLook(
        [.. members.Keys.Where(Serves)],
        e.Controller,
        [
            .. from topic in e.Topics.Values
               from partition in topic.Partitions
               select new PartitionLook(
                   $"{topic.Name}-{partition.Index.ToString(CultureInfo.InvariantCulture)}",
                   [.. partition.Replicas],
                   [.. partition.Isr.Where(Serves)],
                   Needed(topic, partition),
                   partition.Leader >= 0 && Serves(partition.Leader)),
        ])
    {
        Acknowledged = traffic.Acknowledged,
        Refused = traffic.Refused,
        Unanswered = traffic.Unanswered,
        Lost = traffic.Lost,
    });
}
