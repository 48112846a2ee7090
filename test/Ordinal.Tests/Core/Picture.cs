using System.Collections.Immutable;
using NUnit.Framework;
using Ordinal.Core.Lifecycles;
using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;

namespace Ordinal.Tests.Core;

/// <summary>
/// A StatefulSet as a small picture, one word a pod by ascending ordinal, and the rollout that is about it.
/// <c>o</c> old and available, <c>n</c> old and not ready, <c>x</c> old and stuck, <c>t</c> old and terminating, <c>-</c> missing,
/// <c>U</c> at the target and available, <c>s</c> at the target and starting, <c>r</c> at the target and ready for 4 s, <c>T</c> at the
/// target and terminating, <c>b</c> at a third revision and stuck.
/// </summary>
internal sealed record Picture
{
    internal const string Old = "web-old";
    internal const string New = "web-new";
    internal const string Bad = "web-bad";
    internal const string Claim = "policy-uid/rollout-uid";
    internal static readonly DateTimeOffset Noon = new(2026, 9, 14, 12, 0, 0, TimeSpan.Zero);

    internal required RolloutInput Input { get; init; }

    internal StatefulSetSnapshot Set => Input.Snapshot.Set;

    /// <summary>A rollout that runs, claimed, held, with nothing in flight: OnDelete unless said otherwise.</summary>
    internal static Picture Running(string pods, UpdateDriver driver = UpdateDriver.OnDelete) =>
        Resting(pods).With(m => m with
        {
            State = RolloutState.Running,
            StateSince = Noon.AddMinutes(-1),
            StartedAt = Noon.AddMinutes(-1),
            Driver = driver,
            SetUid = "set-uid",
            FromRevision = Old,
            TargetRevision = New,
            Generation = 5,
        }).WithSet(s => s with
        {
            HeldBy = Claim,
            Strategy = driver is UpdateDriver.OnDelete ? new(UpdateStrategyType.OnDelete) : s.Strategy,
        });

    /// <summary>A rollout that was just made: nobody has claimed the held set.</summary>
    internal static Picture Resting(string pods)
    {
        var list = Pods(pods);
        var available = list.Count(p => p.IsAvailable(TimeSpan.Zero, Noon));
        return new()
        {
            Input = new()
            {
                Snapshot = new()
                {
                    Set = new()
                    {
                        Namespace = "prod",
                        Name = "web",
                        Uid = "set-uid",
                        ResourceVersion = "100",
                        Generation = 5,
                        ObservedGeneration = 5,
                        Replicas = pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length,
                        Strategy = new(UpdateStrategyType.RollingUpdate, StrategyValue.HeldPartition),
                        OriginalStrategy = new(UpdateStrategyType.RollingUpdate, 0),
                        PodManagement = PodManagementPolicy.Parallel,
                        CurrentRevision = Old,
                        UpdateRevision = New,
                        StatusReplicas = list.Length,
                        ReadyReplicas = available,
                        AvailableReplicas = available,
                        UpdatedReplicas = list.Count(p => p.Revision == New),
                    },
                    Pods = list,
                    Budgets = [new("web", 1, IsObserved: true)],
                },
                Policy = new() { Driver = UpdateDriver.OnDelete },
                Request = new() { ClaimId = Claim, TargetRevision = New },
                Memory = new(),
                Now = Noon,
            },
        };
    }

    internal Picture With(Func<RolloutMemory, RolloutMemory> change) => this with { Input = Input with { Memory = change(Input.Memory) } };

    internal Picture WithSet(Func<StatefulSetSnapshot, StatefulSetSnapshot> change) => WithFacts(s => s with { Set = change(s.Set) });

    internal Picture WithFacts(Func<WorkloadSnapshot, WorkloadSnapshot> change) => this with { Input = Input with { Snapshot = change(Input.Snapshot) } };

    internal Picture WithPolicy(Func<UpdatePolicy, UpdatePolicy> change) => this with { Input = Input with { Policy = change(Input.Policy) } };

    internal Picture WithRequest(Func<RolloutRequest, RolloutRequest> change) => this with { Input = Input with { Request = change(Input.Request) } };

    internal Picture WithPod(int index, Func<PodSnapshot, PodSnapshot> change) =>
        WithFacts(s => s with { Pods = s.Pods.Replace(s.Pods.First(p => p.Ordinal == index), change(s.Pods.First(p => p.Ordinal == index))) });

    internal Picture WithReports(params GateReport[] reports) => this with { Input = Input with { Reports = [.. Input.Reports, .. reports] } };

    internal Picture At(TimeSpan later) => this with { Input = Input with { Now = Noon + later } };

    /// <summary>What the decision's memory makes of the next pass.</summary>
    internal Picture Then(Decision decision) => With(_ => decision.Memory);

    internal Picture WithMax(int pods) => WithPolicy(p => p with { MaxUnavailable = IntOrPercent.Of(pods) }).WithFacts(s => s with { Budgets = [new("web", pods, true)] });

    /// <summary>A gate named etcd that must pass before and after each pod, once.</summary>
    internal Picture Gated(GatePhases at = GatePhases.BeforePod | GatePhases.AfterPod, int successes = 1, GateTimeoutAction onTimeout = GateTimeoutAction.Pause) =>
        WithPolicy(p => p with { Gates = [new() { Name = "etcd", Type = "Etcd", RunAt = at, SuccessThreshold = successes, OnTimeout = onTimeout, TellsRoles = true }] });

    internal Picture LeaderLast() => Gated().WithPolicy(p => p with { Order = PodOrderKind.LeaderLast });

    /// <summary>The memory of an intent for a pod of the picture.</summary>
    internal Picture InFlight(int index, PodStage stage = PodStage.Intended, InFlightAction action = InFlightAction.Replace, string? uid = null, string? version = null) =>
        With(m => m with
        {
            InFlight = m.InFlight.Add(new()
            {
                Pod = $"web-{index}",
                Ordinal = index,
                Uid = uid ?? $"uid-{index}",
                ResourceVersion = version ?? $"{index + 1}",
                Action = action,
                Stage = stage,
                Since = Noon.AddSeconds(-20),
                StageSince = Noon.AddSeconds(-20),
                Generation = 5,
            }),
        });

    /// <summary>Decides, and holds the planner to its word: whatever a test is about, a decision allocates its result and nothing else.</summary>
    internal Decision Decide()
    {
        var decision = RolloutPlanner.Decide(Input);
        Assert.That(ResultSize.Of(Input).Beside, Is.Zero, $"bytes that the planner allocated beside its result: {decision.Message}");
        return decision;
    }

    internal static GateReport Report(
        GatePhase phase,
        string uids = "",
        GateVerdict verdict = GateVerdict.Allow,
        string? leader = null,
        int members = 3,
        int successes = 1,
        TimeSpan? age = null,
        ReasonCode? reason = null,
        GatePreparation preparation = GatePreparation.None,
        string? baseline = null) => new()
        {
            Key = new GateQuestion("etcd", phase, uids.Length == 0 ? [] : [.. uids.Split(',')], New).Key,
            Gate = "etcd",
            Phase = phase,
            Verdict = verdict,
            Reason = reason ?? (verdict is GateVerdict.Allow ? ReasonCodes.GateOpen : ReasonCodes.EtcdQuorumLost),
            Message = verdict is GateVerdict.Allow ? "fine" : "1 of 3 voters answers, want 2",
            Successes = successes,
            ObservedAt = Noon - (age ?? TimeSpan.Zero),
            ValidFor = TimeSpan.FromSeconds(10),
            Preparation = preparation,
            Baseline = baseline,
            Roles = leader is null
                ? ImmutableSortedDictionary<string, MemberRole>.Empty
                : Enumerable.Range(0, members).ToImmutableSortedDictionary(
                    i => $"web-{i}", i => $"web-{i}" == leader ? MemberRole.Leader : MemberRole.Follower, StringComparer.Ordinal),
        };

    private static ImmutableArray<PodSnapshot> Pods(string picture)
    {
        var pods = ImmutableArray.CreateBuilder<PodSnapshot>();
        var words = picture.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] != "-")
            {
                pods.Add(Pod(i, words[i]));
            }
        }

        return pods.ToImmutable();
    }

    private static PodSnapshot Pod(int index, string word)
    {
        var ready = word is "o" or "U" or "t" or "T" ? Noon.AddHours(-1) : word is "r" ? Noon.AddSeconds(-4) : (DateTimeOffset?)null;
        return new()
        {
            Name = $"web-{index}",
            Ordinal = index,
            Uid = $"uid-{index}",
            ResourceVersion = $"{index + 1}",
            Revision = word is "o" or "n" or "x" or "t" ? Old : word is "b" ? Bad : word is "U" or "s" or "r" or "T" ? New : throw new ArgumentException($"No such pod: {word}"),
            IsTerminating = word is "t" or "T",
            ReadySince = ready,
            CreatedAt = Noon.AddHours(-1),
            Trouble = word is "x" or "b" ? PodTrouble.ImagePull : PodTrouble.None,
            TroubleMessage = word is "x" or "b" ? "no such image" : "",
        };
    }
}

/// <summary>What tests look for in a decision.</summary>
internal static class DecisionFacts
{
    internal static string Removed(this Decision decision) => string.Join(',', decision.Actions.OfType<RemovePod>().Select(a => a.Pod));

    internal static StrategyValue? Written(this Decision decision) => decision.Actions.OfType<WriteStrategy>().SingleOrDefault()?.Next;

    internal static ReasonCode? HoldOf(this Decision decision, string? pod) => decision.Holds.SingleOrDefault(h => h.Pod == pod)?.Reason;

    internal static string MessageOf(this Decision decision, string? pod) => decision.Holds.Single(h => h.Pod == pod).Message;
}
