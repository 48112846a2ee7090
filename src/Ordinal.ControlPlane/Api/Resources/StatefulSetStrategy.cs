using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>
/// StatefulSets. Of the update strategy only a missing <c>type</c> brings the block <c>rollingUpdate</c>: a manifest that names
/// the type and nothing else leaves it out, and then every pod is rolled.
/// </summary>
public sealed class StatefulSetStrategy : ResourceStrategy
{
    private const string Immutable =
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

    private static readonly string[] Mutable =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    /// <summary>Gets a value indicating whether <c>maxUnavailable</c> is kept; 1.36 drops it, its feature gate is off.</summary>
    public bool KeepsMaxUnavailable { get; init; }

    // Pods carry the name as a label and as their hostname's start.
    public override string? NameProblem(string name) => Names.LabelProblem(name);

    public override void PrepareForCreate(JsonObject document)
    {
        document["status"] = new JsonObject { ["replicas"] = 0L, ["availableReplicas"] = 0L };
        DropMaxUnavailable(document, null);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
        DropMaxUnavailable(document, old);
        if (subresource == "status")
        {
            JsonObject status = document.Ensure("status");
            status.Default("replicas", 0L);
            status.Default("availableReplicas", 0L);
        }
    }

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("podManagementPolicy", "OrderedReady");
        JsonObject update = spec.Ensure("updateStrategy");
        if (string.IsNullOrEmpty(update.Text("type")))
        {
            update["type"] = "RollingUpdate";
            update.Ensure("rollingUpdate");
        }

        if (update.Text("type") == "RollingUpdate")
        {
            update.Child("rollingUpdate")?.Default("partition", 0L);
        }

        ConditionTimes.Fill(document, "lastTransitionTime");
        JsonObject retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        retention.Default("whenDeleted", "Retain");
        retention.Default("whenScaled", "Retain");
        spec.Default("replicas", 1L);
        spec.Default("revisionHistoryLimit", 10L);
        JsonObject template = spec.Ensure("template");
        if (template["metadata"] is JsonObject metadata)
        {
            // Else a template whose last annotation was taken away would be another one than before it had any. Labels stay: without any the
            // template is refused, and the refusal tells an empty map from none.
            JsonNode? labels = metadata["labels"];
            MetadataRules.DropEmpty(metadata);
            if (labels is JsonObject { Count: 0 })
            {
                metadata["labels"] = labels;
            }
        }

        PodDefaults.Apply(template.Ensure("spec"));
        foreach (JsonObject claim in (spec.List("volumeClaimTemplates") ?? []).OfType<JsonObject>())
        {
            claim.Default("apiVersion", "v1");
            claim.Default("kind", "PersistentVolumeClaim");
            claim.Ensure("spec").Default("volumeMode", "Filesystem");
            claim.Default("status", new JsonObject { ["phase"] = "Pending" });
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            Status(document.Child("status"), errors);
            return;
        }

        JsonObject spec = document.Ensure("spec");
        if (spec.Text("podManagementPolicy") is not ("OrderedReady" or "Parallel"))
        {
            errors.Invalid("spec.podManagementPolicy", spec["podManagementPolicy"], "must be 'OrderedReady' or 'Parallel'");
        }

        UpdateStrategy(spec.Child("updateStrategy"), errors);
        Retention(spec.Child("persistentVolumeClaimRetentionPolicy"), errors);
        if (old is null)
        {
            Claims(spec, errors);
        }

        NotNegative(spec, "replicas", "spec.replicas", errors);
        NotNegative(spec, "minReadySeconds", "spec.minReadySeconds", errors);
        NotNegative(spec.Child("ordinals"), "start", "spec.ordinals.start", errors);
        if (old is null && spec.Text("serviceName") is { Length: > 0 } service)
        {
            PodRules.Report(Names.LabelProblems(service), "spec.serviceName", service, errors);
        }

        Selector(spec, isUpdate: old is not null, errors);
        if (old is not null && OthersChanged(spec, old.Ensure("spec")))
        {
            errors.Forbidden("spec", Immutable);
        }

        if (spec.Number("revisionHistoryLimit") is < 0)
        {
            errors.Warnings.Add("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
        }
    }

    private static void Status(JsonObject? status, FieldErrors errors)
    {
        string[] counters = ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
        foreach (string name in (string[])[.. counters, "observedGeneration", "collisionCount"])
        {
            NotNegative(status, name, $"status.{name}", errors);
        }

        foreach (string name in counters[1..])
        {
            if ((status.Number(name) ?? 0) > (status.Number("replicas") ?? 0))
            {
                errors.Invalid($"status.{name}", status?[name] ?? 0L, "cannot be greater than status.replicas");
            }
        }

        if ((status.Number("availableReplicas") ?? 0) > (status.Number("readyReplicas") ?? 0))
        {
            errors.Invalid("status.availableReplicas", status!["availableReplicas"], "cannot be greater than status.readyReplicas");
        }
    }

    private static void Claims(JsonObject spec, FieldErrors errors)
    {
        foreach ((JsonObject claim, string at) in PodRules.Items(spec, "volumeClaimTemplates", "spec"))
        {
            ClaimStrategy.Spec(claim.Child("spec"), $"{at}.spec", errors);
        }
    }

    private static bool OthersChanged(JsonObject spec, JsonObject old) =>
        spec.Select(p => p.Key).Union(old.Select(p => p.Key), StringComparer.Ordinal)
            .Any(name => !Mutable.Contains(name) && !JsonNodes.Same(spec[name], old[name]));

    private static void UpdateStrategy(JsonObject? strategy, FieldErrors errors)
    {
        JsonObject? rolling = strategy.Child("rollingUpdate");
        switch (strategy.Text("type"))
        {
            case "OnDelete" when rolling is not null:
                string partition = rolling.Number("partition")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null";
                string most = rolling["maxUnavailable"] is { } value ? JsonText.WriteString(value) : "null";
                errors.InvalidShown(
                    "spec.updateStrategy.rollingUpdate",
                    $"{{\"Partition\":{partition},\"MaxUnavailable\":{most}}}",
                    "only allowed for updateStrategy 'RollingUpdate'");
                break;
            case "OnDelete":
                break;
            case "RollingUpdate":
                NotNegative(rolling, "partition", "spec.updateStrategy.rollingUpdate.partition", errors);
                MaxUnavailable(rolling?["maxUnavailable"], errors);
                break;
            default:
                string block = rolling is null ? "null" : $"{{\"Partition\":{rolling.Number("partition") ?? 0},\"MaxUnavailable\":{JsonText.WriteString(rolling["maxUnavailable"])}}}";
                errors.InvalidShown(
                    "spec.updateStrategy",
                    $"{{\"Type\":{JsonText.WriteString(strategy?["type"])},\"RollingUpdate\":{block}}}",
                    "must be 'RollingUpdate' or 'OnDelete'");
                break;
        }
    }

    private static void MaxUnavailable(JsonNode? value, FieldErrors errors)
    {
        const string Field = "spec.updateStrategy.rollingUpdate.maxUnavailable";
        if (value is null)
        {
            return;
        }

        if (value.AsNumber() is { } count)
        {
            if (count < 0)
            {
                errors.Invalid(Field, value, "must be greater than or equal to 0");
            }
            else if (count == 0)
            {
                errors.Invalid(Field, value, "cannot be 0");
            }

            return;
        }

        string text = value.AsText() ?? "";
        bool isPercent = text.EndsWith('%') && int.TryParse(text[..^1], System.Globalization.CultureInfo.InvariantCulture, out _);
        int percent = isPercent ? int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        if (!isPercent)
        {
            errors.Invalid(Field, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
        }
        else if (percent == 0)
        {
            errors.Invalid(Field, value, "cannot be 0");
        }
        else if (percent > 100)
        {
            errors.Invalid(Field, value, "must not be greater than 100%");
        }
    }

    private static void NotNegative(JsonObject? parent, string name, string path, FieldErrors errors)
    {
        if (parent.Number(name) is < 0)
        {
            errors.Invalid(path, parent![name], "must be greater than or equal to 0");
        }
    }

    private static void Retention(JsonObject? policy, FieldErrors errors)
    {
        foreach (string when in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
        {
            if (policy?[when] is { } value && value.AsText() is not ("Retain" or "Delete"))
            {
                errors.NotSupported($"spec.persistentVolumeClaimRetentionPolicy.{when}", value, "Retain", "Delete");
            }
        }
    }

    private static void Selector(JsonObject spec, bool isUpdate, FieldErrors errors)
    {
        JsonObject? document = spec.Child("selector");
        LabelSelector? selector = SelectorRules.Readable(document);
        if (document is null)
        {
            errors.Required("spec.selector");
        }
        else
        {
            SelectorRules.Validate(document, "spec.selector", errors);
            if (document.Child("matchLabels") is null or { Count: 0 } && document.List("matchExpressions") is null or { Count: 0 })
            {
                errors.Invalid("spec.selector", document, "empty selector is invalid for statefulset");
            }

            if (selector is null)
            {
                // Without a selector there is nothing to hold the template against.
                errors.InvalidBare("spec.selector", document);
                Owner(spec, errors);
                return;
            }
        }

        // No selector selects nothing; an empty one is not held against the template.
        JsonObject? labels = spec.Child("template").Child("metadata").Child("labels");
        var values = (labels ?? []).ToDictionary(p => p.Key, p => p.Value.AsText() ?? "", StringComparer.Ordinal);
        if (selector is null || (selector.Requirements.Count > 0 && !selector.Matches(values)))
        {
            // Labels that were taken away from a template are shown as none, those of no template as null.
            errors.Invalid("spec.template.metadata.labels", labels ?? (isUpdate && spec.Child("template").Child("metadata") is not null ? [] : null), "`selector` does not match template `labels`");
        }

        Template(spec, errors);
        Owner(spec, errors);
    }

    private static void Template(JsonObject spec, FieldErrors errors)
    {
        JsonObject? pod = spec.Child("template").Child("spec");
        JsonObject? withClaims = pod;
        if (pod is not null && spec.List("volumeClaimTemplates") is { Count: > 0 } claims)
        {
            withClaims = (JsonObject)pod.DeepClone();
            if (withClaims.List("volumes") is not { } volumes)
            {
                volumes = [];
                withClaims["volumes"] = volumes;
            }

            foreach (JsonObject claim in claims.OfType<JsonObject>())
            {
                string? name = claim.Child("metadata").Text("name");
                // A claim takes the place of a volume of its name.
                volumes.Remove(volumes.FirstOrDefault(v => (v as JsonObject).Text("name") == name));
                volumes.Insert(0, new JsonObject { ["name"] = name ?? "", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = name ?? "" } });
            }
        }

        PodRules.Validate(WithoutIdentity(withClaims), "spec.template.spec", errors);
        JsonObject? metadata = spec.Child("template").Child("metadata");
        MetadataRules.Labels(metadata.Child("labels"), "spec.template.labels", errors);
        MetadataRules.Annotations(metadata.Child("annotations"), "spec.template.annotations", errors);
    }

    /// <summary>The controller writes hostname and subdomain over whatever is in the template.</summary>
    private static JsonObject? WithoutIdentity(JsonObject? pod)
    {
        if (pod?["hostname"] is null && pod?["subdomain"] is null)
        {
            return pod;
        }

        var copy = (JsonObject)pod.DeepClone();
        copy.Remove("hostname");
        copy.Remove("subdomain");
        return copy;
    }

    private static void Owner(JsonObject spec, FieldErrors errors)
    {
        JsonObject? pod = spec.Child("template").Child("spec");
        if (pod.Text("restartPolicy") is { } restart and not "Always")
        {
            errors.NotSupported("spec.template.spec.restartPolicy", JsonValue.Create(restart), "Always");
        }

        if (pod?["activeDeadlineSeconds"] is not null)
        {
            errors.Forbidden("spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in StatefulSet is not Supported");
        }
    }

    private void DropMaxUnavailable(JsonObject document, JsonObject? old)
    {
        JsonObject? before = old.Child("spec").Child("updateStrategy").Child("rollingUpdate");
        if (!KeepsMaxUnavailable && before?["maxUnavailable"] is null)
        {
            document.Child("spec").Child("updateStrategy").Child("rollingUpdate")?.Remove("maxUnavailable");
        }
    }
}
