using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>
/// The StatefulSet controller: what wakes it, and the order of one sync (statefulset.md §2.2, §2.3). What is decided is in
/// <see cref="StatefulSetAlgorithm"/>; pods and claims are written by <see cref="PodControl"/> and <see cref="ClaimControl"/>.
/// </summary>
public sealed partial class StatefulSetController : KeyedController<ObjectKey>
{
    private const int StatusAttempts = 5;
    private static readonly TimeSpan StatusPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Resync = TimeSpan.FromHours(12);

    private readonly ClusterClient client;
    private readonly StatefulSetSwitches switches;
    private readonly Random random;
    private readonly ObjectStore sets;
    private readonly ObjectStore claims;
    private readonly OwnWrites ownWrites = new();
    private readonly StatefulSetMetrics metrics = new();
    private readonly PodClaiming claiming;
    private readonly RevisionControl revisionControl;
    private readonly PodControl podControl;

    /// <summary>Makes the controller and asks for the kinds that it reads.</summary>
    /// <param name="cache">The caches; not started yet.</param>
    /// <param name="switches">Which version's behaviour.</param>
    /// <param name="random">Seeded source of the resync times.</param>
    public StatefulSetController(ClusterClient client, ClusterCache cache, StatefulSetSwitches switches, TimeProvider timeProvider, Random random, ILogger logger)
        : base("statefulset", timeProvider, logger)
    {
        this.client = client;
        this.switches = switches;
        this.random = random;
        sets = cache.Of(ResourceKind.StatefulSets);
        claims = cache.Of(ResourceKind.Claims);
        ObjectStore pods = cache.Of(ResourceKind.Pods);
        ObjectStore revisions = cache.Of(ResourceKind.ControllerRevisions);
        Events = new EventRecorder(client, "statefulset-controller", "", timeProvider, logger);
        claiming = new PodClaiming(client, pods, revisions, ownWrites);
        revisionControl = new RevisionControl(client);
        podControl = new PodControl(client, pods, new ClaimControl(client, claims, ownWrites, Events), ownWrites, Events);
        sets.Subscribe(change => Queue.Add(change.Latest.Key));
        pods.Subscribe(PodChanged);
    }

    /// <summary>Gets the recorder of the events on sets.</summary>
    public EventRecorder Events { get; }

    /// <summary>Looks at every set again every 12 to 24 hours, until the token is cancelled; that is a normal return.</summary>
    public async Task ResyncAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Resync * (1 + random.NextDouble()), Clock, cancellationToken);
                foreach (KubeObject set in sets.List())
                {
                    Queue.Add(set.Key);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <inheritdoc/>
    public override void WriteMetrics(MetricsText text)
    {
        base.WriteMetrics(text);
        metrics.WriteTo(text);
    }

    /// <inheritdoc/>
    protected override async Task SyncAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        ownWrites.EnsureSeen(key);
        if (sets.Get(key) is not { } document)
        {
            ownWrites.Forget(key);
            return;
        }

        StatefulSetView set = StatefulSetView.Of(document);
        LabelSelector selector;
        try
        {
            selector = LabelSelector.Read(document.Root.At("spec", "selector"));
        }
        catch (FormatException failure)
        {
            BadSelector(Logger, key, failure.Message);
            return;
        }

        ImmutableArray<KubeObject> history = await claiming.ClaimRevisionsAsync(set, selector, cancellationToken);
        ImmutableArray<PodFacts> pods = await claiming.ClaimPodsAsync(set, selector, cancellationToken);
        await UpdateAsync(set, history, pods, cancellationToken);
    }

    private async Task UpdateAsync(StatefulSetView set, ImmutableArray<KubeObject> history, ImmutableArray<PodFacts> pods, CancellationToken cancellationToken)
    {
        SetRevisions revisions = await revisionControl.SettleAsync(set, history, cancellationToken);
        Dictionary<string, KubeObject> claimsByName = claims.List(set.Key.Namespace).ToDictionary(claim => claim.Name, StringComparer.Ordinal);
        StatefulSetInput input = new(set, pods, claimsByName, revisions.Current.Name, revisions.Update.Name, revisions.CollisionCount, Clock.GetUtcNow(), switches);
        StatefulSetPlan plan = StatefulSetAlgorithm.Plan(input);
        (StatefulSetStatus status, SyncFailedException? failure) = await CarryOutAsync(set, plan, revisions, cancellationToken);

        // The status is written even after a failure: what was seen is true all the same.
        status = StatefulSetAlgorithm.Complete(set, status, switches);
        if (switches.MaxUnavailable)
        {
            metrics.Note(set, plan.Unavailable);
        }

        if (status.DiffersFrom(set.Status))
        {
            await WriteStatusAsync(set, status, cancellationToken);
        }

        await revisionControl.TruncateAsync(set, history, revisions, pods, cancellationToken);
        if (failure is not null)
        {
            throw failure;
        }

        if (set.MinReadySeconds > 0 && status.ReadyReplicas != status.AvailableReplicas)
        {
            Queue.AddAfter(set.Key, NextAvailability(set, pods));
        }
    }

    private async Task<(StatefulSetStatus Status, SyncFailedException? Failure)> CarryOutAsync(StatefulSetView set, StatefulSetPlan plan, SetRevisions revisions, CancellationToken cancellationToken)
    {
        StatefulSetStatus status = plan.Status;
        Dictionary<string, JsonElement> templates = new(StringComparer.Ordinal)
        {
            [revisions.Current.Name] = RevisionHistory.TemplateOf(revisions.Current),
            [revisions.Update.Name] = RevisionHistory.TemplateOf(revisions.Update),
        };
        try
        {
            foreach (PlanStage stage in plan.Stages)
            {
                await podControl.RunAsync(set, stage, templates, cancellationToken);
            }

            foreach (StatefulSetOperation.DeletePod update in plan.Updates)
            {
                await podControl.DeleteAsync(set, update.Pod, cancellationToken);
                status = status with { CurrentReplicas = status.CurrentReplicas - 1 };
            }
        }
        catch (ApiFailureException failure)
        {
            return (status, new SyncFailedException(failure.Message, failure));
        }
        catch (SyncFailedException failure)
        {
            return (status, failure);
        }
        catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException)
        {
            return (status, new SyncFailedException(failure.Message, failure));
        }

        return (status, null);
    }

    private async Task WriteStatusAsync(StatefulSetView set, StatefulSetStatus status, CancellationToken cancellationToken)
    {
        KubeObject current = set.Document;
        for (int attempt = 1; ; attempt++)
        {
            JsonObject document = current.ToMutable();
            JsonObject written = document["status"] as JsonObject ?? [];
            status.WriteTo(written);
            document["status"] = written;
            try
            {
                ownWrites.Record(set.Key, sets, await client.ReplaceAsync(ResourceKind.StatefulSets, set.Key, document, "status", cancellationToken));
                return;
            }
            catch (ApiFailureException failure) when (failure.IsConflict && attempt < StatusAttempts)
            {
                await Task.Delay(StatusPause, Clock, cancellationToken);
                KubeObject? live = await client.GetAsync(ResourceKind.StatefulSets, set.Key, cancellationToken);
                if (live is null || live.Uid != current.Uid)
                {
                    return;
                }

                current = live;
            }
            catch (ApiFailureException failure) when (failure.IsNotFound)
            {
                return;
            }
        }
    }

    private TimeSpan NextAvailability(StatefulSetView set, ImmutableArray<PodFacts> pods)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        TimeSpan next = TimeSpan.FromSeconds(set.MinReadySeconds);
        foreach (PodFacts pod in pods)
        {
            if (pod.IsRunningAndReady && !pod.IsAvailable(set.MinReadySeconds, now) && pod.ReadySince is { } since)
            {
                TimeSpan left = since.AddSeconds(set.MinReadySeconds) - now;
                next = left < next ? left : next;
            }
        }

        return next;
    }

    [LoggerMessage(4020, LogLevel.Warning, "{Set}: its selector cannot be read, nothing is done: {Failure}")]
    private static partial void BadSelector(ILogger logger, ObjectKey set, string failure);
}
