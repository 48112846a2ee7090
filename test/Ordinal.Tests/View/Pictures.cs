using System.Text.Json.Nodes;
using Ordinal.Operator.View;

namespace Ordinal.Tests.View;

/// <summary>Pictures of an etcd rollout, at a fixed time.</summary>
internal static class Pictures
{
    public static readonly DateTimeOffset Now = new(2026, 9, 14, 9, 46, 40, TimeSpan.Zero);

    private const string Old = "etcd-6d5b8c9f4";
    private const string New = "etcd-7f9c6b5d8";

    public static ClusterPicture AtRest { get; } = new()
    {
        Policy = Policy("UpToDate", "3/3", "Passing"),
        StatefulSets = [Set("RollingUpdate", 1_000_000_000, Old, Old)],
        Pods = [Pod(2, Old, true, 400), Pod(1, Old, true, 401), Pod(0, Old, true, 402)],
        Leader = "etcd-2",
    };

    public static ClusterPicture Held { get; } = AtRest with
    {
        Policy = Policy("RolloutInProgress", "1/3", "Failing", "etcd-1 gave no linearizable answer within 5 s; look at its log"),
        Rollout = Rollout("Unknown", "GateWaiting", "1/3", waitingFor: "gate raft: etcd-1 gave no linearizable answer within 5 s"),
        StatefulSets = [Set("OnDelete", null, Old, New)],
        Pods = [Pod(2, Old, true, 400), Pod(1, New, true, 30), Pod(0, Old, true, 402)],
        Events =
        [
            Event("a", 40, "Normal", "RolloutStarted", "etcd-7f9c6", "3 pods from etcd-6d5b8c9f4 to etcd-7f9c6b5d8"),
            Event("b", 34, "Normal", "PodReplaced", "etcd-1", "evicted for revision etcd-7f9c6b5d8"),
            Event("c", 30, "Normal", "Started", "etcd-1", "Started container etcd"),
            Event("d", 12, "Warning", "GateFailing", "etcd-1", "etcd-1 gave no linearizable answer within 5 s"),
        ],
    };

    public static ClusterPicture Restarting { get; } = Held with
    {
        Pods = [Pod(2, Old, true, 400), Pod(1, New, true, 60), Pod(0, Old, true, 402, terminating: true)],
        Rollout = Rollout("Unknown", "Running", "1/3", inFlight: "etcd-0"),
    };

    public static ClusterPicture Done { get; } = AtRest with
    {
        Policy = Policy("UpToDate", "3/3", "Passing"),
        Rollout = Rollout("True", "Completed", "3/3"),
        StatefulSets = [Set("RollingUpdate", 1_000_000_000, New, New)],
        Pods = [Pod(2, New, true, 9), Pod(1, New, true, 70), Pod(0, New, true, 40)],
        Leader = "etcd-1",
    };

    public static JsonObject Pod(int ordinal, string revision, bool ready, int age, bool terminating = false)
    {
        var pod = (JsonObject)JsonNode.Parse($$"""
            {
              "metadata": {
                "name": "etcd-{{ordinal}}", "namespace": "default", "creationTimestamp": "{{Before(age)}}",
                "labels": { "controller-revision-hash": "{{revision}}", "apps.kubernetes.io/pod-index": "{{ordinal}}" },
                "ownerReferences": [{ "kind": "StatefulSet", "name": "etcd" }]
              },
              "spec": { "containers": [{ "name": "etcd" }] },
              "status": {
                "conditions": [{ "type": "Ready", "status": "{{(ready ? "True" : "False")}}" }],
                "containerStatuses": [{ "name": "etcd", "ready": {{(ready ? "true" : "false")}} }]
              }
            }
            """)!;
        if (terminating)
        {
            pod["metadata"]!["deletionTimestamp"] = Before(0);
        }

        return pod;
    }

    private static string Before(int seconds) => Now.AddSeconds(-seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private static JsonObject Policy(string reason, string updated, string gate, string message = "") => (JsonObject)JsonNode.Parse($$"""
        {
          "metadata": { "name": "etcd", "namespace": "default" },
          "spec": { "update": { "driver": "OnDelete", "podOrder": "LeaderLast" }, "gates": [{ "name": "raft", "type": "Etcd" }] },
          "status": {
            "summary": { "updated": "{{updated}}" },
            "gates": [{ "name": "raft", "state": "{{gate}}", "message": "{{message}}", "lastProbeTime": "{{Before(1)}}" }],
            "conditions": [{ "type": "Ready", "status": "False", "reason": "{{reason}}" }]
          }
        }
        """)!;

    private static JsonObject Set(string type, long? partition, string current, string update) => (JsonObject)JsonNode.Parse($$"""
        {
          "metadata": { "name": "etcd", "namespace": "default", "creationTimestamp": "{{Before(410)}}" },
          "spec": { "replicas": 3, "updateStrategy": { "type": "{{type}}"{{(partition is null ? "" : $", \"rollingUpdate\": {{ \"partition\": {partition} }}")}} } },
          "status": { "currentRevision": "{{current}}", "updateRevision": "{{update}}" }
        }
        """)!;

    private static JsonObject Rollout(string succeeded, string reason, string progress, string waitingFor = "", string? inFlight = null) => (JsonObject)JsonNode.Parse($$"""
        {
          "metadata": { "name": "etcd-7f9c6", "namespace": "default", "creationTimestamp": "{{Before(42)}}" },
          "spec": { "type": "Update" },
          "status": {
            "startTime": "{{Before(41)}}", "progress": "{{progress}}",
            "current": { "target": "etcd", "pod": "etcd-0", "stage": "BeforePodGate", "reason": "EtcdMemberNotServing", "since": "{{Before(12)}}", "waitingFor": "{{waitingFor}}" },
            "targets": [{ "name": "etcd", "driver": "OnDelete", "fromRevision": "{{Old}}", "toRevision": "{{New}}" }],
            "inFlight": [{{(inFlight is null ? "" : $"{{ \"pod\": \"{inFlight}\", \"stage\": \"Replacing\", \"stageSince\": \"{Before(2)}\" }}")}}],
            "conditions": [{ "type": "Succeeded", "status": "{{succeeded}}", "reason": "{{reason}}", "message": "{{progress}} pods updated" }]
          }
        }
        """)!;

    private static JsonObject Event(string name, int age, string type, string reason, string about, string message) => (JsonObject)JsonNode.Parse($$"""
        {
          "metadata": { "name": "{{name}}" }, "type": "{{type}}", "reason": "{{reason}}", "message": "{{message}}",
          "involvedObject": { "name": "{{about}}" }, "lastTimestamp": "{{Before(age)}}"
        }
        """)!;
}
