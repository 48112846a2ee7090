using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>Carries out the operations of a plan and tells of each on the set.</summary>
public sealed class PodControl(ClusterClient client, ObjectStore pods, ClaimControl claimControl, OwnWrites ownWrites, EventRecorder events)
{
    private const int LargestBatch = 500;
    private const int MostAttempts = 5;

    /// <summary>Carries out one stage.</summary>
    /// <param name="templates">The pod template of each revision, by name.</param>
    /// <exception cref="SyncFailedException">An operation failed. What ran beside it was finished, what would have come after was not begun.</exception>
    public async Task RunAsync(StatefulSetView set, PlanStage stage, IReadOnlyDictionary<string, JsonElement> templates, CancellationToken cancellationToken)
    {
        int size = 1;
        for (int next = 0; next < stage.Pods.Length;)
        {
            int count = Math.Min(stage.IsBurst ? Math.Min(size, LargestBatch) : 1, stage.Pods.Length - next);
            await Task.WhenAll(stage.Pods.Skip(next).Take(count).Select(operations => RunAsync(set, operations, templates, cancellationToken)));
            next += count;
            size *= 2;
        }
    }

    /// <summary>Deletes one pod. One that is gone already counts as deleted.</summary>
    /// <exception cref="SyncFailedException">The deletion failed.</exception>
    public async Task DeleteAsync(StatefulSetView set, PodFacts pod, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(ResourceKind.Pods, new ObjectKey(set.Key.Namespace, pod.Name), null, null, null, cancellationToken);
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            // What was wanted has happened.
        }
        catch (ApiFailureException failure)
        {
            throw Failed(set, "Delete", pod, failure.StatusMessage, failure);
        }

        Succeeded(set, "Delete", pod);
    }

    private async Task RunAsync(StatefulSetView set, IEnumerable<StatefulSetOperation> operations, IReadOnlyDictionary<string, JsonElement> templates, CancellationToken cancellationToken)
    {
        foreach (StatefulSetOperation operation in operations)
        {
            switch (operation)
            {
                case StatefulSetOperation.CreatePod create:
                    await CreateAsync(set, create.Pod, templates[create.Pod.Revision], cancellationToken);
                    break;
                case StatefulSetOperation.CreateClaims claims:
                    await claimControl.CreateMissingAsync(set, claims.Pod, cancellationToken);
                    await SetOwnersAsync(set, claims.Pod, cancellationToken);
                    break;
                case StatefulSetOperation.RepairPod repair:
                    await RepairAsync(set, repair.Pod, cancellationToken);
                    break;
                case StatefulSetOperation.RepairClaimOwners owners:
                    await claimControl.SetOwnersAsync(set, owners.Pod, cancellationToken);
                    break;
                case StatefulSetOperation.DeletePod delete:
                    await DeleteAsync(set, delete.Pod, cancellationToken);
                    break;
                default:
                    throw new ArgumentException($"unknown operation {operation.GetType().Name}", nameof(operations));
            }
        }
    }

    private async Task CreateAsync(StatefulSetView set, PodFacts pod, JsonElement template, CancellationToken cancellationToken)
    {
        ApiFailureException? refused = null;
        try
        {
            await claimControl.CreateMissingAsync(set, pod, cancellationToken);
            JsonObject document = PodIdentity.Build(set, template, pod.Revision, pod.Ordinal);
            KubeObject created = await client.CreateAsync(ResourceKind.Pods, set.Key.Namespace, document, cancellationToken);
            ownWrites.Record(set.Key, pods, created);
            pod = PodFacts.Of(created);
        }
        catch (SyncFailedException failure)
        {
            throw Failed(set, "Create", pod, failure.Message, failure);
        }
        catch (ApiFailureException failure) when (failure.IsAlreadyExists)
        {
            // Nothing to tell of: the cache is behind, or a pod of somebody else has the name.
            throw new SyncFailedException(failure.StatusMessage, failure);
        }
        catch (ApiFailureException failure)
        {
            // The claims get their owners all the same.
            refused = failure;
        }

        await SetOwnersAsync(set, pod, cancellationToken);
        if (refused is not null)
        {
            throw Failed(set, "Create", pod, refused.StatusMessage, refused);
        }

        Succeeded(set, "Create", pod);
    }

    private async Task<bool> SetOwnersAsync(StatefulSetView set, PodFacts pod, CancellationToken cancellationToken)
    {
        try
        {
            return await claimControl.SetOwnersAsync(set, pod, cancellationToken);
        }
        catch (SyncFailedException failure)
        {
            throw Failed(set, "Update", pod, failure.Message, failure);
        }
    }

    private async Task RepairAsync(StatefulSetView set, PodFacts pod, CancellationToken cancellationToken)
    {
        bool isSettled = PodIdentity.IsSettled(set, pod);
        if (!isSettled)
        {
            await claimControl.CreateMissingAsync(set, pod, cancellationToken);
        }

        // A claim that was written counts as an update of the pod, which is then written too and told of, though nothing in it changes.
        if (!await SetOwnersAsync(set, pod, cancellationToken) && isSettled)
        {
            return;
        }

        KubeObject current = pod.Document!;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                JsonObject document = current.ToMutable();
                PodIdentity.Repair(set, document, pod.Ordinal);
                ownWrites.Record(set.Key, pods, await client.ReplaceAsync(ResourceKind.Pods, current.Key, document, "", cancellationToken));
                Succeeded(set, "Update", pod);
                return;
            }
            catch (ApiFailureException failure) when (failure.IsConflict && attempt < MostAttempts)
            {
                KubeObject? live = await client.GetAsync(ResourceKind.Pods, current.Key, cancellationToken);
                if (live is null || live.Uid != current.Uid)
                {
                    return;
                }

                current = live;
            }
            catch (ApiFailureException failure)
            {
                throw Failed(set, "Update", pod, failure.StatusMessage, failure);
            }
        }
    }

    private void Succeeded(StatefulSetView set, string verb, PodFacts pod) => events.Publish(
        ResourceKind.StatefulSets, set.Document, "Normal", $"Successful{verb}", $"{verb} Pod {pod.Name} in StatefulSet {set.Name} successful");

    private SyncFailedException Failed(StatefulSetView set, string verb, PodFacts pod, string why, Exception failure)
    {
        events.Publish(ResourceKind.StatefulSets, set.Document, "Warning", $"Failed{verb}", $"{verb} Pod {pod.Name} in StatefulSet {set.Name} failed error: {why}");
        return new SyncFailedException($"{verb} Pod {pod.Name} in StatefulSet {set.Name} failed error: {why}", failure);
    }
}
