using System.Text.Json.Nodes;
using k8s.Models;
using Ordinal.Operator.View;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>What a target on the command line turned out to be.</summary>
/// <param name="Kind">Never Any.</param>
/// <param name="Object">The object that was named.</param>
/// <param name="Policy">Its policy; null when there is none (any more).</param>
internal sealed record Subject(TargetKind Kind, JsonObject Object, JsonObject? Policy)
{
    public NamespacedName Key => new(Object.Text("metadata", "namespace"), Object.Name());
}

/// <summary>Finds what people name, and all that belongs to it.</summary>
internal sealed class Lookup(CliSession session)
{
    private static readonly ResourceKind Pods = ResourceKind.Of<V1Pod>();
    private static readonly ResourceKind Events = ResourceKind.Of<Corev1Event>();

    private string Namespace => session.Namespace ?? throw CliProblem.Usage("an object is named, so -A cannot be; give its namespace with -n.");

    /// <summary>Finds a target. A bare name is a policy, else a rollout, else a StatefulSet.</summary>
    /// <exception cref="CliProblem">There is none.</exception>
    public async Task<Subject> FindAsync(TargetRef target, CancellationToken cancellationToken)
    {
        if (target.Kind is TargetKind.Any or TargetKind.Policy && await GetAsync(TargetRef.Policies, target.Name, cancellationToken) is { } policy)
        {
            return new Subject(TargetKind.Policy, policy, policy);
        }

        if (target.Kind is TargetKind.Any or TargetKind.Rollout && await GetAsync(TargetRef.Rollouts, target.Name, cancellationToken) is { } rollout)
        {
            return new Subject(TargetKind.Rollout, rollout, await GetAsync(TargetRef.Policies, rollout.Text("spec", "policyRef", "name"), cancellationToken));
        }

        if (target.Kind is TargetKind.Any or TargetKind.StatefulSet && await GetAsync(TargetRef.StatefulSets, target.Name, cancellationToken) is { } set)
        {
            return new Subject(TargetKind.StatefulSet, set, await PolicyOfAsync(target.Name, cancellationToken));
        }

        throw CliProblem.Usage(target.Kind switch
        {
            TargetKind.Policy => $"RolloutPolicy {Namespace}/{target.Name} does not exist; see: {CommandName.Text} list -n {Namespace}",
            TargetKind.Rollout => $"StatefulSetRollout {Namespace}/{target.Name} does not exist; see: {CommandName.Text} list -n {Namespace}",
            TargetKind.StatefulSet => $"StatefulSet {Namespace}/{target.Name} does not exist; see: kubectl get statefulsets -n {Namespace}",
            _ => $"namespace {Namespace} has no RolloutPolicy, StatefulSetRollout or StatefulSet of the name {target.Name}; see: {CommandName.Text} list -A",
        });
    }

    /// <summary>Finds a rollout to steer: itself, or the one that runs under a policy or on a StatefulSet.</summary>
    /// <exception cref="CliProblem">There is none, or more than one.</exception>
    public async Task<JsonObject> RolloutAsync(TargetRef target, CancellationToken cancellationToken)
    {
        var subject = await FindAsync(target, cancellationToken);
        if (subject.Kind is TargetKind.Rollout)
        {
            return subject.Object;
        }

        var running = (await RolloutsOfAsync(subject, cancellationToken)).Where(each => !RolloutFacts.IsFinished(each)).ToList();
        var named = $"{subject.Object.Text("kind")} {subject.Key}";
        return running switch
        {
            [var only] => only,
            [] => throw CliProblem.Usage($"{named} has no rollout under way; see: {CommandName.Text} list -n {subject.Key.Namespace}"),
            _ => throw CliProblem.Usage($"{named} has {running.Count} rollouts under way ({string.Join(", ", running.Select(each => each.Name()))}); name one of them as stsr/NAME."),
        };
    }

    /// <summary>Reads the rollouts of a policy or a StatefulSet, the oldest first.</summary>
    public async Task<IReadOnlyList<JsonObject>> RolloutsOfAsync(Subject subject, CancellationToken cancellationToken)
    {
        var policy = subject.Policy?.Name();
        var all = await session.ListAsync(TargetRef.Rollouts, subject.Key.Namespace, null, cancellationToken);
        return [.. all
            .Where(each => policy is not null && each.Text("spec", "policyRef", "name") == policy)
            .Where(each => subject.Kind is not TargetKind.StatefulSet || RolloutFacts.IsAbout(each, subject.Key.Name))
            .OrderBy(each => each.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ThenBy(each => each.Name(), StringComparer.Ordinal)];
    }

    /// <summary>Takes a picture of a subject with all that belongs to it.</summary>
    public async Task<ClusterPicture> PictureAsync(Subject subject, CancellationToken cancellationToken)
    {
        var ns = subject.Key.Namespace;
        var sets = session.ListAsync(TargetRef.StatefulSets, ns, null, cancellationToken);
        var pods = session.ListAsync(Pods, ns, null, cancellationToken);
        var events = session.ListAsync(Events, ns, null, cancellationToken);
        var rollouts = subject.Kind is TargetKind.Rollout ? [subject.Object] : await RolloutsOfAsync(subject, cancellationToken);
        var rollout = rollouts.LastOrDefault(each => !RolloutFacts.IsFinished(each)) ?? (rollouts is [.., var newest] ? newest : null);
        var names = NamesOf(subject, rollout);
        IReadOnlyList<JsonObject> members = [.. (await pods).Where(pod => pod.Items("metadata", "ownerReferences").Any(owner => owner.Text("kind") == "StatefulSet" && names.Contains(owner.Text("name"))))];
        var about = names.Concat(members.Select(pod => pod.Name())).Append(subject.Policy?.Name() ?? "").Append(rollout?.Name() ?? "").ToHashSet(StringComparer.Ordinal);
        return new ClusterPicture
        {
            Policy = subject.Policy,
            Rollout = rollout,
            StatefulSets = [.. (await sets).Where(set => names.Contains(set.Name()))],
            Pods = [.. members],
            Events = [.. (await events).Where(each => about.Contains(each.Text("involvedObject", "name")))],
        };
    }

    private static HashSet<string> NamesOf(Subject subject, JsonObject? rollout)
    {
        IEnumerable<string> names = subject.Kind switch
        {
            TargetKind.StatefulSet => [subject.Object.Name()],
            TargetKind.Rollout => RolloutFacts.TargetsOf(subject.Object) is { Count: > 0 } own ? own : PolicyFacts.TargetsOf(subject.Policy),
            _ => PolicyFacts.TargetsOf(subject.Policy).Concat(rollout is null ? [] : RolloutFacts.TargetsOf(rollout)),
        };
        return names.ToHashSet(StringComparer.Ordinal);
    }

    private async Task<JsonObject?> PolicyOfAsync(string set, CancellationToken cancellationToken)
    {
        var policies = await session.ListAsync(TargetRef.Policies, Namespace, null, cancellationToken);
        return policies
            .Where(policy => PolicyFacts.TargetsOf(policy).Contains(set, StringComparer.Ordinal))
            .OrderBy(policy => policy.Text("metadata", "creationTimestamp"), StringComparer.Ordinal)
            .ThenBy(policy => policy.Text("metadata", "uid"), StringComparer.Ordinal)
            .FirstOrDefault();
    }

    private Task<JsonObject?> GetAsync(ResourceKind kind, string name, CancellationToken cancellationToken) => name.Length == 0
        ? Task.FromResult<JsonObject?>(null)
        : session.FindAsync(kind, new NamespacedName(Namespace, name), cancellationToken);
}
