using System.Collections.Immutable;

namespace Ordinal.Operator.Demo.Judging;

/// <summary>Records how a simulated Kafka really fared, from each look at the truth in it. Safe for calls from several threads.</summary>
public sealed class KafkaWitness
{
    private readonly Lock _gate = new();
    private readonly List<BrokerReplacement> _replacements = [];
    private readonly List<Reign> _controllers = [];
    private ImmutableArray<int> _serving = [];
    private KafkaRecord _record = new();
    private TimeSpan _last;
    private bool _wasUnder;
    private bool _wasWithout;
    private int _controller = -1;

    /// <summary>Takes one look. What it shows is taken to last until the next.</summary>
    /// <param name="at">When.</param>
    /// <param name="serving">The brokers that serve, ascending.</param>
    /// <param name="controller">Who leads the quorum; −1: nobody.</param>
    /// <param name="partitions">All partitions.</param>
    /// <param name="inSync">Whether a broker has everything of all its partitions.</param>
    /// <param name="records">What became of the producers' records so far.</param>
    public void See(TimeSpan at, ImmutableArray<int> serving, int controller, IReadOnlyList<PartitionSeen> partitions, Func<int, bool> inSync, RecordsSeen records)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        ArgumentNullException.ThrowIfNull(inSync);
        lock (_gate)
        {
            foreach (var broker in _serving.Except(serving))
            {
                _replacements.Add(new BrokerReplacement(broker, at, null, null, _controller));
            }

            for (var i = 0; i < _replacements.Count; i++)
            {
                var r = _replacements[i];
                if (serving.Contains(r.Broker) && (r.Back is null || r.InSync is null))
                {
                    _replacements[i] = r with { Back = r.Back ?? at, InSync = r.InSync ?? (inSync(r.Broker) ? at : null) };
                }
            }

            if (controller >= 0 && (_controllers.Count == 0 || _controllers[^1].Leader != controller))
            {
                _controllers.Add(new Reign(controller, at));
            }

            Weigh(at, partitions);
            _serving = serving;
            _controller = controller >= 0 ? controller : _controller;
            _record = _record with { Records = records, Looks = _record.Looks + 1 };
        }
    }

    /// <summary>Returns all that was recorded so far.</summary>
    public KafkaRecord Record()
    {
        lock (_gate)
        {
            return _record with { Replacements = [.. _replacements], Controllers = [.. _controllers] };
        }
    }

    private void Weigh(TimeSpan at, IReadOnlyList<PartitionSeen> partitions)
    {
        var since = at - _last;
        _record = _record with
        {
            UnderMinIsr = _record.UnderMinIsr + (_wasUnder ? since : TimeSpan.Zero),
            WithoutLeader = _record.WithoutLeader + (_wasWithout ? since : TimeSpan.Zero),
        };
        var under = 0;
        _wasWithout = false;
        foreach (var partition in partitions)
        {
            under += partition.InSync < partition.Needed ? 1 : 0;
            _wasWithout |= !partition.HasLeader;
            if (_record.Worst is not { } worst || partition.InSync - partition.Needed < worst.Partition.InSync - worst.Partition.Needed)
            {
                _record = _record with { Worst = (partition, at) };
            }
        }

        (_last, _wasUnder) = (at, under > 0);
        _record = _record with { MostUnderMinIsr = Math.Max(_record.MostUnderMinIsr, under) };
    }
}
