using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>What must be true before a rollout may touch anything. A refusal names the field and what to write instead.</summary>
internal static class Preflight
{
    /// <summary>Chooses the driver, or says why the rollout cannot start.</summary>
    internal static UpdateDriver Choose(ref Pass pass, out ReasonCode? refusal, out Words message)
    {
        (refusal, message) = Refusal(ref pass);
        return refusal is null ? DriverOf(in pass) : UpdateDriver.Auto;
    }

    /// <summary>The type of strategy that the set rests in: the one kept at adoption, else the one it has.</summary>
    internal static UpdateStrategyType RestTypeOf(StatefulSetSnapshot set) => (set.OriginalStrategy ?? set.Strategy).Type;

    /// <summary>Why the OnDelete driver may not switch the strategy; null when it may, or need not (T1).</summary>
    internal static Words? DeclaredElsewhere(in Pass pass)
    {
        if (RestTypeOf(pass.Set) is UpdateStrategyType.OnDelete || pass.Set.StrategyTypeDeclaredBy.IsEmpty)
        {
            return null;
        }

        var who = default(Words);
        who.AppendList(pass.Set.StrategyTypeDeclaredBy.AsSpan());
        return Words.Of($"{pass.SetName}: {who} declares spec.updateStrategy.type, and its next apply would roll every pod at once under the OnDelete driver; remove updateStrategy from that manifest, or use order OrdinalDescending with maxUnavailable 1 and driver Partition.");
    }

    private static UpdateDriver DriverOf(in Pass pass) => pass.Policy.Driver switch
    {
        UpdateDriver.Partition => UpdateDriver.Partition,
        UpdateDriver.OnDelete => UpdateDriver.OnDelete,
        UpdateDriver.Native => UpdateDriver.Native,
        UpdateDriver.Auto => pass.Policy.Order is PodOrderKind.OrdinalDescending && IsOne(in pass) && RestTypeOf(pass.Set) is UpdateStrategyType.RollingUpdate
            ? UpdateDriver.Partition
            : UpdateDriver.OnDelete,
    };

    private static (ReasonCode? Refusal, Words Message) Refusal(ref Pass pass)
    {
        var (policy, name) = (pass.Policy, pass.SetName);
        if (pass.Request.Type is RolloutType.Scale)
        {
            return (ReasonCodes.NotSupported, $"{name}: rollouts of type Scale are not supported by this version; write spec.replicas of the StatefulSet.");
        }

        if (policy.OnFailure is FailureAction.RevertPods && RestTypeOf(pass.Set) is UpdateStrategyType.OnDelete)
        {
            return (ReasonCodes.DriverImpossible, $"{name}: the StatefulSet declares updateStrategy OnDelete, under which a removed pod never comes back at its old revision; use update.onFailure Halt or RevertTemplate.");
        }

        if (policy.Order is PodOrderKind.LeaderLast && RolesGate(policy) is null)
        {
            return (ReasonCodes.NoRoles, $"{name}: update.order LeaderLast needs a gate that tells which member leads, and the policy has none; add one, or use OrdinalDescending.");
        }

        if (policy.Driver is UpdateDriver.Partition or UpdateDriver.Native)
        {
            var refusal = PartitionRefusal(ref pass);
            return refusal.Refusal is null && policy.Driver is UpdateDriver.Native ? NativeRefusal(ref pass) : refusal;
        }

        return DriverOf(in pass) is UpdateDriver.OnDelete && DeclaredElsewhere(in pass) is { } declared
            ? (ReasonCodes.StrategyDeclaredElsewhere, declared)
            : (null, default);
    }

    private static (ReasonCode? Refusal, Words Message) PartitionRefusal(ref Pass pass)
    {
        var (name, driver) = (pass.SetName, pass.Policy.Driver);
        if (pass.Policy.Order is not PodOrderKind.OrdinalDescending)
        {
            return (ReasonCodes.DriverImpossible, $"{name}: driver {driver} can only go from the highest ordinal down, not {pass.Policy.Order}; use driver Auto or OnDelete.");
        }

        if (!IsOne(in pass))
        {
            return (
                ReasonCodes.DriverImpossible,
                $"{name}: driver {driver} takes one pod at a time, and update.maxUnavailable {pass.Policy.MaxUnavailable} is {pass.Policy.MaxUnavailable.Resolve(pass.Facts.Length)} of {pass.Facts.Length} pods; use driver Auto or OnDelete, or set it to 1.");
        }

        return RestTypeOf(pass.Set) is UpdateStrategyType.OnDelete
            ? (ReasonCodes.DriverImpossible, Words.Of($"{name}: the StatefulSet declares updateStrategy OnDelete, which driver {driver} would have to change; use driver Auto or OnDelete."))
            : (null, default);
    }

    /// <summary>Under OrderedReady a gated pod blocks the creation of every other (T15, T16); without its address it may never join, so its gate may never open.</summary>
    private static (ReasonCode? Refusal, Words Message) NativeRefusal(ref Pass pass)
    {
        var (name, set, service) = (pass.SetName, pass.Set, pass.Input.Snapshot.Service);
        var fact = set.PodManagement is not PodManagementPolicy.Parallel
            ? Words.Of("podManagementPolicy is OrderedReady, under which a pod whose readiness gate is closed blocks the creation of every other; it can only be set when the StatefulSet is made")
            : !set.HasReadinessGate
                ? Words.Of("the pod template does not declare the readiness gate: add {conditionType: ordinal.dev/gate} to spec.template.spec.readinessGates")
            : service is null or { Exists: false }
                ? Words.Of($"its Service \"{service?.Name}\" does not exist, or may not be read; create it headless, with publishNotReadyAddresses: true")
            : !service.IsHeadless ? Words.Of($"its Service {service.Name} is not headless; set clusterIP: None")
            : !service.PublishesNotReady ? Words.Of($"its Service {service.Name} hides pods that are not ready, so a gated pod could never join; set publishNotReadyAddresses: true")
            : default;
        return fact.IsEmpty ? (null, default) : (ReasonCodes.NativeMisconfigured, Words.Of($"{name}: driver Native cannot work: {fact}, or use driver Partition."));
    }

    /// <summary>The first gate that can tell roles; null when there is none.</summary>
    internal static GatePolicy? RolesGate(UpdatePolicy policy)
    {
        foreach (var gate in policy.Gates)
        {
            if (gate.TellsRoles)
            {
                return gate;
            }
        }

        return null;
    }

    private static bool IsOne(in Pass pass) => pass.Policy.MaxUnavailable.Resolve(pass.Facts.Length) == 1;
}
