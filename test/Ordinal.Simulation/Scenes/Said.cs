using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Operating;

namespace Ordinal.Simulation.Scenes;

/// <summary>What the operator says of a set, read from the store as <c>kubectl get</c> would.</summary>
internal static class Said
{
    /// <summary>Finds the newest rollout of a set; undefined when there is none.</summary>
    public static JsonElement Rollout(this OperatorWorld stage, string set) =>
        stage.Rollouts(set).OrderBy(each => each.TextAt("metadata", "creationTimestamp"), StringComparer.Ordinal).LastOrDefault();

    /// <summary>Reads a condition: status, reason and message, all empty when there is none of this type.</summary>
    public static (string Status, string Reason, string Message) Condition(this JsonElement of, string type)
    {
        JsonElement found = of.ItemsAt("status", "conditions").FirstOrDefault(each => each.TextAt("type") == type);
        return (found.TextAt("status") ?? "", found.TextAt("reason") ?? "", found.TextAt("message") ?? "");
    }

    /// <summary>Reads a condition of a set's policy.</summary>
    public static (string Status, string Reason, string Message) Policy(this OperatorWorld stage, SetPlan set, string type) =>
        stage.Truth.Read("rolloutpolicies.ordinal.dev", set.PolicyName).Condition(type);

    /// <summary>Reads what the newest rollout of a set waits for: the reason and the sentence of <c>status.current</c>.</summary>
    public static (string Reason, string Words) Waits(this OperatorWorld stage, string set)
    {
        JsonElement current = stage.Rollout(set).At("status", "current");
        return (current.TextAt("reason") ?? "", current.TextAt("waitingFor") ?? "");
    }

    /// <summary>Tells whether the newest rollout of a set has ended, and so.</summary>
    public static bool HasEnded(this OperatorWorld stage, string set, string reason) =>
        stage.Rollout(set).Condition("Finished") is ("True", var why, _) && why == reason;
}
