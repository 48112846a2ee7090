using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Tests.Core;

/// <summary>
/// A cluster small enough to read: one StatefulSet under a model of the built-in controller (reference: its phases 1, 3, 4 and 5a, and
/// its status), pods whose kubelet is told when to move, one PodDisruptionBudget, one claim. It applies planned actions as an API server
/// does, with their preconditions, and keeps count of what was taken on purpose.
/// </summary>
internal sealed class ToyWorld
{
    internal const string Old = "web-old";
    internal const string New = "web-new";
    private readonly SortedDictionary<long, ToyPod> _pods = [];
    private int _clock = 100;

    internal ToyWorld(int replicas, long start, PodManagementPolicy management, UpdateStrategyType rest, int max)
    {
        (Replicas, Start, Management, MaxUnavailable) = (replicas, start, management, max);
        Original = rest is UpdateStrategyType.OnDelete ? null : new(rest, 0);
        Strategy = rest is UpdateStrategyType.OnDelete ? new(rest) : new(rest, StrategyValue.HeldPartition);
        for (var i = 0; i < replicas; i++)
        {
            Create(start + i, Old);
            _pods[start + i].ReadySince = Now.AddHours(-1);
        }

        Sync();
    }

    internal DateTimeOffset Now { get; set; } = Picture.Noon;

    internal int Replicas { get; set; }

    internal long Start { get; }

    internal int MaxUnavailable { get; }

    internal PodManagementPolicy Management { get; }

    internal StrategyValue Strategy { get; private set; }

    internal StrategyValue? Original { get; }

    internal long Generation { get; private set; } = 1;

    internal long ObservedGeneration { get; private set; }

    internal string Current { get; private set; } = Old;

    internal string Update { get; private set; } = New;

    internal string HeldBy { get; private set; } = "";

    internal IEnumerable<ToyPod> Pods => _pods.Values;

    internal bool HasBudget { get; init; } = true;

    internal TimeSpan MinReady { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the ordinals that were taken on purpose and are not back: what rule 1 is about, whoever's call it was.</summary>
    internal HashSet<long> TakenOnPurpose { get; } = [];

    /// <summary>Gets the ordinals that were ever taken on purpose.</summary>
    private HashSet<long> EverTaken { get; } = [];

    /// <summary>Gets how often each pod, by UID, was taken by one of our own calls.</summary>
    internal Dictionary<string, int> Removals { get; } = [];

    internal List<string> Log { get; } = [];

    internal int Away => Expected().Count(o => !_pods.TryGetValue(o, out var pod) || !IsAvailable(pod));

    /// <summary>Gets or sets a value indicating whether somebody else lowered the partition: what rolls then is not ours to answer for.</summary>
    internal bool WasReleasedByOthers { get; set; }

    /// <summary>The ordinals that were taken on purpose and are at the update revision, or on their way there.</summary>
    internal IEnumerable<long> UpdatedOnPurpose() => EverTaken.Where(o => Expected().Contains(o) && (Pod(o) is not { } pod || pod.IsTerminating || pod.Revision == Update));

    internal bool IsAvailable(ToyPod pod) => !pod.IsTerminating && pod.ReadySince is { } since && Now - since >= MinReady;

    internal ToyPod? Pod(long ordinal) => _pods.GetValueOrDefault(ordinal);

    internal IEnumerable<long> Expected() => Enumerable.Range(0, Replicas).Select(i => Start + i);

    /// <summary>The snapshot that a store in step with the API would give.</summary>
    internal WorkloadSnapshot Show()
    {
        var pods = _pods.Values.Select(p => p.Show("web")).ToImmutableArray();
        var healthy = Expected().Count(o => _pods.TryGetValue(o, out var pod) && pod is { IsTerminating: false, ReadySince: not null });
        return new()
        {
            Set = new()
            {
                Namespace = "prod",
                Name = "web",
                Uid = "set-uid",
                ResourceVersion = $"{_clock}",
                Generation = Generation,
                ObservedGeneration = ObservedGeneration,
                Replicas = Replicas,
                StartOrdinal = Start,
                Strategy = Strategy,
                OriginalStrategy = Original,
                PodManagement = Management,
                CurrentRevision = Current,
                UpdateRevision = Update,
                StatusReplicas = pods.Length,
                ReadyReplicas = healthy,
                AvailableReplicas = Expected().Count(o => _pods.TryGetValue(o, out var pod) && IsAvailable(pod)),
                HeldBy = HeldBy,
            },
            Pods = pods,
            Budgets = HasBudget ? [new("web", Math.Max(0, MaxUnavailable - (Replicas - healthy)), true)] : [],
        };
    }

    /// <summary>Carries out one action as the API server would: false when a precondition fails.</summary>
    internal bool Apply(PlannedAction action)
    {
        var done = action switch
        {
            TakeClaim claim => Set(HeldBy == claim.ExpectedHolder, () => HeldBy = claim.ClaimId),
            ReleaseClaim claim => Set(HeldBy == claim.ClaimId, () => HeldBy = ""),
            WriteStrategy write => Set(Generation == write.Generation && Strategy == write.Expected, () => Write(write.Next)),
            RestoreTemplate restore => Set(Generation == restore.Generation, () => Template(restore.Revision)),
            RemovePod removal => Remove(removal),
            BurnIntent burn => _pods.Values.FirstOrDefault(p => p.Uid == burn.Uid) is { } pod && Set(true, () => pod.ResourceVersion = ++_clock),
            PrepareGate => true,
            AdoptSet or LetGoSet => throw new InvalidOperationException("Not for a rollout."),
            _ => throw new InvalidOperationException($"Unknown action {action}."),
        };
        Log.Add($"{(done ? "" : "REFUSED ")}{action}");
        return done;
    }

    /// <summary>Somebody else writes the strategy.</summary>
    internal void ForeignStrategy(StrategyValue value)
    {
        WasReleasedByOthers |= value.EffectivePartition < Math.Min(Strategy.EffectivePartition, Replicas);
        Write(value);
    }

    internal void Template(string revision)
    {
        Update = revision;
        Generation++;
    }

    internal void Scale(int replicas)
    {
        Replicas = replicas;
        Generation++;
    }

    /// <summary>One sync of the built-in controller.</summary>
    internal void Sync()
    {
        ObservedGeneration = Generation;
        var ordered = Management is PodManagementPolicy.OrderedReady;
        var exit = false;
        foreach (var ordinal in Expected())
        {
            if (!_pods.TryGetValue(ordinal, out var pod))
            {
                Create(ordinal, RevisionOf(ordinal));
                exit |= ordered;
            }
            else
            {
                exit |= ordered && (pod.IsTerminating || pod.ReadySince is null);
            }

            if (exit)
            {
                break;
            }
        }

        if (!exit)
        {
            Condemn(ordered);
            RollOne();
        }

        Complete();
    }

    /// <summary>The kubelet moves one pod on: a terminating one goes, a starting one gets ready.</summary>
    internal void Kubelet(long ordinal)
    {
        if (!_pods.TryGetValue(ordinal, out var pod))
        {
            return;
        }

        if (pod.IsTerminating)
        {
            _pods.Remove(ordinal);
        }
        else if (pod.ReadySince is null && pod.Trouble is PodTrouble.None)
        {
            pod.ReadySince = Now;
            pod.ResourceVersion = ++_clock;
        }
    }

    /// <summary>A pod loses its readiness.</summary>
    internal void Sicken(long ordinal, PodTrouble trouble)
    {
        if (_pods.TryGetValue(ordinal, out var pod) && !pod.IsTerminating)
        {
            (pod.ReadySince, pod.Trouble, pod.ResourceVersion) = (null, trouble, ++_clock);
        }
    }

    /// <summary>A pod is taken by somebody else: a drain, a hand.</summary>
    internal void Lose(long ordinal)
    {
        if (_pods.TryGetValue(ordinal, out var pod))
        {
            (pod.IsTerminating, pod.ResourceVersion) = (true, ++_clock);
        }
    }

    /// <summary>Forgets what was taken on purpose and is back.</summary>
    internal void CountReturns()
    {
        EverTaken.RemoveWhere(o => !Expected().Contains(o) || Pod(o) is { IsTerminating: false } pod && pod.Revision != Update);
        TakenOnPurpose.RemoveWhere(o => o < Start || o >= Start + Replicas || _pods.TryGetValue(o, out var pod) && IsAvailable(pod));
    }

    private static bool Set(bool precondition, Action change)
    {
        if (precondition)
        {
            change();
        }

        return precondition;
    }

    private bool Remove(RemovePod removal)
    {
        var pod = _pods.Values.FirstOrDefault(p => p.Uid == removal.Uid);
        if (pod is null || $"{pod.ResourceVersion}" != removal.ResourceVersion || pod.IsTerminating)
        {
            return false;
        }

        Removals[pod.Uid] = Removals.GetValueOrDefault(pod.Uid) + 1;
        Take(pod);
        return true;
    }

    /// <summary>A pod that serves is taken on purpose; one that does not serve is away already, and costs nothing.</summary>
    private void Take(ToyPod pod)
    {
        if (IsAvailable(pod))
        {
            TakenOnPurpose.Add(pod.Ordinal);
            EverTaken.Add(pod.Ordinal);
        }

        (pod.IsTerminating, pod.ResourceVersion) = (true, ++_clock);
    }

    private void Write(StrategyValue value)
    {
        if (value != Strategy)
        {
            Strategy = value;
            Generation++;
        }
    }

    private void Create(long ordinal, string revision) => _pods[ordinal] = new()
    {
        Ordinal = ordinal,
        Uid = $"{++_clock:D8}-uid-{ordinal}",
        Revision = revision,
        ResourceVersion = _clock,
        CreatedAt = Now,
    };

    internal string RevisionOf(long ordinal) => Strategy.Type is UpdateStrategyType.RollingUpdate && ordinal < Start + (Strategy.Partition ?? 0) ? Current : Update;

    private void Condemn(bool ordered)
    {
        foreach (var pod in _pods.Values.Where(p => p.Ordinal < Start || p.Ordinal >= Start + Replicas).OrderByDescending(p => p.Ordinal).ToArray())
        {
            pod.IsTerminating = true;
            if (ordered)
            {
                return;
            }
        }
    }

    private void RollOne()
    {
        if (Strategy.Type is UpdateStrategyType.OnDelete)
        {
            return;
        }

        foreach (var ordinal in Expected().Reverse().TakeWhile(o => o - Start >= (Strategy.Partition ?? 0)))
        {
            if (_pods.TryGetValue(ordinal, out var pod) && pod.Revision != Update && !pod.IsTerminating)
            {
                Take(pod);
                return;
            }

            if (pod is null or { IsTerminating: true } or { ReadySince: null })
            {
                return;
            }
        }
    }

    private void Complete()
    {
        if (Strategy.Type is UpdateStrategyType.RollingUpdate && _pods.Count == Replicas
            && _pods.Values.All(p => p is { IsTerminating: false, ReadySince: not null } && p.Revision == Update))
        {
            Current = Update;
        }
    }
}
