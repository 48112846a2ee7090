namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>What only KRaft has: the quorum, controllers' own listeners (KIP-919), and replicas that may lead although not in sync (KIP-966).</summary>
internal sealed partial class BrokerAnswers
{
    private const byte OfBrokers = 1;
    private const byte OfControllers = 2;
    private const short NotLeader = 6;
    private const short MismatchedEndpoints = 114;
    private const short UnsupportedEndpoints = 115;

    /// <summary>Gets a value indicating whether the question came in at a controller's listener.</summary>
    internal bool IsController { get; init; }

    private MessageOut Cluster()
    {
        request.Flag();
        var endpoints = version >= 1 ? request.Byte() : OfBrokers;
        var fencedToo = version >= 2 && request.Flag();
        var code = error != 0 ? error : endpoints is not (OfBrokers or OfControllers) ? UnsupportedEndpoints : IsController == (endpoints == OfControllers) ? (short)0 : MismatchedEndpoints;
        answer.Int(0).Short(code).Text(code == 0 ? null : code == error ? Hidden : "this listener is of the other kind");
        if (version >= 1)
        {
            answer.Byte(endpoints);
        }

        // A controller knows which of them is active, and they are never fenced.
        var nodes = IsController
            ? ensemble.Nodes.Values.Where(n => n is { IsVoter: true, ControllerPort: > 0 })
            : ensemble.Nodes.Values.Where(n => n is { IsBroker: true, IsRegistered: true } && (fencedToo || !n.IsFenced));
        answer.Text(ensemble.ClusterId).Int(IsController ? ensemble.Controller : ControllerForClients);
        answer.List(code == 0 ? nodes.ToList() : [], n =>
        {
            answer.Int(n.Id).Text(n.Host).Int(IsController ? n.ControllerPort : n.Port).Text(n.Rack);
            (version >= 2 ? answer.Flag(!IsController && n.IsFenced) : answer).Tagged();
        });
        return answer.Int(ensemble.AuthorizedOperations).Tagged();
    }

    private MessageOut Quorum()
    {
        const long Now = 1_790_000_000_000;
        var voters = ensemble.Nodes.Values.Where(n => n.IsVoter).ToList();
        var observers = ensemble.Nodes.Values.Where(n => n is { IsVoter: false, IsBroker: true, IsRegistered: true }).ToList();
        var everybody = voters.Concat(ensemble.DeadVoters.Select(dead => new EnsembleNode { Id = dead, CaughtUpAgo = null, LogEndOffset = 0 })).ToList();

        void Replica(EnsembleNode node)
        {
            answer.Int(node.Id);
            if (version >= 2)
            {
                answer.Uuid((byte)node.Id);
            }

            answer.Long(node.LogEndOffset);
            if (version >= 1)
            {
                var caughtUp = node.Id == ensemble.Controller ? Now : node.CaughtUpAgo is { } ago ? Now - (long)ago.TotalMilliseconds : -1;
                answer.Long(caughtUp).Long(caughtUp);
            }

            answer.Tagged();
        }

        answer.Short(error);
        if (version >= 2)
        {
            answer.Text(null);
        }

        // Brokers pass the question on; of the controllers only the active one answers it.
        var isKnown = !IsController || id == ensemble.Controller;
        answer.Count(1).Text("__cluster_metadata").Count(1).Int(0).Short(isKnown ? 0 : NotLeader);
        if (version >= 2)
        {
            answer.Text(null);
        }

        answer.Int(ensemble.Controller).Int(ensemble.ControllerEpoch).Long(ensemble.HighWatermark).List(everybody, Replica).List(observers, Replica).Tagged().Tagged();
        if (version >= 2)
        {
            answer.List(voters, n => answer.Int(n.Id).Count(1).Text("CONTROLLER").Text(n.Host).Short(9093).Tagged().Tagged());
        }

        return answer.Tagged();
    }

    private MessageOut TopicPartitions()
    {
        var wanted = request.List(() =>
        {
            var name = request.Text()!;
            request.Tagged();
            return name;
        })!;
        var limit = Math.Clamp(request.Int(), 1, ensemble.LargestPage);
        (string Topic, int Partition)? from = null;
        if ((sbyte)request.Byte() >= 0)
        {
            from = (request.Text()!, request.Int());
            request.Tagged();
        }

        // In the order of names, from the cursor on, until the page is full.
        var left = ensemble.TopicsAsKnownBy(id).Where(t => wanted.Contains(t.Name) && !t.IsHidden)
            .SelectMany(t => t.Partitions.Select(p => (Topic: t.Name, Partition: p)))
            .Where(p => from is not { } cursor || string.CompareOrdinal(p.Topic, cursor.Topic) is > 0 || (p.Topic == cursor.Topic && p.Partition.Index >= cursor.Partition)).ToList();
        answer.Int(0).List(left.Take(limit).GroupBy(p => p.Topic).ToList(), topic =>
        {
            answer.Short(error).Text(topic.Key).Uuid(1).Flag(topic.Key.StartsWith("__", StringComparison.Ordinal)).List(topic.ToList(), each =>
            {
                var p = each.Partition;
                answer.Short(p.Leader < 0 ? LeaderNotAvailable : 0).Int(p.Index).Int(p.Leader).Int(3).Ints(p.Replicas).Ints(p.Isr);
                answer.NullableInts(p.Eligible).NullableInts(p.LastEligible).Ints(p.Replicas.FindAll(r => !ListedIds.Contains(r))).Tagged();
            }).Int(int.MinValue).Tagged();
        });
        if (left.Count > limit)
        {
            answer.Byte(1).Text(left[limit].Topic).Int(left[limit].Partition.Index).Tagged();
        }
        else
        {
            answer.Byte(-1);
        }

        return answer.Tagged();
    }
}
