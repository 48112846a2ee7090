using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>Builds the pods of a set and repairs those that lost what makes them its pods.</summary>
public static class PodIdentity
{
    public const string PodNameLabel = "statefulset.kubernetes.io/pod-name";
    public const string PodIndexLabel = "apps.kubernetes.io/pod-index";
    public const string RevisionLabel = "controller-revision-hash";

    /// <summary>Builds the document of a pod: the template of its revision, and name, labels, host name and claims of its ordinal.</summary>
    public static JsonObject Build(StatefulSetView set, JsonElement template, string revision, long ordinal)
    {
        string name = set.PodName(ordinal);
        JsonObject metadata = template.At("metadata") is { ValueKind: JsonValueKind.Object } given ? JsonNode.Parse(given.GetRawText())!.AsObject() : [];
        metadata.Remove("creationTimestamp");
        metadata["name"] = name;
        metadata["generateName"] = $"{set.Name}-";
        metadata["namespace"] = set.Key.Namespace;
        metadata["ownerReferences"] = new JsonArray(OwnerReference.ControllerOf(ResourceKind.StatefulSets, set.Document).ToJson());
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        labels[RevisionLabel] = revision;
        PutLabels(labels, name, ordinal);
        JsonObject spec = template.At("spec") is { ValueKind: JsonValueKind.Object } wanted ? JsonNode.Parse(wanted.GetRawText())!.AsObject() : [];
        spec["hostname"] = name;
        if (set.Document.Root.TextAt("spec", "serviceName") is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        PutVolumes(set, spec, ordinal);
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec };
    }

    /// <summary>Tells whether a pod has the identity labels and the claim volumes that it should have. The revision label is never repaired.</summary>
    public static bool IsSettled(StatefulSetView set, PodFacts pod)
    {
        JsonElement root = pod.Document!.Root;
        if (root.TextAt("metadata", "labels", PodNameLabel) != pod.Name || root.TextAt("metadata", "labels", PodIndexLabel) != Text(pod.Ordinal))
        {
            return false;
        }

        foreach (string template in set.ClaimTemplates)
        {
            JsonElement volume = root.ItemsAt("spec", "volumes").FirstOrDefault(volume => volume.TextAt("name") == template);
            if (volume.TextAt("persistentVolumeClaim", "claimName") != set.ClaimName(template, pod.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Repairs a pod's document in place.</summary>
    public static void Repair(StatefulSetView set, JsonObject pod, long ordinal)
    {
        JsonObject metadata = pod["metadata"]!.AsObject();
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        PutLabels(labels, set.PodName(ordinal), ordinal);
        PutVolumes(set, pod["spec"]!.AsObject(), ordinal);
    }

    /// <summary>Builds the claim of one template for one ordinal, labelled with the set's matchLabels.</summary>
    public static JsonObject BuildClaim(StatefulSetView set, JsonElement template, long ordinal)
    {
        JsonObject claim = JsonNode.Parse(template.GetRawText())!.AsObject();
        claim.Remove("status");
        claim["apiVersion"] = "v1";
        claim["kind"] = "PersistentVolumeClaim";
        JsonObject metadata = claim["metadata"]!.AsObject();
        metadata.Remove("creationTimestamp");
        metadata["name"] = set.ClaimName(template.TextAt("metadata", "name") ?? "", ordinal);
        metadata["namespace"] = set.Key.Namespace;
        JsonObject labels = metadata["labels"] as JsonObject ?? [];
        foreach ((string key, string value) in set.Document.Root.MapAt("spec", "selector", "matchLabels"))
        {
            labels[key] = value;
        }

        metadata["labels"] = labels;
        return claim;
    }

    private static void PutLabels(JsonObject labels, string name, long ordinal)
    {
        labels[PodNameLabel] = name;
        labels[PodIndexLabel] = Text(ordinal);
    }

    private static void PutVolumes(StatefulSetView set, JsonObject spec, long ordinal)
    {
        if (set.ClaimTemplates.IsEmpty)
        {
            return;
        }

        JsonArray volumes = [.. set.ClaimTemplates.Select(template => new JsonObject
        {
            ["name"] = template,
            ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = set.ClaimName(template, ordinal) },
        })];
        foreach (JsonNode? other in spec["volumes"] as JsonArray ?? [])
        {
            if (!set.ClaimTemplates.Contains((string?)other?["name"] ?? ""))
            {
                volumes.Add(other?.DeepClone());
            }
        }

        spec["volumes"] = volumes;
    }

    private static string Text(long ordinal) => ordinal.ToString(CultureInfo.InvariantCulture);
}
