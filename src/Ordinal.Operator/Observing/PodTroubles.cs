using System.Text.Json;
using Ordinal.Core.Model;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>Reads from a pod's status why it is not getting ready.</summary>
internal static class PodTroubles
{
    /// <summary>Longest message that is kept: a registry may answer with a page.</summary>
    private const int LongestMessage = 256;

    /// <summary>Returns the first trouble: of the scheduler, of an init container, of a container.</summary>
    public static (PodTrouble Trouble, string Message) Of(JsonElement status)
    {
        foreach (var condition in status.Member("conditions").Items())
        {
            if (condition.Text("type") == "PodScheduled" && condition.Text("status") == "False" && condition.Text("reason") == "Unschedulable")
            {
                return (PodTrouble.Unschedulable, Shorten("", condition.Text("message")));
            }
        }

        foreach (var list in (ReadOnlySpan<string>)["initContainerStatuses", "containerStatuses"])
        {
            foreach (var container in status.Member(list).Items())
            {
                var waiting = container.Member("state").Member("waiting");
                var trouble = waiting.Text("reason") switch
                {
                    "ImagePullBackOff" or "ErrImagePull" or "InvalidImageName" or "ErrImageNeverPull" or "RegistryUnavailable" or "ImageInspectError" => PodTrouble.ImagePull,
                    "CrashLoopBackOff" => PodTrouble.CrashLoop,
                    "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" => PodTrouble.ConfigError,
                    _ => PodTrouble.None,
                };
                if (trouble is not PodTrouble.None)
                {
                    return (trouble, Shorten($"container {container.Text("name")}: {waiting.Text("reason")}", waiting.Text("message")));
                }
            }
        }

        return (PodTrouble.None, "");
    }

    /// <summary>Tells whether a container of the pod runs, an init container or a sidecar among them.</summary>
    public static bool HasRunningContainer(JsonElement status) =>
        Containers(status).Any(static container => container.Member("state").Member("running").ValueKind is JsonValueKind.Object);

    /// <summary>Tells whether a container has run, and the pod's own volumes are of the kinds that go with it. With a claim beside them its data is there.</summary>
    public static bool TakesDataAlong(JsonElement spec, JsonElement status)
    {
        var goes = false;
        foreach (var volume in spec.Member("volumes").Items())
        {
            if (volume.Member("persistentVolumeClaim").ValueKind is JsonValueKind.Object)
            {
                return false;
            }

            foreach (var kind in (ReadOnlySpan<string>)["emptyDir", "hostPath", "ephemeral", "csi"])
            {
                goes |= volume.Member(kind).ValueKind is JsonValueKind.Object;
            }
        }

        return goes && Containers(status).Any(static container => container.WholeNumber("restartCount") > 0
            || container.Member("state").Member("running").ValueKind is JsonValueKind.Object
            || container.Member("state").Member("terminated").ValueKind is JsonValueKind.Object
            || container.Member("lastState").Member("terminated").ValueKind is JsonValueKind.Object);
    }

    /// <summary>Returns the sum of the restart counts.</summary>
    public static int Restarts(JsonElement status)
    {
        var sum = 0L;
        foreach (var container in status.Member("containerStatuses").Items())
        {
            sum += container.WholeNumber("restartCount");
        }

        return (int)Math.Clamp(sum, 0, int.MaxValue);
    }

    private static IEnumerable<JsonElement> Containers(JsonElement status) =>
        [.. status.Member("initContainerStatuses").Items(), .. status.Member("containerStatuses").Items()];

    private static string Shorten(string what, string message)
    {
        var text = what.Length == 0 || message.Length == 0 ? what + message : $"{what}: {message}";
        return text.Length <= LongestMessage ? text : text[..LongestMessage] + "…";
    }
}
