using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Nodes;

/// <summary>
/// Turns what a runtime observes into the part of the status that a kubelet owns: phase, its conditions, addresses and container
/// statuses, as a strategic merge patch, so that conditions of others are never touched. Readiness gates hold back Ready. Pure.
/// </summary>
public static class PodStatusBuilder
{
    /// <summary>Computes the kubelet's part of the status of a pod.</summary>
    /// <param name="pod">The pod with the status that it has now.</param>
    /// <param name="observation">How its containers are.</param>
    /// <param name="hostIP">The node's address.</param>
    /// <param name="now">The kubelet's clock.</param>
    public static JsonObject Build(KubeObject pod, PodObservation observation, string hostIP, DateTimeOffset now)
    {
        string phase = Phase(pod, observation);
        JsonObject status = new()
        {
            ["phase"] = phase,
            ["hostIP"] = hostIP,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = hostIP }),
            ["startTime"] = pod.Root.TextAt("status", "startTime") ?? Text(now),
            ["conditions"] = Conditions(pod, observation, phase, now),
        };
        if (observation.PodIP is { } address)
        {
            status["podIP"] = address;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        }

        if (observation.InitContainers.Length > 0)
        {
            status["initContainerStatuses"] = new JsonArray([.. observation.InitContainers.Select(ContainerStatus)]);
        }

        status["containerStatuses"] = new JsonArray([.. observation.Containers.Select(ContainerStatus)]);
        return status;
    }

    /// <summary>Tells whether a status built by <see cref="Build"/> would change anything in a pod.</summary>
    public static bool IsNews(KubeObject pod, JsonObject status)
    {
        foreach ((string name, JsonNode? wanted) in status)
        {
            if (name == "conditions")
            {
                foreach (JsonNode? condition in wanted!.AsArray())
                {
                    JsonElement known = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(other => other.TextAt("type") == (string?)condition!["type"]);
                    if (known.ValueKind is not JsonValueKind.Object || !Same(known, condition))
                    {
                        return true;
                    }
                }
            }
            else if (pod.Root.At("status", name) is var present && (present.ValueKind is JsonValueKind.Undefined || !Same(present, wanted)))
            {
                return true;
            }
        }

        return false;

        static bool Same(JsonElement known, JsonNode? wanted)
        {
            if (known.ValueKind is JsonValueKind.String && wanted.AsText() is { } text)
            {
                return known.ValueEquals(text);
            }

            if (known.ValueKind is JsonValueKind.Object && known.TextAt("type") is not null)
            {
                // A condition: compare what means something, so that a field that an older server drops is not news for ever.
                var condition = wanted as JsonObject;
                return known.TextAt("status") == condition.Text("status")
                    && (known.TextAt("reason") ?? "") == (condition.Text("reason") ?? "")
                    && (known.TextAt("message") ?? "") == (condition.Text("message") ?? "");
            }

            return CanonicalJson.Write(known) == CanonicalJson.Write(JsonElement.Parse(JsonText.Write(wanted)));
        }
    }

    /// <summary>Computes the phase by the kubelet's rule (getPhase): what counts is whether containers wait, run or have ended, and the restart policy.</summary>
    public static string Phase(KubeObject pod, PodObservation observation)
    {
        string current = pod.Root.TextAt("status", "phase") ?? "";
        if (current is "Failed" or "Succeeded")
        {
            // A terminal phase never changes back.
            return current;
        }

        string restartPolicy = pod.Root.TextAt("spec", "restartPolicy") ?? "Always";
        if (!observation.IsInitialized)
        {
            bool failedForGood = restartPolicy == "Never" && observation.InitContainers.Any(container => !container.IsSidecar && container.State is ContainerState.Terminated { ExitCode: not 0 });
            return failedForGood ? "Failed" : "Pending";
        }

        int running = observation.Containers.Concat(observation.InitContainers.Where(container => container.IsSidecar)).Count(container => container.State is ContainerState.Running);
        int neverRan = observation.Containers.Count(container => container.State is ContainerState.Waiting && container.LastState is null);
        int ended = observation.Containers.Count(container => container.State is ContainerState.Terminated);
        int endedWell = observation.Containers.Count(container => container.State is ContainerState.Terminated { ExitCode: 0 });
        if (neverRan > 0)
        {
            return "Pending";
        }

        if (running > 0 || ended < observation.Containers.Length)
        {
            return "Running";
        }

        // All have ended. A pod that is being deleted will not run again, whatever its restart policy.
        if (restartPolicy == "Always" && !pod.IsTerminating)
        {
            return "Running";
        }

        return endedWell == ended ? "Succeeded" : restartPolicy == "OnFailure" && !pod.IsTerminating ? "Running" : "Failed";
    }

    private static JsonArray Conditions(KubeObject pod, PodObservation observation, string phase, DateTimeOffset now)
    {
        List<JsonObject> conditions = [];
        Dictionary<string, string> states = new(StringComparer.Ordinal);
        foreach (JsonElement known in pod.Root.ItemsAt("status", "conditions"))
        {
            states[known.TextAt("type") ?? ""] = known.TextAt("status") ?? "";
        }

        string[] unready = [.. observation.InitContainers.Where(container => container.IsSidecar).Concat(observation.Containers).Where(container => !container.IsReady).Select(container => container.Name)];
        string[] incomplete = [.. observation.InitContainers
            .Where(container => container.IsSidecar ? !container.IsStarted : container.State is not ContainerState.Terminated { ExitCode: 0 })
            .Select(container => container.Name)];
        bool containersReady = phase == "Running" && unready.Length == 0;
        string[] closedGates = [.. pod.Root.ItemsAt("spec", "readinessGates")
            .Select(gate => gate.TextAt("conditionType") ?? "")
            .Where(gate => states.GetValueOrDefault(gate) != "True")];
        (string Reason, string Message) whyNot = phase switch
        {
            "Succeeded" => ("PodCompleted", ""),
            "Failed" => ("PodFailed", ""),
            _ => ("ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]"),
        };
        Add("PodReadyToStartContainers", observation.PodIP is not null || observation.Containers.Any(container => container.State is not ContainerState.Waiting), "", "");
        Add("Initialized", observation.IsInitialized, phase == "Succeeded" ? "PodCompleted" : observation.IsInitialized ? "" : "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]");
        (string Reason, string Message) readyWhyNot = containersReady && closedGates.Length > 0
            ? ("ReadinessGatesNotReady", GateMessage(closedGates, states))
            : whyNot;
        Add("Ready", containersReady && closedGates.Length == 0, readyWhyNot.Reason, readyWhyNot.Message);
        Add("ContainersReady", containersReady, whyNot.Reason, whyNot.Message);
        Add("PodScheduled", true, "", "");
        return new JsonArray([.. conditions]);

        void Add(string type, bool holds, string reason, string message)
        {
            string state = holds ? "True" : "False";
            JsonElement before = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == type);
            string since = before.TextAt("status") == state && before.TextAt("lastTransitionTime") is { } known ? known : Text(now);
            JsonObject condition = new()
            {
                ["type"] = type,
                ["status"] = state,
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = since,
            };
            // A patch merges by type: null takes the reason of the state before away.
            condition["reason"] = reason.Length > 0 && (!holds || type == "Initialized") ? reason : null;
            condition["message"] = message.Length > 0 && !holds ? message : null;

            conditions.Add(condition);
        }
    }

    private static string GateMessage(string[] closedGates, Dictionary<string, string> states) => string.Join(", ", closedGates.Select(gate =>
        states.TryGetValue(gate, out string? state) ? $"the status of pod readiness gate \"{gate}\" is not \"True\", but {state}" : $"corresponding condition of pod readiness gate \"{gate}\" does not exist."));

    private static JsonObject ContainerStatus(ContainerObservation container) => new()
    {
        ["name"] = container.Name,
        ["state"] = State(container.State),
        ["lastState"] = container.LastState is { } last ? State(last) : new JsonObject(),
        ["ready"] = container.IsReady,
        ["restartCount"] = container.RestartCount,
        ["image"] = container.Image,
        ["imageID"] = container.ImageId,
        ["containerID"] = container.ContainerId.Length > 0 ? container.ContainerId : null,
        ["started"] = container.IsStarted,
    };

    private static JsonObject State(ContainerState state)
    {
        switch (state)
        {
            case ContainerState.Waiting waiting:
                JsonObject wait = new() { ["reason"] = waiting.Reason };
                if (waiting.Message.Length > 0)
                {
                    wait["message"] = waiting.Message;
                }

                return new JsonObject { ["waiting"] = wait };
            case ContainerState.Running running:
                return new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Text(running.StartedAt) } };
            case ContainerState.Terminated ended:
                JsonObject end = new()
                {
                    ["exitCode"] = ended.ExitCode,
                    ["reason"] = ended.Reason,
                    ["startedAt"] = Text(ended.StartedAt),
                    ["finishedAt"] = Text(ended.FinishedAt),
                };
                if (ended.Signal != 0)
                {
                    end["signal"] = ended.Signal;
                }

                if (ended.Message.Length > 0)
                {
                    end["message"] = ended.Message;
                }

                if (ended.ContainerId.Length > 0)
                {
                    end["containerID"] = ended.ContainerId;
                }

                return new JsonObject { ["terminated"] = end };
            default:
                throw new ArgumentException($"unknown container state {state.GetType().Name}", nameof(state));
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
