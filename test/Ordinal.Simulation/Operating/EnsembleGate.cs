using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Simulation.Operating;

/// <summary>The gate of one operator process to one ensemble.</summary>
/// <param name="process">The process.</param>
/// <param name="ensemble">Null when no ensemble is there to be asked.</param>
/// <param name="lies">Planted bug: it opens whatever the ensemble says.</param>
internal sealed class EnsembleGate(string process, Func<string, Ensemble> ensemble, TimeProvider clock, Random random, bool lies) : IGate
{
    private const int MostPreparations = 2;

    public string Type => "Etcd";

    public TimeSpan ObserveDeadline => TimeSpan.FromSeconds(3);

    public async Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        Ensemble asked = ensemble(context.Name);
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 50)), clock, cancellationToken);
        if (asked.IsSilent && !lies)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
        }

        Seen seen = new(asked.Look(), asked.Now);
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 50)), clock, cancellationToken);
        return seen;
    }

    public GateAnswer Evaluate(GateInput input, GateObservation observation)
    {
        Seen seen = (Seen)observation;
        Ensemble asked = ensemble(input.Context.Name);
        GateVerdict verdict = asked.Judge(process, input.Question, seen.Members, seen.At);
        bool leads = seen.Members.Any(member => member.IsLeader && input.Question.Pods.Contains(member.Uid) && seen.Members.Any(other => other.IsUp && !other.IsLeader));
        return new GateAnswer
        {
            Verdict = lies ? GateVerdict.Allow : verdict,
            Reason = verdict is GateVerdict.Allow ? ReasonCodes.GateOpen : ReasonCodes.EtcdQuorumWouldBreak,
            Message = $"{input.Context.Name}: {seen.Members.Count(member => member.IsUp)} of {seen.Members.Length} members are up",
            Roles = seen.Members.ToImmutableSortedDictionary(
                member => $"{input.Context.Name}-{member.Ordinal}",
                member => member.IsLeader ? MemberRole.Leader : member.IsUp ? MemberRole.Follower : MemberRole.Unknown,
                StringComparer.Ordinal),
            Preparation = input.Question.Phase is not GatePhase.BeforePod || !leads ? GatePreparation.None
                : input.PreparationsTried < MostPreparations ? GatePreparation.Needed : GatePreparation.Exhausted,
            Baseline = input.Question.Phase is GatePhase.BeforePod ? "member" : null,
        };
    }

    public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken)
    {
        bool isDone = random.Next(3) > 0 && ensemble(input.Context.Name).MoveLeader();
        return Task.FromResult(new GatePrepareResult(isDone, ReasonCodes.GatePrepared, isDone ? "" : $"{input.Context.Name}: leadership was not moved"));
    }

    public void Dispose()
    {
        // It holds nothing.
    }

    private sealed record Seen(ImmutableArray<MemberState> Members, DateTimeOffset At) : GateObservation;
}

/// <summary>Makes <see cref="EnsembleGate"/>s in place of the real gates.</summary>
internal sealed class EnsembleGateFactory(string process, Func<string, Ensemble> ensemble, TimeProvider clock, Random random, bool lies) : IGateFactory
{
    public Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken) =>
        Task.FromResult(new MadeGate(new EnsembleGate(process, ensemble, clock, random, lies), ""));
}
