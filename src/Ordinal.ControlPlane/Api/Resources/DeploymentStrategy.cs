using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Deployments are stored with the defaults that kubectl shows; nothing runs them.</summary>
public sealed class DeploymentStrategy : ResourceStrategy
{
    public override void PrepareForCreate(JsonObject document) => document["status"] = new JsonObject();

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("replicas", 1L);
        spec.Default("revisionHistoryLimit", 10L);
        spec.Default("progressDeadlineSeconds", 600L);
        JsonObject strategy = spec.Ensure("strategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            JsonObject rolling = strategy.Ensure("rollingUpdate");
            rolling.Default("maxUnavailable", "25%");
            rolling.Default("maxSurge", "25%");
        }

        PodDefaults.Apply(spec.Ensure("template").Ensure("spec"));
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (!isStatusWrite)
        {
            PodRules.Validate(document.Child("spec").Child("template").Child("spec"), "spec.template.spec", errors);
        }
    }
}
