using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Conformance.Replay;

/// <summary>
/// The kubelet of the recordings: a pod is ready 60 ms after it is bound, unless the name of its image contains <c>bad</c>, and ends
/// 30 ms after its deletion, without a word. It computes Ready from the readiness gates and leaves alone what others write.
/// </summary>
internal sealed class SmallKubelet(ClusterClient client, TimeProvider timeProvider)
{
    private static readonly TimeSpan Boot = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Stop = TimeSpan.FromMilliseconds(30);
    private readonly HashSet<string> booted = new(StringComparer.Ordinal);
    private readonly HashSet<string> stopped = new(StringComparer.Ordinal);
    private readonly List<Task> running = [];

    /// <summary>Runs until the token is cancelled; that is a normal return.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Reflector pods = new(client, ResourceKind.Pods, "", timeProvider, new Random(1));
        pods.Store.Subscribe(change =>
        {
            if (change.After is { } pod)
            {
                Take(pod, cancellationToken);
            }
        });
        await pods.RunAsync(cancellationToken);
        await Task.WhenAll(running);
    }

    private void Take(KubeObject pod, CancellationToken cancellationToken)
    {
        if (pod.Root.TextAt("spec", "nodeName") is null)
        {
            return;
        }

        if (pod.IsTerminating)
        {
            if (stopped.Add(pod.Uid))
            {
                running.Add(AfterAsync(Stop, () => client.DeleteAsync(ResourceKind.Pods, pod.Key, pod.Uid, 0, null, cancellationToken), cancellationToken));
            }
        }
        else if (booted.Add(pod.Uid))
        {
            running.Add(AfterAsync(Boot, () => ReportAsync(pod, ["PodScheduled", "Initialized", "ContainersReady", "Ready"], cancellationToken), cancellationToken));
        }
        else if (GatesOf(pod) is { Count: > 0 } && Condition(pod, "ContainersReady") is "True" && AreOpen(pod) != (Condition(pod, "Ready") is "True"))
        {
            running.Add(AfterAsync(TimeSpan.Zero, () => ReportAsync(pod, ["Ready"], cancellationToken), cancellationToken));
        }
    }

    private static async Task AfterAsync(TimeSpan delay, Func<Task> act, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, time, cancellationToken);
            await act();
        }
        catch (ApiFailureException failure) when (failure.IsNotFound || failure.StatusCode is 409)
        {
            // It is gone.
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private Task AfterAsync(TimeSpan delay, Func<Task> act, CancellationToken cancellationToken) => AfterAsync(delay, act, timeProvider, cancellationToken);

    private async Task ReportAsync(KubeObject pod, IEnumerable<string> conditions, CancellationToken cancellationToken)
    {
        var isBad = pod.Root.ItemsAt("spec", "containers").Any(container => container.TextAt("image")!.Contains("bad", StringComparison.Ordinal));
        JsonArray reported = [];
        foreach (var type in conditions)
        {
            var isTrue = type switch
            {
                "Ready" => !isBad && AreOpen(pod),
                "ContainersReady" => !isBad,
                _ => true,
            };
            reported.Add(new JsonObject { ["type"] = type, ["status"] = isTrue ? "True" : "False", ["lastTransitionTime"] = Timestamp.Of(timeProvider) });
        }

        JsonObject status = new() { ["phase"] = isBad ? "Pending" : "Running", ["conditions"] = reported };
        if (isBad)
        {
            status["containerStatuses"] = new JsonArray(new JsonObject
            {
                ["name"] = "c", ["image"] = "app:bad", ["imageID"] = "", ["ready"] = false, ["restartCount"] = 0,
                ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ImagePullBackOff", ["message"] = "Back-off pulling image \"app:bad\"" } },
            });
        }
        else
        {
            status["containerStatuses"] = new JsonArray(new JsonObject
            {
                ["name"] = "c", ["image"] = pod.Root.ItemsAt("spec", "containers").First().TextAt("image"), ["imageID"] = "", ["ready"] = true, ["restartCount"] = 0, ["started"] = true,
                ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Timestamp.Of(timeProvider) } },
            });
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["uid"] = pod.Uid }, ["status"] = status };
        await client.StrategicPatchAsync(ResourceKind.Pods, pod.Key, patch, "status", cancellationToken);
    }

    private static List<string> GatesOf(KubeObject pod) => [.. pod.Root.ItemsAt("spec", "readinessGates").Select(gate => gate.TextAt("conditionType")!)];

    private static bool AreOpen(KubeObject pod) => GatesOf(pod).TrueForAll(gate => Condition(pod, gate) is "True");

    private static string? Condition(KubeObject pod, string type) =>
        pod.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == type).TextAt("status");
}
