namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>
/// Producers that write one record to each partition at a time and want it acknowledged by all replicas in sync (<c>acks=all</c>), and how long
/// each replica's log is. What is lost is counted where it happens: when a broker leads whose log lacks what was acknowledged.
/// </summary>
internal sealed class KafkaTraffic
{
    private readonly Dictionary<EnsemblePartition, Log> logs = [];

    internal long Acknowledged { get; private set; }

    internal long Refused { get; private set; }

    internal long Unanswered { get; private set; }

    internal long Lost { get; private set; }

    /// <summary>Writes one record to every partition.</summary>
    /// <param name="serves">Whether a broker runs and answers.</param>
    internal void Write(KafkaEnsemble ensemble, Func<int, bool> serves)
    {
        foreach (var topic in ensemble.Topics.Values)
        {
            foreach (var partition in topic.Partitions)
            {
                Write(partition, KafkaCluster.Needed(topic, partition), serves);
            }
        }
    }

    /// <summary>A broker has lost its logs.</summary>
    internal void Forget(int broker)
    {
        foreach (var log in logs.Values)
        {
            log.Ends.Remove(broker);
        }
    }

    private void Write(EnsemblePartition partition, int needed, Func<int, bool> serves)
    {
        if (!logs.TryGetValue(partition, out var log))
        {
            logs[partition] = log = new Log();
        }

        if (partition.Leader < 0 || !serves(partition.Leader))
        {
            // Producers begin when there is somebody to write to.
            Unanswered += log.Ends.Count > 0 ? 1 : 0;
            return;
        }

        // Whoever leads decides what there is: what it lacks is gone, and the others cut their logs to its.
        var end = log.EndOf(partition.Leader);
        if (end < log.Acknowledged)
        {
            Lost += log.Acknowledged - end;
            log.Acknowledged = end;
        }

        if (partition.Isr.Count < needed)
        {
            Refused++;
            return;
        }

        foreach (var replica in partition.Isr.Where(serves))
        {
            log.Ends[replica] = end + 1;
        }

        if (partition.Isr.TrueForAll(r => serves(r)))
        {
            log.Acknowledged = end + 1;
            Acknowledged++;
        }
        else
        {
            Unanswered++;
        }
    }

    private sealed class Log
    {
        public Dictionary<int, long> Ends { get; } = [];

        public long Acknowledged { get; set; }

        public long EndOf(int replica) => Ends.GetValueOrDefault(replica);
    }
}
