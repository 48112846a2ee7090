using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Operator.View;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>Asks a policy's gates from where the command runs: the operator's own gates, over the caller's connection.</summary>
internal sealed class GatesProbe(CliSession session)
{
    private static readonly ResourceKind Pods = ResourceKind.Of<V1Pod>();

    /// <summary>Asks every gate about every StatefulSet of the subject, or about one pod.</summary>
    /// <exception cref="CliProblem">The policy cannot be followed, or there is no such StatefulSet or pod.</exception>
    public async Task<IReadOnlyList<GateRow>> AskAsync(Subject subject, JsonObject policyJson, string? pod, CancellationToken cancellationToken)
    {
        var policy = EntityJson.Read<V1Alpha1RolloutPolicy>(Encoding.UTF8.GetBytes(policyJson.ToJsonString()));
        var reading = PolicyReader.Read(policy.Metadata.Name, policy.Spec);
        if (!reading.Problems.IsEmpty)
        {
            throw new CliProblem(ExitCodes.Failed, $"RolloutPolicy {subject.Key.Namespace}/{policy.Metadata.Name}: {reading.Problems[0].Message}");
        }

        IReadOnlyList<string> sets = subject.Kind is TargetKind.StatefulSet ? [subject.Object.Name()] : PolicyFacts.TargetsOf(policyJson);
        if (sets.Count == 0)
        {
            throw CliProblem.Usage($"RolloutPolicy {subject.Key.Namespace}/{policy.Metadata.Name} selects its StatefulSets, and the operator has written none down; name one: sts/NAME --probe");
        }

        var found = new List<GateRow>();
        var bindings = await BindAsync(policy, reading.Policy, subject.Key.Namespace, cancellationToken);
        try
        {
            foreach (var set in sets)
            {
                found.AddRange(await AskAsync(await ContextAsync(new NamespacedName(subject.Key.Namespace, set), bindings, cancellationToken), pod, cancellationToken));
            }
        }
        finally
        {
            foreach (var binding in bindings)
            {
                binding.Gate.Dispose();
            }
        }

        return pod is null || found.Count > 0 ? found : throw CliProblem.Usage($"{string.Join(", ", sets)}: no pod {pod} in namespace {subject.Key.Namespace}.");
    }

    private async Task<ImmutableArray<GateBinding>> BindAsync(V1Alpha1RolloutPolicy policy, UpdatePolicy rules, string ns, CancellationToken cancellationToken)
    {
        var factory = new GateFactory(session.Api, session.Exec, session.Time);
        var bindings = ImmutableArray.CreateBuilder<GateBinding>();
        foreach (var rule in rules.Gates)
        {
            var made = await factory.CreateAsync(ns, policy.Spec.Gates!.First(each => each.Name == rule.Name), cancellationToken);
            bindings.Add(new GateBinding(rule, made.Gate));
        }

        return bindings.ToImmutable();
    }

    private async Task<(GateContext Context, string Revision)> ContextAsync(NamespacedName key, ImmutableArray<GateBinding> bindings, CancellationToken cancellationToken)
    {
        var strings = new StringPool();
        var json = await session.FindAsync(TargetRef.StatefulSets, key, cancellationToken) ?? throw CliProblem.Usage($"there is no StatefulSet {key}.");
        var set = StatefulSetItem.Read(Element(json), strings);
        var pods = (await session.ListAsync(Pods, key.Namespace, set.Selector, cancellationToken))
            .Select(each => PodItem.Read(Element(each), strings))
            .Where(each => each.OwnerUid == set.Uid)
            .OrderBy(each => each.Snapshot.Ordinal)
            .Select(each => each.Snapshot);
        var observation = new Observation(set, new WorkloadSnapshot { Set = set.Snapshot, Pods = [.. pods], Budgets = [], Freshness = Freshness.Fresh });
        return (Observer.GateContextOf(observation, bindings), set.Snapshot.UpdateRevision);
    }

    private async Task<IEnumerable<GateRow>> AskAsync((GateContext Context, string Revision) of, string? pod, CancellationToken cancellationToken)
    {
        var about = pod is null ? null : of.Context.Pods.FirstOrDefault(each => each.Pod == pod && !each.IsMissing);
        if (pod is not null && about is null)
        {
            return [];
        }

        var keeper = new GateKeeper(session.Time, NullLogger<GateKeeper>.Instance);
        var phase = about is null ? GatePhase.BeforeRollout : GatePhase.BeforePod;
        ImmutableArray<GateQuestion> questions = [.. of.Context.Gates.Select(gate => new GateQuestion(gate.Policy.Name, phase, about is null ? [] : [about.Uid], of.Revision))];
        var reports = await keeper.AskAsync(of.Context, questions, cancellationToken);
        return reports.Select((report, at) =>
        {
            var status = GateStatuses.Of(report);
            return new GateRow
            {
                Gate = report.Gate,
                Type = of.Context.Gates[at].Policy.Type,
                About = about?.Pod ?? of.Context.Name,
                Phase = status.Phase!,
                State = status.State!,
                Reason = status.Reason!,
                Message = status.Message ?? "",
                Observed = status.Observed ?? "",
                ProbedAt = report.ObservedAt,
            };
        });
    }

    private static JsonElement Element(JsonObject json)
    {
        using var document = JsonDocument.Parse(json.ToJsonString());
        return document.RootElement.Clone();
    }
}
