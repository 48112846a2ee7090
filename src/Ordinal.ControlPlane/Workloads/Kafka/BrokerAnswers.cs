using System.Globalization;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>Writes one answer about the ensemble, as one of its brokers. Called while nothing changes.</summary>
internal sealed partial class BrokerAnswers(KafkaEnsemble ensemble, int id, MessageIn request, MessageOut answer, short version, short error)
{
    private const short UnknownTopic = 3;
    private const short LeaderNotAvailable = 5;
    private const short Forbidden = 29;
    private const string Hidden = "the topic is hidden";

    internal MessageOut? Write(short api) => api switch
    {
        3 => Metadata(),
        32 => Configs(),
        35 => LogDirs(),
        43 => Elect(),
        44 => Alter(),
        46 => Reassignments(),
        55 => Quorum(),
        60 => Cluster(),
        64 => Unregister(),
        75 => TopicPartitions(),
        _ => null,
    };

    private IEnumerable<EnsembleNode> Listed => ensemble.Nodes.Values.Where(n => n is { IsBroker: true, IsRegistered: true, IsFenced: false });

    private HashSet<int> ListedIds => field ??= [.. Listed.Select(n => n.Id)];

    /// <summary>Under KRaft clients are told any live broker; it passes on what is for the controller.</summary>
    private int ControllerForClients => ensemble.IsKraft ? Listed.Select(n => n.Id).DefaultIfEmpty(-1).Last() : ensemble.Controller;

    private MessageOut Metadata()
    {
        var wanted = request.List(() =>
        {
            if (version >= 10)
            {
                request.Raw(16);
            }

            var name = request.Text();
            request.Tagged();
            return name!;
        });
        if (version >= 3)
        {
            answer.Int(0);
        }

        answer.List(Listed.ToList(), n =>
        {
            answer.Int(n.Id).Text(n.Host).Int(n.Port);
            (version >= 1 ? answer.Text(n.Rack) : answer).Tagged();
        });
        if (version >= 2)
        {
            answer.Text(ensemble.ClusterId);
        }

        if (version >= 1)
        {
            answer.Int(ControllerForClients);
        }

        var topics = ensemble.TopicsAsKnownBy(id).ToList();
        var everything = wanted is null || (version == 0 && wanted.Count == 0);
        var listed = everything ? topics.Where(t => !t.IsHidden).ToList() : topics.Where(t => wanted!.Contains(t.Name)).ToList();
        var absent = everything ? [] : wanted!.Where(name => listed.TrueForAll(t => t.Name != name)).ToList();
        answer.Count(listed.Count + absent.Count);
        listed.ForEach(t => Topic(t.Name, t.IsHidden ? Forbidden : error, t.IsHidden || error != 0 ? [] : t.Partitions));
        absent.ForEach(name => Topic(name, UnknownTopic, []));
        if (version is >= 8 and <= 10)
        {
            answer.Int(ensemble.AuthorizedOperations);
        }

        return answer.Tagged();
    }

    private void Topic(string name, short code, List<EnsemblePartition> partitions)
    {
        answer.Short(code).Text(name);
        if (version >= 10)
        {
            answer.Uuid(1);
        }

        if (version >= 1)
        {
            answer.Flag(name.StartsWith("__", StringComparison.Ordinal));
        }

        answer.List(partitions, p =>
        {
            answer.Short(p.Leader < 0 ? LeaderNotAvailable : 0).Int(p.Index).Int(p.Leader);
            if (version >= 7)
            {
                answer.Int(3);
            }

            answer.Ints(p.Replicas).Ints(p.Isr);
            if (version >= 5)
            {
                answer.Ints(p.Replicas.FindAll(r => !ListedIds.Contains(r)));
            }

            answer.Tagged();
        });
        if (version >= 8)
        {
            answer.Int(int.MinValue);
        }

        answer.Tagged();
    }

    private MessageOut Configs()
    {
        var resources = request.List(() =>
        {
            var type = request.Byte();
            var name = request.Text()!;
            var keys = request.List(() => request.Text()!);
            request.Tagged();
            return (Type: type, Name: name, Keys: keys);
        })!;
        return answer.Int(0).List(resources, r =>
        {
            var topic = ensemble.Topics.GetValueOrDefault(r.Name);
            var (code, values) = r.Type == 4
                ? (error, new Dictionary<string, string> { ["broker.id"] = r.Name })
                : topic is null ? (UnknownTopic, []) : topic.IsHidden ? (Forbidden, []) : (error, topic.Configs);
            answer.Short(code).Text(code == 0 ? null : Hidden).Byte(r.Type).Text(r.Name);
            answer.List(values.Where(v => code == 0 && (r.Keys is null || r.Keys.Contains(v.Key))).ToList(), v =>
            {
                answer.Text(v.Key).Text(v.Value).Flag(false);
                if (version == 0)
                {
                    answer.Flag(true).Flag(false);
                    return;
                }

                answer.Byte(1).Flag(false).Count(0);
                if (version >= 3)
                {
                    answer.Byte(3).Text(null);
                }

                answer.Tagged();
            }).Tagged();
        }).Tagged();
    }

    private MessageOut LogDirs()
    {
        if (version >= 3)
        {
            answer.Int(0).Short((ensemble.AuthorizedOperations & (1 << 8)) == 0 ? 31 : error);
        }
        else
        {
            answer.Int(0);
        }

        if ((ensemble.AuthorizedOperations & (1 << 8)) == 0)
        {
            return answer.Count(0).Tagged();
        }

        var here = ensemble.Topics.Values.Where(t => t.Partitions.Exists(p => p.Replicas.Contains(id))).ToList();
        return answer.List([ensemble.Nodes[id]], node =>
        {
            answer.Short(node.LogDirError).Text("/var/lib/kafka/data-0").List(here, t =>
                answer.Text(t.Name).List(t.Partitions.Where(p => p.Replicas.Contains(id)).ToList(), p => answer.Int(p.Index).Long(1024).Long(0).Flag(false).Tagged()).Tagged());
            (version >= 4 ? answer.Long(-1).Long(-1) : answer).Tagged();
        }).Tagged();
    }

    private MessageOut Elect()
    {
        if (version >= 1)
        {
            request.Byte();
        }

        var topics = request.List(() =>
        {
            var name = request.Text()!;
            var partitions = request.List(request.Int)!;
            request.Tagged();
            return (Name: name, Partitions: partitions);
        }) ?? [.. ensemble.Topics.Values.Select(t => (t.Name, t.Partitions.ConvertAll(p => p.Index)))];
        answer.Int(0);
        if (version >= 1)
        {
            answer.Short(error);
        }

        return answer.List(topics, t => answer.Text(t.Name).List(t.Partitions, p => answer.Int(p).Short(error != 0 ? error : ensemble.Elect(t.Name, p)).Text(null).Tagged()).Tagged()).Tagged();
    }

    private MessageOut Alter()
    {
        var resources = request.List(() =>
        {
            var type = request.Byte();
            var name = request.Text()!;
            var changes = request.List(() =>
            {
                var change = (Key: request.Text()!, Operation: request.Byte(), Value: request.Text());
                request.Tagged();
                return change;
            })!;
            request.Tagged();
            return (Type: type, Name: name, Changes: changes);
        })!;
        var onlyValidate = request.Flag();
        return answer.Int(0).List(resources, r =>
        {
            var topic = r.Type == 2 ? ensemble.Topics.GetValueOrDefault(r.Name) : null;
            var code = error != 0 ? error : r.Type == 2 && topic is null ? UnknownTopic : (short)0;
            foreach (var (key, operation, value) in code != 0 || onlyValidate ? [] : r.Changes)
            {
                if (operation == 0)
                {
                    topic?.Configs[key] = value!;
                }
                else
                {
                    topic?.Configs.Remove(key);
                }
            }

            answer.Short(code).Text(null).Byte(r.Type).Text(r.Name).Tagged();
        }).Tagged();
    }

    private MessageOut Reassignments()
    {
        var moving = ensemble.Topics.Values.Where(t => t.Partitions.Exists(p => p.Adding.Count + p.Removing.Count > 0)).ToList();
        return answer.Int(0).Short(error).Text(null).List(moving, t =>
            answer.Text(t.Name).List(t.Partitions.FindAll(p => p.Adding.Count + p.Removing.Count > 0), p => answer.Int(p.Index).Ints(p.Replicas).Ints(p.Adding).Ints(p.Removing).Tagged()).Tagged()).Tagged();
    }

    private MessageOut Unregister()
    {
        var gone = request.Int();
        var isKnown = ensemble.Nodes.TryGetValue(gone, out var node) && node.IsRegistered;
        if (isKnown && error == 0)
        {
            node!.IsRegistered = false;
        }

        return answer.Int(0).Short(error != 0 ? error : isKnown ? 0 : 102).Text(isKnown ? null : $"broker {gone.ToString(CultureInfo.InvariantCulture)} is not registered").Tagged();
    }
}
