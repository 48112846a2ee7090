namespace Ordinal.Operator.Api;

/// <summary>Names that others may rely on: API group, annotations, labels, finalizers, field manager.</summary>
public static class OrdinalNames
{
    public const string Group = "ordinal.dev";

    public const string Version = "v1alpha1";

    /// <summary>Name of our writes in managed fields. Ownership reads leave entries of this name out.</summary>
    public const string FieldManager = "ordinal-controller";

    /// <summary>On a StatefulSet: who may disrupt it, <c>policyUid/rolloutUid</c> (rule 3).</summary>
    public const string ClaimAnnotation = "ordinal.dev/held-by";

    /// <summary>On a StatefulSet: the <c>spec.updateStrategy</c> that was found at adoption, as JSON.</summary>
    public const string OriginalStrategyAnnotation = "ordinal.dev/original-strategy";

    /// <summary>On a pod: the time at which an abandoned intent was burnt. Its only use is that writing it moves the resourceVersion.</summary>
    public const string BurntAnnotation = "ordinal.dev/burnt-at";

    /// <summary>The condition type of the readiness gate that driver Native turns True when a pod's gates have passed.</summary>
    public const string ReadinessGate = "ordinal.dev/gate";

    /// <summary>The role that carries the rights that only driver Native needs.</summary>
    public const string NativeRole = "native";

    /// <summary>The role that lets gates of type Exec run commands in pods.</summary>
    public const string ExecRole = "exec";

    /// <summary>On a rollout that the operator made for a restart: the ControllerRevision that it goes to.</summary>
    public const string RevisionAnnotation = "ordinal.dev/revision";

    /// <summary>On a rollout: name of the one that it repeats.</summary>
    public const string RetryAnnotation = "ordinal.dev/retry-of";

    /// <summary>On a rollout that the operator made because another one was cancelled with Revert: name of that one.</summary>
    public const string RevertAnnotation = "ordinal.dev/revert-of";

    /// <summary>On such a rollout: the revisions that it may write over, as <c>target=revision</c>, separated by commas.</summary>
    public const string ExpectAnnotation = "ordinal.dev/expect-revisions";

    /// <summary>The role that carries the rights to take pods away.</summary>
    public const string RemovalRole = "ondelete";

    /// <summary>On a rollout: name of its policy.</summary>
    public const string PolicyLabel = "ordinal.dev/policy";

    /// <summary>On a rollout: its type.</summary>
    public const string TypeLabel = "ordinal.dev/type";

    /// <summary>On a rollout: <c>operator</c>; absent on those that others made.</summary>
    public const string CreatedByLabel = "ordinal.dev/created-by";

    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    /// <summary>On a policy: gives the update strategy back before the policy goes.</summary>
    public const string RestoreStrategyFinalizer = "ordinal.dev/restore-strategy";

    /// <summary>On an unfinished rollout: puts the hold back before the rollout goes.</summary>
    public const string SafeHaltFinalizer = "ordinal.dev/safe-halt";
}
