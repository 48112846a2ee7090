using System.Collections.Immutable;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>Makes a gate from its part of a policy.</summary>
public interface IGateFactory
{
    /// <summary>Makes a gate. What cannot work makes one that answers Misconfigured; nothing is thrown for it.</summary>
    /// <param name="ns">The policy's namespace, in which Secrets are looked up.</param>
    /// <param name="spec">The gate's part of the policy.</param>
    /// <param name="cancellationToken">Ends the reading of Secrets.</param>
    /// <exception cref="ApiException">A Secret could not be read just now.</exception>
    Task<MadeGate> CreateAsync(string ns, GateSpec spec, CancellationToken cancellationToken);
}

/// <summary>A gate, and what it was made of.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="SecretVersions">The resourceVersions of the Secrets it was made of; empty when it needs none.</param>
public sealed record MadeGate(IGate Gate, string SecretVersions);

/// <summary>
/// Keeps one gate for each entry of each policy, as long as spec and Secrets are the same: what the keeper counts is bound to it. Secrets
/// are not watched (that would need the right to list them all); they are read again every 5 minutes while the gate is in use.
/// </summary>
public sealed class GateBook(IGateFactory factory, TimeProvider timeProvider)
{
    private static readonly TimeSpan SecretsInterval = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Policy, string Gate), Entry> entries = [];
    private readonly Lock gate = new();

    /// <summary>Returns the gates of a policy, in the policy's order.</summary>
    /// <exception cref="ApiException">A Secret could not be read just now, and there is no gate made earlier.</exception>
    public async Task<ImmutableArray<GateBinding>> BindAsync(V1Alpha1RolloutPolicy policy, UpdatePolicy rules, CancellationToken cancellationToken)
    {
        var bindings = ImmutableArray.CreateBuilder<GateBinding>();
        foreach (var rule in rules.Gates)
        {
            if (policy.Spec.Gates?.FirstOrDefault(each => each.Name == rule.Name) is { } spec)
            {
                bindings.Add(new GateBinding(rule, await BindAsync(policy, spec, cancellationToken)));
            }
        }

        return bindings.ToImmutable();
    }

    /// <summary>Disposes the gates of a policy that is gone.</summary>
    public void Forget(string policyUid)
    {
        List<Entry> gone;
        lock (gate)
        {
            gone = [.. entries.Where(entry => entry.Key.Policy == policyUid).Select(entry => entry.Value)];
            foreach (var key in entries.Keys.Where(key => key.Policy == policyUid).ToList())
            {
                entries.Remove(key);
            }
        }

        gone.ForEach(entry => entry.Made.Gate.Dispose());
    }

    private async Task<IGate> BindAsync(V1Alpha1RolloutPolicy policy, GateSpec spec, CancellationToken cancellationToken)
    {
        var key = (policy.Metadata.Uid, spec.Name);
        var text = Convert.ToBase64String(EntityJson.Write(spec));
        Entry? known;
        lock (gate)
        {
            known = entries.GetValueOrDefault(key);
        }

        var isSame = known is not null && known.Spec == text;
        if (isSame && (known!.Made.SecretVersions.Length == 0 || timeProvider.GetElapsedTime(known.MadeAt) < SecretsInterval))
        {
            return known.Made.Gate;
        }

        MadeGate made;
        try
        {
            made = await factory.CreateAsync(((IStoreItem)policy).Key.Namespace, spec, cancellationToken);
        }
        catch (ApiException) when (isSame)
        {
            // The old credentials are as good as they were; the gate itself says when they are not.
            return known!.Made.Gate;
        }

        if (isSame && known!.Made.SecretVersions == made.SecretVersions)
        {
            made.Gate.Dispose();
            made = known.Made;
        }

        lock (gate)
        {
            entries[key] = new Entry(text, made, timeProvider.GetTimestamp());
        }

        if (known is not null && known.Made.Gate != made.Gate)
        {
            known.Made.Gate.Dispose();
        }

        return made.Gate;
    }

    private sealed record Entry(string Spec, MadeGate Made, long MadeAt);
}
