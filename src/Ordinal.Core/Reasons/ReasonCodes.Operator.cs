namespace Ordinal.Core.Reasons;

/// <content>Codes of the operator itself: what a policy's conditions say.</content>
public static partial class ReasonCodes
{
    // ---- Ready ----
    public static ReasonCode UpToDate { get; } = Add("UpToDate", ReasonArea.Policy, false, "Every target runs its newest revision, is ready and held, and the gates answer.", "Nothing to do.");

    public static ReasonCode RolloutInProgress { get; } = Add("RolloutInProgress", ReasonArea.Policy, false, "A rollout is under way.", "Look at the rollout that the message names.");

    public static ReasonCode RolloutFailed { get; } = Add("RolloutFailed", ReasonArea.Policy, true, "The last rollout of the waiting revision failed; it is not tried again by itself.", "Fix the template, or create a StatefulSetRollout to try the same revision again.");

    public static ReasonCode DriftHeld { get; } = Add("DriftHeld", ReasonArea.Policy, false, "A change waits and nothing starts it: the trigger is Manual, the policy is suspended, or the revision was rejected.", "Create a StatefulSetRollout, or clear spec.suspend.");

    public static ReasonCode Adopting { get; } = Add("Adopting", ReasonArea.Policy, false, "The hold is being put on a target.", "Nothing to do.");

    public static ReasonCode PodsNotReady { get; } = Add("PodsNotReady", ReasonArea.Policy, false, "Some pods of a target are not ready.", "Look at the pods' events and logs.");

    public static ReasonCode InvalidPolicy { get; } = Add("InvalidPolicy", ReasonArea.Policy, true, "The policy's spec cannot work; no pod is touched.", "Correct the field that the message names.");

    public static ReasonCode TargetConflict { get; } = Add("TargetConflict", ReasonArea.Policy, true, "Two policies select the same StatefulSet; the older one keeps it, the younger one does nothing.", "Remove the StatefulSet from one of the two policies that the message names.");

    public static ReasonCode LettingGo { get; } = Add("LettingGo", ReasonArea.Policy, false, "The policy is deleted: the update strategy is being given back.", "Nothing to do.");

    // ---- TargetsFound ----
    public static ReasonCode AllFound { get; } = Add("AllFound", ReasonArea.Policy, false, "Every target exists.", "Nothing to do.");

    public static ReasonCode TargetsMissing { get; } = Add("TargetsMissing", ReasonArea.Policy, true, "A target does not exist, or the selector finds none.", "Create the StatefulSet that the message names, or correct spec.targets.");

    // ---- GatesUsable ----
    public static ReasonCode GatesProbed { get; } = Add("Probed", ReasonArea.Policy, false, "Every gate gave an answer that can be judged.", "Nothing to do.");

    public static ReasonCode NoGates { get; } = Add("NoGates", ReasonArea.Policy, false, "The policy has no gates.", "Nothing to do; add gates to let the workload itself decide.");

    public static ReasonCode GatesNotProbed { get; } = Add("NotProbed", ReasonArea.Policy, false, "The gates have not been asked yet, or are not asked now.", "Nothing to do.");

    public static ReasonCode GatesUnusable { get; } = Add("GatesUnusable", ReasonArea.Policy, true, "A gate cannot be asked as it is configured.", "Correct what the gate's message names.");

    public static ReasonCode GatesUnreachable { get; } = Add("Unreachable", ReasonArea.Policy, false, "A gate gave no answer that can be judged; a rollout would be held.", "Check the network path from the operator to the workload, and the gate's message.");

    public static ReasonCode GatesOff { get; } = Add("GatesOff", ReasonArea.Policy, true, "The operator was started with gates off: nothing is asked of the workload. This is for demonstrations only.", "Start the operator without --gates off.");

    // ---- Suspended, Paused ----
    public static ReasonCode PolicySuspended { get; } = Add("PolicySuspended", ReasonArea.Policy, false, "spec.suspend of the policy is true: no rollout is started, and none goes on to its next pod.", "Set spec.suspend of the policy to false.");

    public static ReasonCode NotSuspended { get; } = Add("NotSuspended", ReasonArea.Policy, false, "Not suspended.", "Nothing to do.");

    public static ReasonCode NotPaused { get; } = Add("NotPaused", ReasonArea.Rollout, false, "The rollout is not paused.", "Nothing to do.");

    public static ReasonCode NotStalled { get; } = Add("NotStalled", ReasonArea.Rollout, false, "Nothing stands in the way that a person must remove.", "Nothing to do.");

    public static ReasonCode PolicyMissing { get; } = Add("PolicyMissing", ReasonArea.Rollout, true, "The policy that the rollout names does not exist.", "Create the policy, or delete the rollout.");

    // ---- requests ----
    public static ReasonCode Forbidden { get; } = Add("Forbidden", ReasonArea.Rollout, false, "Another rollout of the StatefulSet is under way, and the policy's concurrencyPolicy is Forbid.", "Wait for the end of the rollout that the message names, then ask again; or set concurrencyPolicy to Queue or Replace.");

    public static ReasonCode RevisionUnknown { get; } = Add("RevisionUnknown", ReasonArea.Rollout, true, "There is no revision of the StatefulSet as the rollback asks for.", "Name one of the ControllerRevisions that the message lists, or raise revisionHistoryLimit of the StatefulSet.");

    public static ReasonCode RevisionNotExpected { get; } = Add("RevisionNotExpected", ReasonArea.Rollout, true, "The StatefulSet is about to roll to another revision than update.revisions expects: somebody changed the template meanwhile.", "Look at the change, then create a new rollout that expects it.");

    public static ReasonCode RequestImpossible { get; } = Add("RequestImpossible", ReasonArea.Rollout, true, "What the request asks for cannot be done: its template cannot be written, or it is about too many StatefulSets.", "Correct what the message names, then create a new rollout.");

    public static ReasonCode GitOwnsTemplate { get; } = Add("GitOwnsTemplate", ReasonArea.Rollout, true, "A tool that follows Git owns the StatefulSet's template, and would take back what the request writes.", "Change the template in Git; the rollout then starts on its own.");

    // ---- notices ----
    public static ReasonCode RolloutStarted { get; } = Add("RolloutStarted", ReasonArea.Notice, false, "A changed template started a rollout.", "Nothing to do.");

    public static ReasonCode StrategyWritten { get; } = Add("StrategyWritten", ReasonArea.Notice, false, "The operator wrote spec.updateStrategy.", "Nothing to do.");

    public static ReasonCode PodRemoved { get; } = Add("PodRemoved", ReasonArea.Notice, false, "The operator evicted or deleted a pod for the rollout.", "Nothing to do.");

    public static ReasonCode ActionRefused { get; } = Add("ActionRefused", ReasonArea.Notice, false, "The API server refused a write of the operator.", "Read the message; if it says forbidden, give the operator the right that it names.");

    public static ReasonCode ServerFails { get; } = Add("ServerFails", ReasonArea.Notice, false, "The API server has failed a request of the operator for 30 s or longer: it answers with a 5xx, with flow control, or not at all. The operator goes on trying, every 30 s at most.", "Read the message: it names the request and the server's words. Look at the API server, its webhooks and its etcd.");
}
