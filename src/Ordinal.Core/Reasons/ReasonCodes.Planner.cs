namespace Ordinal.Core.Reasons;

/// <content>Codes of the rollout planner.</content>
public static partial class ReasonCodes
{
    // ---- ends ----
    public static ReasonCode TargetGone { get; } = Add("TargetGone", ReasonArea.Rollout, true, "The StatefulSet was deleted, or deleted and made again, in mid-rollout.", "Nothing is left to roll; create a new rollout for the new StatefulSet.");

    public static ReasonCode FieldConflict { get; } = Add("FieldConflict", ReasonArea.Rollout, true, "Somebody else writes spec.updateStrategy; the workload may be rolling ungated.", "Remove spec.updateStrategy from the manifests of the manager that the message names, then create a new rollout.");

    public static ReasonCode GroupStopped { get; } = Add("GroupStopped", ReasonArea.Rollout, false, "Another StatefulSet of the same request went wrong, so this one was stopped, or not begun.", "Look at the StatefulSet that the message names, then create a new rollout.");

    public static ReasonCode GateOverdue { get; } = Add("GateOverdue", ReasonArea.Rollout, true, "A gate did not pass within its timeout.", "Read the gate's message and repair what it names; the gate is still asked.");

    // ---- preflight ----
    public static ReasonCode NotSupported { get; } = Add("NotSupported", ReasonArea.Rollout, true, "The policy asks for something that this version cannot do.", "Change the field that the message names.");

    public static ReasonCode DriverImpossible { get; } = Add("DriverImpossible", ReasonArea.Rollout, true, "The chosen driver cannot do what order, budget or update strategy ask for.", "Choose driver Auto, or change what the message names.");

    public static ReasonCode StrategyDeclaredElsewhere { get; } = Add("StrategyDeclaredElsewhere", ReasonArea.Rollout, true, "Another manager declares spec.updateStrategy.type: its next apply would roll every pod at once under the OnDelete driver.", "Remove spec.updateStrategy from that manager's manifest, or use order OrdinalDescending with driver Partition.");

    public static ReasonCode NativeMisconfigured { get; } = Add("NativeMisconfigured", ReasonArea.Rollout, true, "Driver Native needs podManagementPolicy Parallel, the readiness gate ordinal.dev/gate in the pod template, and a headless Service with publishNotReadyAddresses. The StatefulSet is held until it has them.", "Change what the message names, or use driver Partition.");

    public static ReasonCode NoRoles { get; } = Add("NoRoles", ReasonArea.Rollout, true, "Order LeaderLast needs a gate that can tell which member leads.", "Add a gate of type Etcd, ZooKeeper or Kafka, or use order OrdinalDescending.");

    // ---- the whole rollout waits ----
    public static ReasonCode FormatTooNew { get; } = Add("FormatTooNew", ReasonArea.Hold, true, "The rollout's status was written by a newer version of the operator.", "Bring the newer operator back, or delete the rollout and create it again.");

    public static ReasonCode StoresNotFresh { get; } = Add("StoresNotFresh", ReasonArea.Hold, false, "The operator's view of the cluster has not caught up with its own writes.", "Wait; if it lasts, look at the operator's connection to the API server.");

    public static ReasonCode NotObserved { get; } = Add("NotObserved", ReasonArea.Hold, false, "The built-in StatefulSet controller has not yet seen the newest spec.", "Wait; if it lasts, look at kube-controller-manager.");

    public static ReasonCode TakingClaim { get; } = Add("TakingClaim", ReasonArea.Hold, false, "The rollout takes the claim on the StatefulSet.", "Nothing to do.");

    public static ReasonCode ClaimLost { get; } = Add("ClaimLost", ReasonArea.Hold, true, "Another rollout took the claim on the StatefulSet in mid-rollout.", "Cancel one of the two rollouts.");

    public static ReasonCode AwaitingAdoption { get; } = Add("AwaitingAdoption", ReasonArea.Hold, false, "The StatefulSet is not held yet.", "Wait until the policy has adopted it.");

    public static ReasonCode HoldReturning { get; } = Add("HoldReturning", ReasonArea.Hold, false, "The hold is being put back.", "Nothing to do.");

    public static ReasonCode CurrentRevisionLags { get; } = Add("CurrentRevisionLags", ReasonArea.Hold, false, "All pods are done; the built-in controller has not made the revision current yet.", "Wait; if it lasts, look for pods that are not ready, and at kube-controller-manager.");

    public static ReasonCode SafetyTripped { get; } = Add("SafetyTripped", ReasonArea.Hold, true, "A decision would have broken one of the rules that always hold; nothing was done.", "This is a bug: please report the message together with the rollout's status.");

    public static ReasonCode ZoneWaitsTurn { get; } = Add("ZoneWaitsTurn", ReasonArea.Hold, false, "Another zone of the policy goes first.", "Nothing to do.");

    public static ReasonCode ZoneSoak { get; } = Add("ZoneSoak", ReasonArea.Hold, false, "A zone has ended, and zoneSoak is not over yet.", "Nothing to do.");

    public static ReasonCode ZoneAway { get; } = Add("ZoneAway", ReasonArea.Hold, false, "Pods of another zone are away: this zone waits until they are back.", "Look at the pods that the message names.");

    public static ReasonCode TwoZonesAway { get; } = Add("TwoZonesAway", ReasonArea.Hold, true, "Pods are away in two zones or more: no pod of any zone is taken.", "Repair the pods that the message names. One that cannot become ready may be deleted: it comes back at its StatefulSet's current revision, which under the hold is the one before the change. If that one is no good either, set spec.update.zoneStrategy to Parallel until the change is rolled: then no zone waits for another.");

    public static ReasonCode ZoneProblem { get; } = Add("ZoneProblem", ReasonArea.Hold, true, "Something is wrong with another StatefulSet of the policy, so none of the group goes on.", "Do what the message says of that StatefulSet.");

    // ---- a pod waits ----
    public static ReasonCode PodMissing { get; } = Add("PodMissing", ReasonArea.Hold, false, "The pod does not exist; the built-in controller creates it.", "Read the message: it quotes the newest FailedCreate event, if there is one.");

    public static ReasonCode PodTerminating { get; } = Add("PodTerminating", ReasonArea.Hold, false, "The pod is terminating.", "Wait for its grace period; if its node is dead, delete the node or force the deletion of the pod.");

    public static ReasonCode PodNotReady { get; } = Add("PodNotReady", ReasonArea.Hold, false, "The pod is not ready.", "Look at the pod's events and logs.");

    public static ReasonCode PodSettling { get; } = Add("PodSettling", ReasonArea.Hold, false, "The pod is ready, for less than minReadyDuration.", "Nothing to do.");

    public static ReasonCode WaitsTurn { get; } = Add("WaitsTurn", ReasonArea.Hold, false, "Another pod goes first.", "Nothing to do.");

    public static ReasonCode BudgetUsed { get; } = Add("BudgetUsed", ReasonArea.Hold, false, "As many pods are away as maxUnavailable allows.", "Wait for the pods that the message names, or repair them.");

    public static ReasonCode DisruptionBudgetBlocks { get; } = Add("DisruptionBudgetBlocks", ReasonArea.Hold, false, "The PodDisruptionBudget allows no disruption now.", "Wait until the workload is healthy, or raise the budget's maxUnavailable.");

    public static ReasonCode DisruptionBudgetStale { get; } = Add("DisruptionBudgetStale", ReasonArea.Hold, false, "The disruption controller has not yet seen the PodDisruptionBudget's newest spec.", "Wait; if it lasts, look at kube-controller-manager.");

    public static ReasonCode TwoDisruptionBudgets { get; } = Add("TwoDisruptionBudgets", ReasonArea.Hold, true, "More than one PodDisruptionBudget selects the pods: the API server refuses every eviction.", "Delete all but one of the budgets that the message names.");

    public static ReasonCode DisruptionBudgetSettling { get; } = Add("DisruptionBudgetSettling", ReasonArea.Hold, false, "An eviction was refused; the PodDisruptionBudget counts it for up to two minutes.", "Wait.");

    public static ReasonCode RoleUnknown { get; } = Add("RoleUnknown", ReasonArea.Hold, false, "It is not known whether this pod leads, so it is not known whether it is its turn.", "Read the gate's message; the gate is asked again.");

    public static ReasonCode GateNotAsked { get; } = Add("GateNotAsked", ReasonArea.Hold, false, "The gate has not answered yet.", "Wait for the answer.");

    public static ReasonCode GateAnswerTooOld { get; } = Add("GateAnswerTooOld", ReasonArea.Hold, false, "The gate's last answer is too old to act on.", "Wait for the next answer.");

    public static ReasonCode GateCounting { get; } = Add("GateCounting", ReasonArea.Hold, false, "The gate passes, not yet often enough in a row.", "Nothing to do.");

    public static ReasonCode GatePreparing { get; } = Add("GatePreparing", ReasonArea.Hold, false, "The gate moves leadership away before the pod is taken.", "Nothing to do.");

    public static ReasonCode ScalingInProgress { get; } = Add("ScalingInProgress", ReasonArea.Hold, false, "Pods outside the wanted range still exist; scaling goes before updating.", "Wait until the built-in controller has removed them. If the message names pods that cannot become ready, delete those: under OrderedReady the controller waits for them for ever (kubernetes #67250), and Ordinal takes no pod outside the wanted range, since what becomes of such a pod and of its volume is the scaling's.");

    public static ReasonCode StuckPodKept { get; } = Add("StuckPodKept", ReasonArea.Hold, true, "A pod at an old revision cannot become ready, and stuckPods is Keep.", "Delete the pod by hand, or set spec.update.stuckPods to ReplaceStale.");

    public static ReasonCode StuckPodUnreachable { get; } = Add("StuckPodUnreachable", ReasonArea.Hold, true, "A pod cannot become ready at the current revision, and the Partition driver cannot reach it before the pods above it.", "Use driver OnDelete, or repair the pod.");

    public static ReasonCode IntentBurning { get; } = Add("IntentBurning", ReasonArea.Hold, false, "An intent that is no longer allowed is made harmless before anything else is done.", "Nothing to do.");

    public static ReasonCode ReadinessGateClosed { get; } = Add("ReadinessGateClosed", ReasonArea.Hold, false, "The pod is ready but for the operator's readiness gate, which opens when the gates pass.", "Nothing to do.");

    public static ReasonCode ReleasePulledBack { get; } = Add("ReleasePulledBack", ReasonArea.Hold, false, "A released pod was not taken in time, or its gate closed: the partition goes back up.", "Wait; the pod is released again when all conditions hold.");

    // ---- at rest ----
    public static ReasonCode AdoptionWaits { get; } = Add("AdoptionWaits", ReasonArea.Policy, false, "A rollout of the built-in controller is under way; the StatefulSet is adopted when it ends.", "Wait, or repair the pod on which it hangs. If the message names pods that cannot become ready, delete those: under OrderedReady the controller waits for them for ever (kubernetes #67250), and Ordinal takes no pod of a StatefulSet that it does not hold.");

    public static ReasonCode LeftHeld { get; } = Add("LeftHeld", ReasonArea.Policy, true, "The policy is deleted while a change waits: restoring the original strategy would roll every pod, so the hold stays.", "Let the change be rolled or reverted first, or set spec.release to true.");

    public static ReasonCode HoldLostAtZero { get; } = Add("HoldLostAtZero", ReasonArea.Policy, false, "The StatefulSet was scaled to 0 while a change waited: the built-in controller makes the new revision current.", "Nothing; know that the pods come back at the new revision.");

    // ---- notices ----
    public static ReasonCode NoDisruptionBudget { get; } = Add("NoDisruptionBudget", ReasonArea.Notice, false, "No PodDisruptionBudget selects the pods: under the OnDelete driver a drain upgrades pods past the gates.", "Create a PodDisruptionBudget with maxUnavailable 1.");

    public static ReasonCode UnexpectedTransition { get; } = Add("UnexpectedTransition", ReasonArea.Notice, false, "Facts moved in a way that the lifecycle does not know, for example a pod deleted by hand; the facts were adopted.", "Nothing to do.");

    public static ReasonCode ForeignRelease { get; } = Add("ForeignRelease", ReasonArea.Notice, false, "Somebody else lowered the effective partition while a change waits; the hold was put back once.", "Remove spec.updateStrategy from the manifests of the manager that the message names.");

    public static ReasonCode ForceUsed { get; } = Add("ForceUsed", ReasonArea.Notice, false, "A forced bypass of one gate reason was used for one pod; it works once.", "Nothing to do.");

    public static ReasonCode PreparationExhausted { get; } = Add("PreparationExhausted", ReasonArea.Notice, false, "Leadership could not be moved away; the leader was taken all the same.", "Look at the gate's message.");

    public static ReasonCode GateWarning { get; } = Add("GateWarning", ReasonArea.Notice, false, "A gate that passes warns of something.", "Read the message.");
}
