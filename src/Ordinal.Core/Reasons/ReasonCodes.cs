using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Ordinal.Core.Reasons;

/// <summary>The registry of reason codes. A code that is not here does not exist.</summary>
public static partial class ReasonCodes
{
    // ---- rollout ----
    public static ReasonCode Queued { get; } = Add("Queued", ReasonArea.Rollout, false, "The rollout waits for another rollout of the same StatefulSet.", "Wait, or cancel the other one.");

    public static ReasonCode Running { get; } = Add("Running", ReasonArea.Rollout, false, "The rollout is moving.", "Nothing to do.");

    public static ReasonCode GateWaiting { get; } = Add("GateWaiting", ReasonArea.Rollout, false, "A gate does not pass yet.", "Read the message: it names the gate, the fact and the number that is missing.");

    public static ReasonCode Suspended { get; } = Add("Suspended", ReasonArea.Rollout, false, "spec.suspend is true: the pod in flight finishes, none is started.", "Set spec.suspend to false.");

    public static ReasonCode OutsideWindow { get; } = Add("OutsideWindow", ReasonArea.Rollout, false, "No maintenance window is open: pods in flight finish, none is started, and deadlines stand still.", "Wait for the time in the message, or create a rollout with spec.overrides.ignoreWindows.");

    public static ReasonCode AwaitingApproval { get; } = Add("AwaitingApproval", ReasonArea.Rollout, false, "A step is done, and the next one waits until somebody approves it.", "Look at the updated pods, then set spec.approvedStep to the number in the message.");

    public static ReasonCode StepPausing { get; } = Add("StepPausing", ReasonArea.Rollout, false, "A step is done, and its pause lasts a while yet.", "Nothing to do; spec.approvedStep ends the pause early.");

    public static ReasonCode Reverting { get; } = Add("Reverting", ReasonArea.Rollout, false, "The rollout goes back: pods return to the revision that they came from, one safe step at a time.", "Read the message: it says why.");

    public static ReasonCode RolledBack { get; } = Add("RolledBack", ReasonArea.Rollout, true, "The rollout did not succeed, and every pod is back at the revision that it came from. The revision is not tried again by itself.", "Fix what the message names, then change the template or create a new rollout.");

    public static ReasonCode Completed { get; } = Add("Completed", ReasonArea.Rollout, false, "Every pod runs the target revision, is available and passed its gates.", "Nothing to do.");

    public static ReasonCode NoChange { get; } = Add("NoChange", ReasonArea.Rollout, false, "Every pod ran the target revision already.", "Nothing to do.");

    public static ReasonCode PreflightFailed { get; } = Add("PreflightFailed", ReasonArea.Rollout, true, "The rollout could not start safely; no pod was touched.", "Do what the message says, then create a new rollout.");

    public static ReasonCode Cancelled { get; } = Add("Cancelled", ReasonArea.Rollout, false, "spec.cancel was set; the hold is back.", "Create a new rollout to go on.");

    public static ReasonCode Superseded { get; } = Add("Superseded", ReasonArea.Rollout, false, "A newer revision or request took over.", "Look at the newer rollout.");

    public static ReasonCode DeadlineExceeded { get; } = Add("DeadlineExceeded", ReasonArea.Rollout, true, "A pod, a gate or the rollout took longer than it may; the hold is back.", "Fix the pod that the message names, then create a new rollout.");

    // Without it the runtime may put off the initializers above until a field is touched, and All would be empty until then.
    static ReasonCodes()
    {
    }

    /// <summary>Gets all codes, by code.</summary>
    public static ImmutableArray<ReasonCode> All => [.. Registry.Codes.OrderBy(r => r.Code, StringComparer.Ordinal)];

    /// <summary>Finds a code by name; null when the registry has none of this name.</summary>
    public static ReasonCode? Find(string code) => ByCode.Value.GetValueOrDefault(code);

    /// <summary>Tells whether a reason says only that a pod waits for others: where there is a reason of one of those, that one says more.</summary>
    public static bool IsAboutOthers(ReasonCode reason) => reason == WaitsTurn || reason == BudgetUsed;

    /// <summary>Tells whether nothing goes on, of whatever it is said: until a person acts, or the server is in order again.</summary>
    public static bool Stalls(ReasonCode reason) => reason.NeedsHuman || reason == ActionRefused || reason == ServerFails;

    private static readonly Lazy<FrozenDictionary<string, ReasonCode>> ByCode = new(() => Registry.Codes.ToFrozenDictionary(r => r.Code, StringComparer.Ordinal));

    private static ReasonCode Add(string code, ReasonArea area, bool needsHuman, string meaning, string remedy)
    {
        var reason = new ReasonCode(code, area, needsHuman, meaning, remedy);
        Registry.Codes.Add(reason);
        return reason;
    }

    /// <summary>Apart, because the order of static initializers across the files of a partial class is not defined.</summary>
    private static class Registry
    {
        internal static readonly List<ReasonCode> Codes = [];
    }
}
