using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Pods: graceful deletion, and a spec that hardly changes.</summary>
public sealed class PodStrategy : ResourceStrategy
{
    public override bool AnswersDeletedObject => true;

    public override void PrepareForCreate(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("enableServiceLinks", true);
        document["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(spec) };
    }

    /// <summary>What admission adds belongs to nobody.</summary>
    public override void Admit(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("priority", 0L);
        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        TolerateLostNodes(spec);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
        if (subresource.Length == 0)
        {
            // A list of tolerations that is sent without these gets them again.
            TolerateLostNodes(document.Ensure("spec"));
        }

        // The class follows from the spec and never changes; a status writer may leave it out.
        if (old.Child("status")?["qosClass"] is { } quality)
        {
            document.Ensure("status").Default("qosClass", quality.DeepClone());
        }

        if (subresource == "status")
        {
            document.Ensure("status").Default("phase", "Pending");
        }
    }

    public override void ApplyDefaults(JsonObject document)
    {
        PodDefaults.Apply(document.Ensure("spec"));
        ConditionTimes.Fill(document, "lastProbeTime", "lastTransitionTime");
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            return;
        }

        JsonObject spec = document.Ensure("spec");
        PodRules.Validate(spec, "spec", errors);
        if (old is not null)
        {
            PodUpdateRules.Validate(spec, old.Ensure("spec"), errors);
            return;
        }

        if (spec["ephemeralContainers"] is not null)
        {
            errors.Forbidden("spec.ephemeralContainers", "cannot be set on create");
        }

        if (spec.List("schedulingGates") is { Count: > 0 } && !string.IsNullOrEmpty(spec.Text("nodeName")))
        {
            errors.Forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
        }

        foreach ((JsonObject secret, string at) in PodRules.Items(spec, "imagePullSecrets", "spec"))
        {
            if (string.IsNullOrEmpty(secret.Text("name")))
            {
                errors.Warnings.Add($"{at}.name: invalid empty name \"\"");
            }
        }
    }

    /// <summary>Binding does not count.</summary>
    public override bool ChangesGeneration(JsonObject document, JsonObject old)
    {
        var now = (JsonObject?)document["spec"]?.DeepClone();
        now?.Remove("nodeName");
        var before = (JsonObject?)old["spec"]?.DeepClone();
        before?.Remove("nodeName");
        return !JsonNodes.Same(now, before);
    }

    /// <summary>A pod without a node, or one that has ended, goes at once.</summary>
    public override long? GraceSeconds(JsonObject document, long? asked)
    {
        JsonObject? spec = document.Child("spec");
        long seconds = asked ?? spec.Number("terminationGracePeriodSeconds") ?? 0;
        bool isPlaced = !string.IsNullOrEmpty(spec.Text("nodeName"));
        bool hasEnded = document.Child("status").Text("phase") is "Succeeded" or "Failed";
        return !isPlaced || hasEnded ? 0 : seconds < 0 ? 1 : seconds;
    }

    /// <summary>The admission plugin DefaultTolerationSeconds: a pod stays for five minutes on a node that is lost, if it says nothing else.</summary>
    private static void TolerateLostNodes(JsonObject spec)
    {
        const string Effect = "NoExecute";
        foreach (string key in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            bool isSaid = (spec.List("tolerations") ?? []).OfType<JsonObject>().Any(toleration =>
                (toleration.Text("key") is null or "" || toleration.Text("key") == key) && (toleration.Text("effect") is null or "" or Effect));
            if (!isSaid)
            {
                if (spec["tolerations"] is not JsonArray list)
                {
                    spec["tolerations"] = list = [];
                }

                list.Add((JsonNode)new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = Effect, ["tolerationSeconds"] = 300L });
            }
        }
    }

    private static string QualityOfService(JsonObject spec)
    {
        bool any = false;
        bool all = true;
        foreach (JsonObject container in (spec.List("containers") ?? []).OfType<JsonObject>())
        {
            JsonObject? resources = container.Child("resources");
            JsonObject? limits = resources.Child("limits");
            JsonObject? requests = resources.Child("requests");
            any |= limits is { Count: > 0 } || requests is { Count: > 0 };
            foreach (string name in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                all &= limits?[name] is not null && (requests?[name] is null || JsonNodes.Same(requests[name], limits[name]));
            }
        }

        return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
    }
}
