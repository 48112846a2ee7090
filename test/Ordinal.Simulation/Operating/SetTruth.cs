using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Simulation.Operating;

/// <summary>One StatefulSet as the store has it.</summary>
internal sealed class SetTruth(SetPlan plan)
{
    private readonly SortedDictionary<long, PodTruth> pods = [];
    private readonly List<DateTimeOffset> readySince = [];
    private JsonElement document;

    public SetPlan Plan => plan;

    public JsonElement Document => document;

    public string Uid => document.TextAt("metadata", "uid") ?? "";

    public int Replicas => (int)(document.NumberAt("spec", "replicas") ?? 0);

    public string Claim => document.TextAt("metadata", "annotations", "ordinal.dev/held-by") ?? "";

    /// <summary>Gets or sets the claim that somebody else took off, and when; what was decided before may still arrive.</summary>
    public (string Claim, DateTimeOffset At) ClaimTakenOff { get; set; } = ("", DateTimeOffset.MinValue);

    public string UpdateRevision => document.TextAt("status", "updateRevision") ?? "";

    public string CurrentRevision => document.TextAt("status", "currentRevision") ?? "";

    public bool IsObserved => document.NumberAt("status", "observedGeneration") == document.NumberAt("metadata", "generation");

    /// <summary>Gets what <c>spec.updateStrategy</c> releases from on; OnDelete releases nothing.</summary>
    public long EffectivePartition => EffectivePartitionOf(document);

    /// <summary>Gets a value indicating whether it was ever adopted. One that was not is none of the operator's: what rolls there began before, and ends as it began.</summary>
    public bool WasAdopted { get; private set; }

    /// <summary>Gets the size before the last change of it, and when that was.</summary>
    public (int Replicas, DateTimeOffset Until) Before { get; private set; }

    /// <summary>Gets the pods by ordinal: every expected one, missing or not, and those that still exist beyond.</summary>
    public SortedDictionary<long, PodTruth> Pods => pods;

    public static long EffectivePartitionOf(JsonElement set) => set.TextAt("spec", "updateStrategy", "type") == "OnDelete"
        ? long.MaxValue
        : set.NumberAt("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;

    /// <summary>Gets the incarnations that somebody named in <c>spec.force</c> of a rollout, to go past their gates.</summary>
    public HashSet<string> Forced { get; } = new(StringComparer.Ordinal);

    /// <summary>Tells when this many pods were first ready at the update revision; null when they never were.</summary>
    public DateTimeOffset? ReadyAtUpdateSince(int count) => count <= readySince.Count ? readySince[count - 1] : null;

    /// <summary>Takes in the set's new state.</summary>
    public void Take(JsonElement set, DateTimeOffset now)
    {
        int before = document.ValueKind is JsonValueKind.Object ? Replicas : 0;
        string update = document.ValueKind is JsonValueKind.Object ? UpdateRevision : "";
        document = set;
        WasAdopted |= document.TextAt("metadata", "annotations", "ordinal.dev/original-strategy") is not null;
        if (update != UpdateRevision)
        {
            readySince.Clear();
        }

        NoteReady(now);
        if (before != Replicas)
        {
            Before = (before, now);
        }

        for (long ordinal = 0; ordinal < Replicas; ordinal++)
        {
            // A release that was taken back ends here, not at the next look: by then another write may have moved the generation.
            Settle(Of(ordinal, now), now);
        }
    }

    /// <summary>Takes in the new state of one of its pods; an undefined document is a pod that is gone.</summary>
    public PodTruth Take(long ordinal, JsonElement pod, DateTimeOffset now)
    {
        PodTruth truth = Of(ordinal, now);
        bool wasAvailable = Settle(truth, now);
        JsonElement ready = pod.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "Ready");
        string uid = pod.TextAt("metadata", "uid") ?? "";
        if (uid != truth.Uid)
        {
            (truth.UidBefore, truth.UidSince) = (truth.Uid.Length > 0 ? truth.Uid : truth.UidBefore, now);
        }

        truth.Uid = uid;
        truth.Revision = pod.TextAt("metadata", "labels", "controller-revision-hash") ?? "";
        truth.IsTerminating = pod.TimeAt("metadata", "deletionTimestamp") is not null;
        JsonElement containers = pod.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "ContainersReady");
        truth.ContainersReadySince = containers.TextAt("status") == "True" ? containers.TimeAt("lastTransitionTime") : null;
        truth.ReadySince = ready.TextAt("status") == "True" ? ready.TimeAt("lastTransitionTime") : null;
        NoteReady(now);
        if (wasAvailable && !truth.IsAvailable(now, plan.MinReady))
        {
            truth.AwaySince = now;
        }

        return truth;
    }

    /// <summary>Counts the expected pods that are away by the operator's doing, and those away for other causes for longer than it may take to know.</summary>
    /// <param name="except">The ordinal that is about to go.</param>
    public (int Ours, int Natural) Away(long except, DateTimeOffset now, TimeSpan mayNotKnow)
    {
        (int ours, int natural) = (0, 0);
        for (long ordinal = 0; ordinal < Replicas; ordinal++)
        {
            PodTruth truth = Of(ordinal, now);
            bool isAvailable = Settle(truth, now);
            if (ordinal == except)
            {
                continue;
            }

            if (truth.TakenUid.Length > 0)
            {
                ours++;
            }
            else if (!isAvailable && now - truth.AwaySince > mayNotKnow)
            {
                natural++;
            }
        }

        return (ours, natural);
    }

    /// <summary>The most pods that may be away, by the size now and, as the operator may not know it yet, by the size shortly before.</summary>
    public int MostAway(DateTimeOffset now, TimeSpan mayNotKnow)
    {
        int most = plan.MaxAway(Replicas);
        return now - Before.Until <= mayNotKnow ? Math.Max(most, plan.MaxAway(Before.Replicas)) : most;
    }

    /// <summary>Ends what the operator's doing was once its successor serves and its gates have passed, or once a release was taken back.</summary>
    private bool Settle(PodTruth truth, DateTimeOffset now)
    {
        bool isAvailable = truth.IsAvailable(now, plan.MinReady);
        if (truth.TakenUid.Length == 0)
        {
            return isAvailable;
        }

        bool isBack = isAvailable && truth.Uid != truth.TakenUid && (plan.Ensemble is null || !plan.GatesAfter || truth.Revision != UpdateRevision || plan.Ensemble.HasPassedAfter(truth.Uid) || Forced.Contains(truth.Uid));
        bool isTakenBack = truth.Uid == truth.TakenUid && !truth.IsTerminating && IsObserved && EffectivePartition > OrdinalOf(truth);
        if (isBack || isTakenBack)
        {
            truth.TakenUid = "";
        }

        return isAvailable;
    }

    private void NoteReady(DateTimeOffset now)
    {
        int ready = pods.Count(pod => pod.Key < Replicas && pod.Value.Uid.Length > 0 && pod.Value.Revision == UpdateRevision && pod.Value.ReadySince is not null);
        while (readySince.Count < ready)
        {
            readySince.Add(now);
        }
    }

    private long OrdinalOf(PodTruth truth) => pods.First(pod => ReferenceEquals(pod.Value, truth)).Key;

    private PodTruth Of(long ordinal, DateTimeOffset now)
    {
        if (!pods.TryGetValue(ordinal, out PodTruth? truth))
        {
            pods[ordinal] = truth = new PodTruth { AwaySince = now };
        }

        return truth;
    }
}
