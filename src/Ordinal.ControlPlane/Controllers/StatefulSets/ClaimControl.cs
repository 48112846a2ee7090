using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>Writes the claims of a set's pods.</summary>
public sealed class ClaimControl(ClusterClient client, ObjectStore claims, OwnWrites ownWrites, EventRecorder events)
{
    /// <summary>Creates the claims of one pod that are missing. One that fails does not keep the others from being made.</summary>
    /// <exception cref="SyncFailedException">A claim could not be created, or is being deleted.</exception>
    public async Task CreateMissingAsync(StatefulSetView set, PodFacts pod, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        foreach (JsonElement template in set.Document.Root.ItemsAt("spec", "volumeClaimTemplates"))
        {
            string name = set.ClaimName(template.TextAt("metadata", "name") ?? "", pod.Ordinal);
            ObjectKey key = new(set.Key.Namespace, name);
            if (claims.Get(key) is { } known)
            {
                if (known.IsTerminating)
                {
                    problems.Add($"pvc {name} is being deleted");
                }

                continue;
            }

            try
            {
                JsonObject document = PodIdentity.BuildClaim(set, template, pod.Ordinal);
                ownWrites.Record(set.Key, claims, await client.CreateAsync(ResourceKind.Claims, set.Key.Namespace, document, cancellationToken));
                Publish(set, "Normal", "SuccessfulCreate", $"Create Claim {name} Pod {pod.Name} in StatefulSet {set.Name} success");
            }
            catch (ApiFailureException failure)
            {
                if (!failure.IsAlreadyExists)
                {
                    Publish(set, "Warning", "FailedCreate", $"Create Claim {name} for Pod {pod.Name} in StatefulSet {set.Name} failed error: {failure.StatusMessage}");
                }

                problems.Add($"failed to create PVC {name}: {failure.StatusMessage}");
            }
        }

        if (problems.Count > 0)
        {
            throw new SyncFailedException(problems.Count == 1 ? problems[0] : $"[{string.Join(", ", problems)}]");
        }
    }

    /// <summary>Sets the owners of one pod's claims by the retention policy; claims that the cache does not show yet are left for the next pass.</summary>
    /// <returns>True when a claim was written.</returns>
    /// <exception cref="SyncFailedException">A claim could not be written.</exception>
    public async Task<bool> SetOwnersAsync(StatefulSetView set, PodFacts pod, CancellationToken cancellationToken)
    {
        bool hasWritten = false;
        foreach (string template in set.ClaimTemplates)
        {
            ObjectKey key = new(set.Key.Namespace, set.ClaimName(template, pod.Ordinal));
            if (claims.Get(key) is not { } claim)
            {
                continue;
            }

            if (ClaimRetention.HasForeignController(set, pod, claim))
            {
                // Spelled as the real controller spells it.
                Publish(set, "Warning", "ConflictingController", $"PersistentVolumeClaim {key.Name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim");
            }

            if (ClaimRetention.OwnersAreRight(set, pod, claim))
            {
                continue;
            }

            JsonObject document = claim.ToMutable();
            ClaimRetention.PutOwners(set, pod, claim, document);
            try
            {
                ownWrites.Record(set.Key, claims, await client.ReplaceAsync(ResourceKind.Claims, key, document, "", cancellationToken));
                hasWritten = true;
            }
            catch (ApiFailureException failure)
            {
                throw new SyncFailedException($"could not update claim {key.Name} for delete policy ownerRefs: {failure.StatusMessage}", failure);
            }
        }

        return hasWritten;
    }

    private void Publish(StatefulSetView set, string type, string reason, string message) =>
        events.Publish(ResourceKind.StatefulSets, set.Document, type, reason, message);
}
