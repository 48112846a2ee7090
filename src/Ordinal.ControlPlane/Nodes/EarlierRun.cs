using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// What a pod's status tells a kubelet that starts anew, after its node was down or it was started again: how often the container was
/// started, and that the run that nobody saw the end of is over.
/// </summary>
public static class EarlierRun
{
    /// <summary>Reads what went before; null for a container that has never run.</summary>
    /// <param name="pod">The pod as the API server has it.</param>
    /// <param name="statuses"><c>containerStatuses</c> or <c>initContainerStatuses</c>.</param>
    /// <param name="container">Name of the container.</param>
    /// <param name="now">When the loss was noticed.</param>
    public static ContainerObservation? Of(KubeObject pod, string statuses, string container, DateTimeOffset now)
    {
        JsonElement status = pod.Root.ItemsAt("status", statuses).FirstOrDefault(item => item.TextAt("name") == container);
        int restarts = (int)Math.Clamp(status.NumberAt("restartCount") ?? 0, 0, int.MaxValue - 1);
        string id = status.TextAt("containerID") ?? "";
        if (status.At("state", "running").ValueKind is JsonValueKind.Object)
        {
            DateTimeOffset since = status.TimeAt("state", "running", "startedAt") ?? now;
            ContainerState.Terminated lost = new(255, "Unknown", since, now) { ContainerId = id };
            return new ContainerObservation(container, "", lost, false) { RestartCount = restarts + 1, LastState = lost };
        }

        JsonElement ended = status.At("state", "terminated").ValueKind is JsonValueKind.Object ? status.At("state", "terminated") : status.At("lastState", "terminated");
        if (ended.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        ContainerState.Terminated last = new(
            (int)(ended.NumberAt("exitCode") ?? 0), ended.TextAt("reason") ?? "", ended.TimeAt("startedAt") ?? now, ended.TimeAt("finishedAt") ?? now,
            (int)(ended.NumberAt("signal") ?? 0), ended.TextAt("message") ?? "") { ContainerId = ended.TextAt("containerID") ?? "" };
        return new ContainerObservation(container, "", last, false) { RestartCount = restarts + 1, LastState = last };
    }
}
