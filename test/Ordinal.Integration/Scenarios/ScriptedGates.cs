using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Integration.Scenarios;

/// <summary>What the gates of one namespace answer. A test changes it while the operator runs.</summary>
internal sealed class GateScript
{
    private volatile string leader = "";
    private volatile Func<GatePhase, string, bool> mayPass = (_, _) => true;

    /// <summary>Gets or sets the name of the pod that leads; empty when nobody does.</summary>
    public string Leader
    {
        get => leader;
        set => leader = value;
    }

    /// <summary>Gets or sets what is open, by phase and pod; the pod is empty where the question is about the whole workload.</summary>
    public Func<GatePhase, string, bool> MayPass
    {
        get => mayPass;
        set => mayPass = value;
    }

    /// <summary>Gets what was asked, in order.</summary>
    public ConcurrentQueue<(GatePhase Phase, string Pod)> Asked { get; } = new();
}

/// <summary>Gates whose answers the test gives, in place of those that ask a workload. All else of the operator is as it is shipped.</summary>
internal sealed class ScriptedGates : IGateFactory
{
    private readonly ConcurrentDictionary<string, GateScript> scripts = new(StringComparer.Ordinal);

    /// <summary>Gets the script of a namespace.</summary>
    public GateScript Of(string ns) => scripts.GetOrAdd(ns, _ => new GateScript());

    /// <inheritdoc/>
    public Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken) => Task.FromResult(new MadeGate(new Gate(Of(ns)), ""));

    private sealed class Gate(GateScript script) : IGate
    {
        public string Type => "Etcd";

        public TimeSpan ObserveDeadline => TimeSpan.FromSeconds(5);

        public Task<GateObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
        {
            // What may pass is read first: a test that changes both names the leader first.
            var mayPass = script.MayPass;
            var leader = script.Leader;
            var answers = ImmutableDictionary.CreateBuilder<string, bool>(StringComparer.Ordinal);
            foreach (var question in questions)
            {
                var pods = question.Pods.IsDefaultOrEmpty ? [""] : question.Pods.Select(uid => context.FindByUid(uid)?.Pod ?? "").ToArray();
                foreach (var pod in pods)
                {
                    script.Asked.Enqueue((question.Phase, pod));
                }

                answers[question.Key] = pods.All(pod => mayPass(question.Phase, pod));
            }

            return Task.FromResult<GateObservation>(new Seen(leader, answers.ToImmutable()));
        }

        public GateAnswer Evaluate(GateInput input, GateObservation observation)
        {
            var seen = (Seen)observation;
            var isOpen = seen.Answers.GetValueOrDefault(input.Question.Key);
            return new GateAnswer
            {
                Verdict = isOpen ? GateVerdict.Allow : GateVerdict.Deny,
                Reason = isOpen ? ReasonCodes.GateOpen : ReasonCodes.EtcdQuorumWouldBreak,
                Message = isOpen ? $"{input.Context.Name}: the script lets it" : $"{input.Context.Name}: the script does not let it; change the script",
                Roles = input.Context.Pods.ToImmutableSortedDictionary(pod => pod.Pod, pod => pod.Pod == seen.Leader ? MemberRole.Leader : MemberRole.Follower, StringComparer.Ordinal),
                ValidFor = TimeSpan.FromSeconds(30),
            };
        }

        public Task<GatePrepareResult> PrepareAsync(GateInput input, GateObservation observation, CancellationToken cancellationToken) =>
            Task.FromResult(new GatePrepareResult(true, ReasonCodes.GatePrepared, ""));

        public void Dispose()
        {
            // It holds nothing.
        }

        private sealed record Seen(string Leader, ImmutableDictionary<string, bool> Answers) : GateObservation;
    }
}
