using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;
using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// Judges each write of an operator at the moment it reaches the server, by the rules of DESIGN section 4, from the store and the
/// judge's own book. It shares no code with the operator. The first broken rule ends the run.
/// </summary>
internal sealed partial class RuleChecker(ClusterTruth truth, TimeProvider time, Trace trace)
{
    /// <summary>The longest that the answer to a live look takes once it was carried out.</summary>
    private static readonly TimeSpan OnItsWayBack = TimeSpan.FromMilliseconds(20);

    /// <summary>Which requests have written their template: each may once.</summary>
    private readonly HashSet<string> wroteTemplate = new(StringComparer.Ordinal);

    /// <summary>Gets the first rule that was broken; null as long as none was.</summary>
    public string? Violation { get; private set; }

    /// <summary>Gets or sets how long an operator may not know of a pod that is lost by itself.</summary>
    public TimeSpan MayNotKnow { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long an operator may not know of a pod that is back.</summary>
    public TimeSpan StoresLag { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets the longest that a decision may be older than the request: a status write and a live look come between.</summary>
    private TimeSpan DecisionAge { get; set; } = TimeSpan.FromSeconds(10 + (2 * 4));

    /// <summary>Gets how many writes were carried out, those to leases and events left out.</summary>
    public long Writes { get; private set; }

    /// <summary>Gets how many pods the operators took or released.</summary>
    public long Taken { get; private set; }

    /// <summary>Lets an operator be late by as much as it was frozen, but no later than its lease lets it: then it is no leader any more.</summary>
    public void Frozen(TimeSpan span, TimeSpan renewDeadline)
    {
        TimeSpan late = span < renewDeadline ? span : renewDeadline;
        DecisionAge += late;
        MayNotKnow += late;
        StoresLag += late;
    }

    /// <summary>Reports a broken rule; the first one counts.</summary>
    public void Break(string rule)
    {
        trace.Add("BROKEN", rule);
        Violation ??= rule;
    }

    /// <summary>Carries out a write between two looks at the store.</summary>
    /// <param name="process">The operator process.</param>
    /// <param name="sentAt">When the process sent it, which may be long before it arrives.</param>
    /// <param name="carryOut">Sends it to the server, in one step.</param>
    public ApiResponse Witness(string process, ApiRequest request, DateTimeOffset sentAt, Func<ApiResponse> carryOut)
    {
        string[] parts = request.Path.Split('/');
        string kind = parts.FirstOrDefault(part => part is "leases" or "events" or "pods" or "statefulsets" or "rolloutpolicies" or "statefulsetrollouts") ?? "";
        string name = Array.IndexOf(parts, kind) is >= 0 and var at && at + 1 < parts.Length ? parts[at + 1] : "";
        if (kind is "leases" or "events")
        {
            return carryOut();
        }

        string holder = truth.Read("leases.coordination.k8s.io", "ordinal").TextAt("spec", "holderIdentity") ?? "";
        bool takes = kind == "pods" && (request.Method == "DELETE" || request.Path.EndsWith("/eviction", StringComparison.Ordinal));
        string? broken = takes ? BeforeRemoval(process, name, request, sentAt) : null;
        JsonElement setBefore = kind == "statefulsets" ? truth.Read("statefulsets.apps", name) : default;
        long partition = kind == "statefulsets" ? truth.Find(name)?.EffectivePartition ?? 0 : 0;
        string uid = takes ? truth.Read("pods", name).TextAt("metadata", "uid") ?? "" : "";
        string? opened = kind == "pods" && request.Path.EndsWith("/status", StringComparison.Ordinal) ? BeforeOpening(name) : null;

        ApiResponse response = carryOut();
        trace.Add(process, $"{request.Method} {kind}/{name}{(takes ? " (take)" : request.Path.EndsWith("/status", StringComparison.Ordinal) ? "/status" : "")} -> {response.StatusCode}{Detail(kind, name, partition)}");
        if (!response.IsSuccess)
        {
            return response;
        }

        Writes++;
        if (holder != process)
        {
            Break($"rule 4: {process} wrote {request} while \"{holder}\" holds the lease");
        }

        if ((opened ?? WithoutTerms(request, kind, name)) is { } found)
        {
            Break(found);
        }

        if (kind == "rolloutpolicies" && SaidInVain(name) is { } vain)
        {
            Break(vain);
        }

        if (takes)
        {
            AfterRemoval(name, uid, broken);
        }
        else if (kind == "statefulsets" && setBefore.ValueKind is JsonValueKind.Object)
        {
            AfterSetWrite(process, name, setBefore, partition, sentAt);
        }

        return response;
    }

    private string Detail(string kind, string name, long partition) =>
        kind == "statefulsets" && truth.Find(name) is { } set && set.EffectivePartition != partition
            ? string.Create(CultureInfo.InvariantCulture, $" partition {Words(partition)} to {Words(set.EffectivePartition)}")
            : "";

    private static string Words(long partition) => partition == long.MaxValue ? "OnDelete" : partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>Rules 1, 2 and 3 about a removal that is about to be carried out; null when all are kept.</summary>
    private string? BeforeRemoval(string process, string name, ApiRequest request, DateTimeOffset sentAt)
    {
        JsonElement body = JsonElement.Parse(request.Body.Span);
        JsonElement tested = request.Method == "DELETE" ? body.At("preconditions") : body.At("deleteOptions", "preconditions");
        JsonElement pod = truth.Read("pods", name);
        (string parent, long ordinal) = PodFacts.SplitName(name);
        if (truth.Find(parent) is not { } set || pod.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        string uid = pod.TextAt("metadata", "uid")!;
        string version = pod.TextAt("metadata", "resourceVersion")!;
        return tested.TextAt("uid") is null || tested.TextAt("resourceVersion") is null ? $"rule 3: {name} is taken without UID and resourceVersion as preconditions"
            : pod.TimeAt("metadata", "deletionTimestamp") is not null ? $"rule 3: {name} is taken although it is terminating"
            : Intent(set, ordinal, uid, version, isRelease: false)
                ?? BudgetOf(set, ordinal)
                ?? StepOf(set, ordinal)
                ?? WindowOf(set, ordinal)
                ?? ZoneOf(set, ordinal)
                ?? (DoesNotRun(pod) ? null : GateOf(set, process, uid, sentAt));
    }

    /// <summary>Tells whether a container of the pod waits to be run: such a pod has nothing that could stop.</summary>
    private static bool DoesNotRun(JsonElement pod) =>
        pod.ItemsAt("status", "containerStatuses").Any(each => each.At("state", "waiting").ValueKind is JsonValueKind.Object);

    /// <summary>
    /// Driver Native: the readiness gate of a pod of a change that is rolling opens only once the pod's AfterPod gate has passed, or while a pod
    /// is missing. A pod that is lost, or a template that changed, just now may not be known yet. While a set is not adopted a closed readiness gate would only keep
    /// the rollout that it finds there from ending.
    /// </summary>
    private string? BeforeOpening(string name)
    {
        (string parent, long ordinal) = PodFacts.SplitName(name);
        if (truth.Find(parent) is not { } set || !set.Pods.TryGetValue(ordinal, out PodTruth? pod))
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        bool isRolling = set.WasAdopted && set.EffectivePartition < set.Replicas && set.CurrentRevision != set.UpdateRevision && pod.Revision == set.UpdateRevision;
        bool oneWasMissing = set.Pods.Any(each => each.Key < set.Replicas && (each.Value.Uid.Length == 0 || now - each.Value.UidSince <= StoresLag));
        return isRolling && !oneWasMissing && set.Plan.Ensemble is { } ensemble && set.Plan.GatesAfter && !ensemble.HasPassedAfter(pod.Uid) && !set.Forced.Contains(pod.Uid)
            ? $"rule 2: the readiness gate of {name} opens although its AfterPod gate has not passed"
            : isRolling && set.Claim.Length > 0 && AwayBelowNext(set, ordinal, now) is { } away
            ? $"rule 1: the readiness gate of {name} opens, which lets the built-in controller take the next pod while {set.Plan.Name}-{away} is away"
            : null;
    }

    /// <summary>
    /// The pod that is away, known to be so, below the one that the built-in controller takes next once this one is ready; null when there is none, or no pod that serves is next.
    /// </summary>
    private long? AwayBelowNext(SetTruth set, long opened, DateTimeOffset now)
    {
        (long next, PodTruth? pod) = set.Pods.LastOrDefault(each => each.Key < set.Replicas && each.Value is { Uid.Length: > 0, IsTerminating: false } && each.Value.Revision != set.UpdateRevision);
        return pod?.IsAvailable(now, set.Plan.MinReady) is true && opened > next && set.EffectivePartition <= next
            && set.Pods.FirstOrDefault(each => each.Key < next && each.Value is not { Uid.Length: > 0, IsTerminating: false, ReadySince: not null } && now - each.Value.AwaySince > StoresLag) is { Value: not null } away ? away.Key : null;
    }

    private void AfterRemoval(string name, string uid, string? broken)
    {
        (string parent, long ordinal) = PodFacts.SplitName(name);
        if (broken is not null)
        {
            Break(broken);
        }

        if (truth.Find(parent) is { } set && set.Pods.TryGetValue(ordinal, out PodTruth? pod))
        {
            Taken++;
            pod.TakenUid = uid;
        }
    }

    private void AfterSetWrite(string process, string name, JsonElement before, long partitionBefore, DateTimeOffset sentAt)
    {
        if (truth.Find(name) is not { } set)
        {
            return;
        }

        JsonElement after = set.Document;
        foreach (string member in new[] { "template", "replicas", "selector", "podManagementPolicy", "minReadySeconds", "serviceName", "ordinals" })
        {
            if (member == "template" && (IsRestored(set, after.At("spec", "template")) || IsAskedFor(set, before)))
            {
                continue;
            }

            if (before.At("spec", member) is var old && after.At("spec", member) is var now
                && (old.ValueKind is JsonValueKind.Undefined ? "" : old.GetRawText()) != (now.ValueKind is JsonValueKind.Undefined ? "" : now.GetRawText()))
            {
                Break($"rule 7: {process} changed spec.{member} of {name}");
            }
        }

        CheckClaim(name, before.TextAt("metadata", "annotations", "ordinal.dev/held-by") ?? "", set);
        if (set.EffectivePartition < partitionBefore)
        {
            CheckRelease(process, name, set, partitionBefore, sentAt);
        }
    }

    /// <summary>Rule 3: a claim is taken over only from a rollout that has ended or is gone, and given back only under the hold.</summary>
    private void CheckClaim(string name, string before, SetTruth set)
    {
        if (set.Claim == before)
        {
            return;
        }

        if (before.Length > 0 && set.Claim.Length > 0
            && truth.ReadAll("statefulsetrollouts.ordinal.dev").FirstOrDefault(rollout => before.EndsWith("/" + rollout.TextAt("metadata", "uid"), StringComparison.Ordinal)) is { ValueKind: JsonValueKind.Object } holder
            && holder.TextAt("status", "completionTime") is null)
        {
            Break($"rule 3: the claim on {name} was taken from a rollout that has not ended");
        }

        if (before.Length > 0 && set.Claim.Length == 0 && set.EffectivePartition < set.Replicas && !set.Plan.MayBeReleasedByOthers && !set.Plan.IsNative)
        {
            Break($"{name} is given back with partition {set.EffectivePartition}: it is not held");
        }
    }

    private void CheckRelease(string process, string name, SetTruth set, long partitionBefore, DateTimeOffset sentAt)
    {
        if (set.Plan.IsNative)
        {
            // The built-in controller takes the pods; what is judged is when readiness gates open.
            return;
        }

        List<long> released = [];
        foreach ((long ordinal, PodTruth pod) in set.Pods)
        {
            if (ordinal < set.Replicas && ordinal >= set.EffectivePartition && ordinal < partitionBefore && pod.Uid.Length > 0 && pod.Revision != set.UpdateRevision)
            {
                released.Add(ordinal);
            }
        }

        if (released.Count > 1)
        {
            Break($"rule 1: one write releases {released.Count} pods of {name}");
        }

        foreach (long ordinal in released)
        {
            PodTruth pod = set.Pods[ordinal];

            // The write cannot test the pod's UID: one that was replaced while it was on its way, or just after the look before it, is no fault.
            string uid = pod.UidSince > sentAt - OnItsWayBack && pod.UidBefore.Length > 0 ? pod.UidBefore : pod.Uid;
            if ((Intent(set, ordinal, uid, null, isRelease: true) ?? BudgetOf(set, ordinal) ?? StepOf(set, ordinal) ?? WindowOf(set, ordinal) ?? ZoneOf(set, ordinal) ?? (DoesNotRun(truth.Read("pods", $"{name}-{ordinal}")) ? null : GateOf(set, process, uid, sentAt))) is { } rule)
            {
                Break(rule);
            }

            Taken++;
            pod.TakenUid = pod.Uid;
        }
    }

    /// <summary>Rule 3: the claim is a rollout's, and that rollout's stored status names this pod, in this version, as in flight.</summary>
    private string? Intent(SetTruth set, long ordinal, string uid, string? version, bool isRelease)
    {
        string what = $"{set.Plan.Name}-{ordinal}";
        JsonElement rollout = HolderOf(set);
        if (rollout.ValueKind is not JsonValueKind.Object)
        {
            return $"rule 3: {what} is taken without a claim of a rollout (\"{set.Claim}\")";
        }

        JsonElement target = TargetOf(rollout, set);
        bool goesBack = target.At("revert").ValueKind is JsonValueKind.Object;
        if (set.Pods[ordinal].Revision == target.TextAt(goesBack ? "fromRevision" : "toRevision"))
        {
            return $"rule 3: {what} is taken although it is at the target already";
        }

        if (target.TextAt("revert", "kind") == "RevertPods" && (set.EffectivePartition <= ordinal || set.EffectivePartition == long.MaxValue || set.CurrentRevision != target.TextAt("fromRevision")))
        {
            return $"{what} is taken to go back, and does not come back at {target.TextAt("fromRevision")}: partition {set.EffectivePartition}, current {set.CurrentRevision}";
        }

        return rollout.ItemsAt("status", "inFlight").Any(each =>
            each.TextAt("target") == set.Plan.Name
            && each.TextAt("uid") == uid
            && (version is null || each.TextAt("resourceVersion") == version)
            && each.TextAt("action") == "Release" == isRelease)
            ? null
            : $"rule 3: {what} ({uid}@{version}) is taken without an intent in the status: {rollout.At("status", "inFlight")}";
    }

    private JsonElement HolderOf(SetTruth set)
    {
        string claim = set.Claim.Length == 0 && time.GetUtcNow() - set.ClaimTakenOff.At <= DecisionAge ? set.ClaimTakenOff.Claim : set.Claim;
        return truth.ReadAll("statefulsetrollouts.ordinal.dev").FirstOrDefault(each => claim.Length > 0 && claim.EndsWith("/" + each.TextAt("metadata", "uid"), StringComparison.Ordinal));
    }

    private static JsonElement TargetOf(JsonElement rollout, SetTruth set) => rollout.ItemsAt("status", "targets").FirstOrDefault(each => each.TextAt("name") == set.Plan.Name);
}
