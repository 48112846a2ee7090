namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>
/// What the brokers of one Kafka cluster agree on: nodes, topics, the quorum of controllers. It behaves as Kafka does as far as a rolling
/// restart can see it: a broker that leaves hands its leadership over, one that dies stays listed until it is fenced, one that is back must
/// catch up before it is in sync. Who drives it (a test, a kubelet) decides when. Safe for calls from several threads.
/// </summary>
public sealed class KafkaEnsemble
{
    private readonly Lock guard = new();
    private readonly Dictionary<int, List<EnsembleTopic>> frozen = [];

    public string ClusterId { get; init; } = "simulated-kafka-cluster";

    /// <summary>Gets a value indicating whether the controllers are a KRaft quorum; else ZooKeeper stands behind.</summary>
    public bool IsKraft { get; init; } = true;

    public SortedDictionary<int, EnsembleNode> Nodes { get; } = [];

    public SortedDictionary<string, EnsembleTopic> Topics { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets or sets the leader of the quorum, or the controller in ZooKeeper mode; −1: none.</summary>
    public int Controller { get; set; } = -1;

    public int ControllerEpoch { get; set; } = 7;

    public long HighWatermark { get; set; } = 5000;

    /// <summary>Gets or sets the bits of what clients may do to the cluster; all bits: everything.</summary>
    public int AuthorizedOperations { get; set; } = 0x7fffff;

    /// <summary>Gets or sets the most partitions that one answer about topics' partitions has (max.request.partition.size.limit).</summary>
    public int LargestPage { get; set; } = 2000;

    /// <summary>Gets the voters that have no node here: left behind when their pods went for good.</summary>
    public List<int> DeadVoters { get; } = [];

    /// <summary>Makes a cluster of combined nodes, or of brokers alone.</summary>
    public static KafkaEnsemble Of(int nodes, bool isKraft = true, int firstId = 0, int? voters = null)
    {
        var ensemble = new KafkaEnsemble { IsKraft = isKraft, Controller = firstId };
        for (var i = 0; i < nodes; i++)
        {
            ensemble.Nodes[firstId + i] = new EnsembleNode { Id = firstId + i, IsVoter = isKraft && i < (voters ?? Math.Min(nodes, 3)), Rack = $"rack-{i % 3}" };
        }

        return ensemble;
    }

    /// <summary>Runs an action while nobody answers.</summary>
    public void Change(Action<KafkaEnsemble> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (guard)
        {
            change(this);
        }
    }

    /// <summary>Adds a topic whose replicas go round the brokers.</summary>
    public EnsembleTopic AddTopic(string name, int partitions, int replicas, int minIsr = 1)
    {
        lock (guard)
        {
            var brokers = Nodes.Values.Where(n => n.IsBroker).Select(n => n.Id).ToList();
            var topic = new EnsembleTopic { Name = name };
            for (var p = 0; p < partitions; p++)
            {
                List<int> ids = [.. Enumerable.Range(0, Math.Min(replicas, brokers.Count)).Select(r => brokers[(p + r) % brokers.Count])];
                topic.Partitions.Add(new EnsemblePartition { Index = p, Replicas = ids, Isr = [.. ids], Leader = ids[0] });
            }

            topic.Configs["min.insync.replicas"] = minIsr.ToString(System.Globalization.CultureInfo.InvariantCulture);
            topic.Configs["unclean.leader.election.enable"] = "false";
            return Topics[name] = topic;
        }
    }

    /// <summary>A broker leaves in good order: others lead, and it is out of sync and gone from the list at once.</summary>
    public void Leave(int id)
    {
        lock (guard)
        {
            Drop(id);
            Nodes[id].IsRegistered = IsKraft;
            Nodes[id].IsFenced = IsKraft;
            StepDown(id);
        }
    }

    /// <summary>A broker is gone without a word: it stays listed, and in sync, until <see cref="Fence"/>.</summary>
    public void Die(int id)
    {
        lock (guard)
        {
            StepDown(id);
        }
    }

    /// <summary>The controller has not heard of a broker for too long.</summary>
    public void Fence(int id)
    {
        lock (guard)
        {
            Drop(id);
            (Nodes[id].IsRegistered, Nodes[id].IsFenced) = (IsKraft, IsKraft);
        }
    }

    /// <summary>A broker is back: listed, but in sync with nothing that it missed.</summary>
    public void Register(int id)
    {
        lock (guard)
        {
            (Nodes[id].IsRegistered, Nodes[id].IsFenced, Nodes[id].CaughtUpAgo) = (true, false, TimeSpan.Zero);
            Nodes[id].LogEndOffset = HighWatermark;
            foreach (var partition in Partitions.Where(p => p.Leader < 0 && p.Replicas.Contains(id) && (p.Isr.Count == 0 || p.Isr.Contains(id))))
            {
                partition.Leader = id;
                partition.Isr = [id];
            }
        }
    }

    /// <summary>A broker has caught up with at most so many of the partitions that it is behind with.</summary>
    /// <returns>How many are left.</returns>
    public int CatchUp(int id, int partitions = int.MaxValue)
    {
        lock (guard)
        {
            var behind = Partitions.Where(p => p.Leader >= 0 && p.Replicas.Contains(id) && !p.Isr.Contains(id)).ToList();
            foreach (var partition in behind.Take(partitions))
            {
                partition.Isr.Add(id);
            }

            return Math.Max(0, behind.Count - partitions);
        }
    }

    /// <summary>From now on one broker answers with what it knows at this moment: it is cut off from the controller.</summary>
    public void Freeze(int id)
    {
        lock (guard)
        {
            frozen[id] = [.. Topics.Values.Select(t => t.Copy())];
        }
    }

    /// <summary>A broker that was cut off is not any more.</summary>
    public void Thaw(int id)
    {
        lock (guard)
        {
            frozen.Remove(id);
        }
    }

    /// <summary>Gives a partition to its preferred leader, if that can lead.</summary>
    /// <returns>Kafka's error code.</returns>
    internal short Elect(string topic, int index)
    {
        var partition = Topics.GetValueOrDefault(topic)?.Partitions.Find(p => p.Index == index);
        if (partition is null)
        {
            return 3;
        }

        var preferred = partition.Replicas[0];
        if (partition.Leader == preferred)
        {
            return 84;
        }

        if (!partition.Isr.Contains(preferred) || Nodes.GetValueOrDefault(preferred) is not { IsRegistered: true, IsFenced: false })
        {
            return 80;
        }

        partition.Leader = preferred;
        return 0;
    }

    /// <summary>Answers while nothing changes.</summary>
    internal T Look<T>(Func<KafkaEnsemble, T> look)
    {
        lock (guard)
        {
            return look(this);
        }
    }

    internal IEnumerable<EnsembleTopic> TopicsAsKnownBy(int id) => frozen.TryGetValue(id, out var old) ? old : Topics.Values;

    private IEnumerable<EnsemblePartition> Partitions => Topics.Values.SelectMany(t => t.Partitions);

    private void Drop(int id)
    {
        foreach (var partition in Partitions.Where(p => p.Replicas.Contains(id)))
        {
            // The last one that was in sync stays in the list: only it may lead again.
            if (partition.Isr.Count > 1)
            {
                partition.Isr.Remove(id);
            }

            if (partition.Leader == id)
            {
                partition.Leader = partition.Isr.Where(i => i != id).DefaultIfEmpty(-1).First();
            }
        }
    }

    private void StepDown(int id)
    {
        Nodes[id].CaughtUpAgo = TimeSpan.FromSeconds(30);
        if (Controller == id)
        {
            Controller = Nodes.Values.Where(n => n.Id != id && (n.IsVoter || !IsKraft) && n is { IsRegistered: true, IsFenced: false }).Select(n => n.Id).DefaultIfEmpty(-1).First();
            ControllerEpoch++;
        }
    }
}
