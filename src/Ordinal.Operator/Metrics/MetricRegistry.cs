using System.Collections.Immutable;

namespace Ordinal.Operator.Metrics;

/// <summary>
/// Every metric that the operator exposes: the names of controller-runtime verbatim, so that its dashboards work, and the domain's. Instruments and the reference
/// page are made from it, and a test compares it with what a running operator exposes. No label is called namespace, pod, job or instance:
/// those are the scraper's own.
/// </summary>
public static class MetricRegistry
{
    private static readonly ImmutableArray<double> Rollouts = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800];

    private static readonly ImmutableArray<double> Pods = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];

    private static readonly ImmutableArray<double> Checks = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly ImmutableArray<double> Reconciles =
    [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3,
        3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
    ];

    private static readonly ImmutableArray<double> Queues =
        [1E-08, 1E-07, 1E-06, 9.999999999999999E-06, 9.999999999999999E-05, 0.001, 0.01, 0.1, 1, 10, 100, 1000];

    // ---- the domain ----
    public static MetricDefinition RolloutInfo { get; } = Gauge("ordinal_rollout_info", "Always 1: the rollouts that there are, to join others with.", "driver", "policy", "rollout", "state", "target_namespace", "type");

    public static MetricDefinition PolicyReady { get; } = Gauge("ordinal_policy_ready", "1 when a policy's condition Ready is True, else 0, with the reason of that condition.", "policy", "reason", "target_namespace");

    public static MetricDefinition RolloutsTotal { get; } = Counter("ordinal_rollouts_total", "Rollouts that ended, by how: Completed, NoChange, Failed, RolledBack, Cancelled or Superseded.", "outcome", "policy", "target_namespace", "type");

    public static MetricDefinition RolloutDuration { get; } = Histogram("ordinal_rollout_duration_seconds", "How long rollouts took, from start to end, pauses included.", Rollouts, "outcome", "type");

    public static MetricDefinition PausedSeconds { get; } = Counter("ordinal_rollout_paused_seconds_total", "How long rollouts waited for people or for time: Approval, Suspended, Window or Step.", "policy", "target_namespace", "why");

    public static MetricDefinition PodUpdateDuration { get; } = Histogram("ordinal_pod_update_duration_seconds", "How long pods were in each stage of their replacement: PreGate, Terminate, Start, Ready or PostGate.", Pods, "policy", "stage", "target_namespace");

    public static MetricDefinition GateChecks { get; } = Counter("ordinal_gate_checks_total", "Observations of gates, by result: pass, fail, or error when the gate could not tell.", "gate", "policy", "result", "target_namespace");

    public static MetricDefinition GateStatus { get; } = Gauge("ordinal_gate_status", "What a gate said last: 1 passes, 0 fails, -1 unknown or misconfigured.", "gate", "policy", "target_namespace");

    public static MetricDefinition GateWait { get; } = Histogram("ordinal_gate_wait_seconds", "How long a rollout waited for a gate, from its first no to its yes.", Pods, "gate_type");

    public static MetricDefinition GateCheckDuration { get; } = Histogram("ordinal_gate_check_duration_seconds", "How long one observation of a gate took.", Checks, "gate_type");

    public static MetricDefinition Partition { get; } = Gauge("ordinal_statefulset_partition", "The partition of a StatefulSet that has a policy; absent under OnDelete.", "statefulset", "target_namespace");

    public static MetricDefinition Replicas { get; } = Gauge("ordinal_statefulset_replicas", "Pods of a StatefulSet that has a policy: desired, ready, updated.", "state", "statefulset", "target_namespace");

    public static MetricDefinition LastEvent { get; } = Gauge("ordinal_informer_last_event_timestamp_seconds", "When a store last heard of the server: an event, a bookmark, a list, or the end of a watch on its time.", "resource");

    public static MetricDefinition Build { get; } = Gauge("ordinal_build_info", "Always 1: which build runs.", "dotnet_version", "revision", "version");

    // ---- the process ----
    public static MetricDefinition ProcessCpu { get; } = Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");

    public static MetricDefinition ProcessMemory { get; } = Gauge("process_resident_memory_bytes", "Resident memory size in bytes.");

    public static MetricDefinition ProcessStart { get; } = Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.");

    public static MetricDefinition ProcessFiles { get; } = Gauge("process_open_fds", "Number of open file descriptors.");

    /// <summary>Gets all, by name.</summary>
    public static ImmutableArray<MetricDefinition> All { get; } =
    [
        .. ((MetricDefinition[])
        [
            RolloutInfo, PolicyReady, RolloutsTotal, RolloutDuration, PausedSeconds, PodUpdateDuration, GateChecks, GateStatus, GateWait, GateCheckDuration, Partition, Replicas,
            LastEvent, Build, ProcessCpu, ProcessMemory, ProcessStart, ProcessFiles, .. OfTheRuntime(),
        ]).OrderBy(metric => metric.Name, StringComparer.Ordinal),
    ];

    private static MetricDefinition[] OfTheRuntime() =>
    [
        Counter("controller_runtime_reconcile_total", "Total number of reconciliations per controller.", "controller", "result"),
        Counter("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller.", "controller"),
        Counter("controller_runtime_terminal_reconcile_errors_total", "Total number of terminal reconciliation errors per controller.", "controller"),
        Counter("controller_runtime_reconcile_panics_total", "Total number of reconciliation panics per controller.", "controller"),
        Counter("controller_runtime_reconcile_timeouts_total", "Total number of reconciliation timeouts per controller.", "controller"),
        Histogram("controller_runtime_reconcile_time_seconds", "Length of time per reconciliation per controller.", Reconciles, "controller"),
        Gauge("controller_runtime_max_concurrent_reconciles", "Maximum number of concurrent reconciles per controller.", "controller"),
        Gauge("controller_runtime_active_workers", "Number of currently used workers per controller.", "controller"),
        Gauge("workqueue_depth", "Current depth of workqueue by workqueue and priority.", "controller", "name", "priority"),
        Counter("workqueue_adds_total", "Total number of adds handled by workqueue.", "controller", "name"),
        Histogram("workqueue_queue_duration_seconds", "How long in seconds an item stays in workqueue before being requested.", Queues, "controller", "name"),
        Histogram("workqueue_work_duration_seconds", "How long in seconds processing an item from workqueue takes.", Queues, "controller", "name"),
        Gauge("workqueue_unfinished_work_seconds", "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads.", "controller", "name"),
        Gauge("workqueue_longest_running_processor_seconds", "How many seconds has the longest running processor for workqueue been running.", "controller", "name"),
        Counter("workqueue_retries_total", "Total number of retries handled by workqueue.", "controller", "name"),
        Counter("rest_client_requests_total", "Number of HTTP requests, partitioned by status code, method, and host.", "code", "host", "method"),
        Gauge("leader_election_master_status", "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease.", "name"),
        Counter("ordinal_watch_restarts_total", "Watches that ended, by reason.", "reason", "resource"),
        Counter("ordinal_informer_unreadable_total", "Objects that could not be read.", "resource"),
        Counter("ordinal_events_total", "Events published, by type and reason.", "reason", "type"),
        Gauge("ordinal_informer_objects", "Objects in a store.", "resource"),
        Gauge("ordinal_informer_idle_seconds", "Time since a store's last event, bookmark, list, or end of a watch on its time.", "resource"),
        Gauge("ordinal_last_successful_reconcile_timestamp_seconds", "When a pass of a controller last ended without an error.", "controller"),
    ];

    private static MetricDefinition Counter(string name, string help, params string[] labels) => new(name, MetricType.Counter, help, [.. labels]);

    private static MetricDefinition Gauge(string name, string help, params string[] labels) => new(name, MetricType.Gauge, help, [.. labels]);

    private static MetricDefinition Histogram(string name, string help, ImmutableArray<double> buckets, params string[] labels) => new(name, MetricType.Histogram, help, [.. labels]) { Buckets = buckets };
}
