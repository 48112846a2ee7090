using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>Taints of nodes and tolerations of pods.</summary>
internal static class Taints
{
    public const string Unschedulable = "node.kubernetes.io/unschedulable";
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    public const string OutOfService = "node.kubernetes.io/out-of-service";

    /// <summary>Finds the toleration of a pod for a taint; Undefined when it has none.</summary>
    public static JsonElement Toleration(KubeObject pod, JsonElement taint) =>
        pod.Root.ItemsAt("spec", "tolerations").FirstOrDefault(toleration => Tolerates(toleration, taint));

    /// <summary>Says whether a toleration is about a taint.</summary>
    public static bool Tolerates(JsonElement toleration, JsonElement taint)
    {
        string? effect = toleration.TextAt("effect");
        string? key = toleration.TextAt("key");
        if ((!string.IsNullOrEmpty(effect) && effect != taint.TextAt("effect")) || (!string.IsNullOrEmpty(key) && key != taint.TextAt("key")))
        {
            return false;
        }

        return toleration.TextAt("operator") is "Exists" || (!string.IsNullOrEmpty(key) && (toleration.TextAt("value") ?? "") == (taint.TextAt("value") ?? ""));
    }
}
