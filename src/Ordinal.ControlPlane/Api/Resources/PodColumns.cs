using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns of pods; the status is worked out from the containers as a real API server does.</summary>
internal static class PodColumns
{
    public static TableColumns Columns { get; } = BuiltInColumns.Make(
        [
            new("Name", Format: "name"), new("Ready"), new("Status"), new("Restarts"), new("Age"),
            new("IP", Priority: 1), new("Node", Priority: 1), new("Nominated Node", Priority: 1), new("Readiness Gates", Priority: 1),
        ],
        Cells);

    private static JsonNode?[] Cells(JsonObject pod, DateTimeOffset now)
    {
        JsonObject? spec = pod.Child("spec");
        JsonObject? status = pod.Child("status");
        Containers containers = Count(pod, now);
        return
        [
            CellText.Name(pod),
            string.Create(CultureInfo.InvariantCulture, $"{containers.Ready}/{spec.List("containers")?.Count ?? 0}"),
            containers.Reason,
            containers.Restarts,
            CellText.Age(pod, now),
            OrNone(status.Text("podIP")),
            OrNone(spec.Text("nodeName")),
            OrNone(status.Text("nominatedNodeName")),
            Gates(spec, status),
        ];
    }

    private static string OrNone(string? text) => string.IsNullOrEmpty(text) ? "<none>" : text;

    private static string Gates(JsonObject? spec, JsonObject? status)
    {
        if (spec.List("readinessGates") is not { Count: > 0 } gates)
        {
            return "<none>";
        }

        int open = gates.Count(g => IsTrue(status, (g as JsonObject).Text("conditionType")));
        return string.Create(CultureInfo.InvariantCulture, $"{open}/{gates.Count}");
    }

    private static bool IsTrue(JsonObject? status, string? type) => (status.List("conditions") ?? [])
        .Any(c => (c as JsonObject).Text("type") == type && (c as JsonObject).Text("status") == "True");

    private static Containers Count(JsonObject pod, DateTimeOffset now)
    {
        JsonObject? status = pod.Child("status");
        string reason = status.Text("reason") is { Length: > 0 } given ? given : status.Text("phase") ?? "";
        if (reason == "Pending" && (status.List("conditions") ?? []).OfType<JsonObject>()
                .Any(c => c.Text("type") == "PodScheduled" && c.Text("reason") == "SchedulingGated"))
        {
            reason = "SchedulingGated";
        }

        long restarts = 0;
        string? lastRestart = null;
        int ready = 0;
        bool isInitializing = Initializing(pod, ref reason);
        bool hasRunning = false;
        foreach (JsonObject container in (status.List("containerStatuses") ?? []).OfType<JsonObject>().Reverse())
        {
            restarts += container.Number("restartCount") ?? 0;
            string? finished = container.Child("lastState").Child("terminated").Text("finishedAt");
            lastRestart = string.CompareOrdinal(finished, lastRestart) > 0 ? finished : lastRestart;
            if (isInitializing)
            {
                continue;
            }

            JsonObject? state = container.Child("state");
            if (state.Child("waiting").Text("reason") is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (state.Child("terminated") is { } terminated)
            {
                reason = Ended(terminated);
            }
            else if (container.Flag("ready") == true && state.Child("running") is not null)
            {
                hasRunning = true;
                ready++;
            }
        }

        if (reason == "Completed" && hasRunning)
        {
            reason = IsTrue(status, "Ready") ? "Running" : "NotReady";
        }

        if (pod.Child("metadata").Text("deletionTimestamp") is not null)
        {
            reason = status.Text("reason") == "NodeLost" ? "Unknown" : status.Text("phase") is "Succeeded" or "Failed" ? reason : "Terminating";
        }

        string shown = restarts.ToString(CultureInfo.InvariantCulture);
        return new Containers(ready, reason, restarts > 0 && lastRestart is not null ? $"{shown} ({CellText.Since(lastRestart, now)} ago)" : shown);
    }

    private static bool Initializing(JsonObject pod, ref string reason)
    {
        JsonArray statuses = pod.Child("status").List("initContainerStatuses") ?? [];
        int total = pod.Child("spec").List("initContainers")?.Count ?? 0;
        for (int i = 0; i < statuses.Count; i++)
        {
            JsonObject? state = (statuses[i] as JsonObject).Child("state");
            JsonObject? terminated = state.Child("terminated");
            if (terminated is not null && terminated.Number("exitCode") is 0)
            {
                continue;
            }

            reason = terminated is not null ? $"Init:{Ended(terminated)}"
                : state.Child("waiting").Text("reason") is { Length: > 0 } waiting and not "PodInitializing" ? $"Init:{waiting}"
                : string.Create(CultureInfo.InvariantCulture, $"Init:{i}/{total}");
            return true;
        }

        return false;
    }

    private static string Ended(JsonObject terminated) =>
        terminated.Text("reason") is { Length: > 0 } reason ? reason
        : terminated.Number("signal") is { } signal and not 0 ? string.Create(CultureInfo.InvariantCulture, $"Signal:{signal}")
        : string.Create(CultureInfo.InvariantCulture, $"ExitCode:{terminated.Number("exitCode") ?? 0}");

    private sealed record Containers(int Ready, string Reason, string Restarts);
}
