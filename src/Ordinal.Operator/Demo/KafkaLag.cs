using Ordinal.ControlPlane.Workloads.Kafka;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>
/// The fault in the middle of the Kafka scenario: the first broker that was replaced stops to keep up, while it runs, answers and looks ready.
/// It begins in the moment in which the second one has caught up and everything is in sync, so that no partition suffers by the fault itself:
/// what would hurt is to take the next broker, and only a gate that asks for the partitions knows.
/// </summary>
internal sealed class KafkaLag(KafkaCluster cluster, KafkaWitness witness, string setName, TimeSpan changed, bool isWanted)
{
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Lock _gate = new();
    private HashSet<string> _partitions = [];
    private LagRecord? _record;
    private bool _isOver;
    private bool _isTold;

    /// <summary>Gets what was done so far; null before.</summary>
    public LagRecord? Record
    {
        get
        {
            lock (_gate)
            {
                return _record;
            }
        }
    }

    /// <summary>Looks at the truth, and begins when the moment is there. Called in the cluster's own time.</summary>
    public void Look(KafkaLook look, TimeSpan now)
    {
        lock (_gate)
        {
            var back = witness.Record().Replacements.Where(r => r.Gone >= changed).ToList();
            var isWhole = look.Partitions.All(p => p.InSync.Length == p.Replicas.Length);
            if (!isWanted || _record is not null || back.Count < 2 || back.Count >= look.Serving.Length || !isWhole)
            {
                return;
            }

            var broker = back[0].Broker;
            cluster.Lag(broker, lags: true);
            _partitions = [.. look.Partitions.Where(p => p.Replicas.Contains(broker)).Select(p => p.Name)];
            _record = new LagRecord(broker, now, now, null, null);
        }
    }

    /// <summary>Looks at a picture of the cluster, and ends the lag when the rollout has named it for a while.</summary>
    /// <returns>A line to print; null for none.</returns>
    public string? See(ClusterPicture picture, TimeSpan now)
    {
        int broker;
        lock (_gate)
        {
            if (_record is null || _isOver)
            {
                return null;
            }

            if (!_isTold)
            {
                _isTold = true;
                return $"{setName}-{_record.Broker} does not keep up from now on: it answers, looks ready, and falls out of sync";
            }

            var (reason, _, message) = RolloutWords.Waiting(picture);

            // A broker that was replaced before may still be catching up with one of these partitions when the lag begins: that is no word about it.
            if (_record.NamedBy is null && reason == ReasonCodes.KafkaWouldGoUnderMinIsr.Code && _partitions.Any(p => message.Contains(p, StringComparison.Ordinal)))
            {
                _record = _record with { NamedBy = $"{reason}: {message}", NamedAt = now };
                return $"the rollout holds, and says why: {reason}: {message}";
            }

            var isEnough = _record.NamedAt is { } named ? now - named >= HeldFor : now - _record.From >= Patience;
            if (!isEnough && !RolloutWords.IsFinished(picture))
            {
                return null;
            }

            (_isOver, _record, broker) = (true, _record with { To = now }, _record.Broker);
        }

        // Outside of the lock: the cluster calls Look in a lock of its own, and each would wait for the other.
        cluster.Lag(broker, lags: false);
        return $"{setName}-{broker} keeps up again";
    }
}
