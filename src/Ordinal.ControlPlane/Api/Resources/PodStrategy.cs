using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Pods: graceful deletion, and a spec that hardly changes.</summary>
public sealed class PodStrategy : ResourceStrategy
{
    public override bool AnswersDeletedObject => true;

    public override void PrepareForCreate(JsonObject document) =>
        document["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = "BestEffort" };

    /// <summary>A pod without a node, or one that has ended, goes at once.</summary>
    public override long? GraceSeconds(JsonObject document, long? asked)
    {
        JsonObject? spec = document.Child("spec");
        long seconds = asked ?? spec.Number("terminationGracePeriodSeconds") ?? 0;
        bool isPlaced = !string.IsNullOrEmpty(spec.Text("nodeName"));
        bool hasEnded = document.Child("status").Text("phase") is "Succeeded" or "Failed";
        return !isPlaced || hasEnded ? 0 : seconds < 0 ? 1 : seconds;
    }
}
