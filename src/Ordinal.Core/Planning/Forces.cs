using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// The one-shot bypasses of <c>spec.force</c> (rule 2): each names one pod by UID and one reason. It is used up by the decision that needs it,
/// and counts on for the intent of that decision only: an eviction that was refused may be tried again, the same pod cannot go twice.
/// </summary>
internal static class Forces
{
    /// <summary>Finds a bypass that may be used for a pod; null when there is none.</summary>
    internal static ForceEntry? Find(in Pass pass, string uid, string reason)
    {
        if (uid.Length == 0)
        {
            return null;
        }

        foreach (var force in pass.Request.Force)
        {
            if (force.PodUid == uid && force.Reason == reason && (!IsUsed(in pass, force) || IsInFlight(in pass, uid)))
            {
                return force;
            }
        }

        return null;
    }

    /// <summary>Records that a bypass was used, and says so once.</summary>
    internal static void Use(ref Pass pass, string pod, ForceEntry force)
    {
        if (!IsUsed(in pass, force))
        {
            pass.Use(force);
            pass.Notify(ReasonCodes.ForceUsed, pod, $"{pass.Set.Namespace}/{pod}: reason {force.Reason} was bypassed once: {force.Justification}.", isWarning: true);
        }
    }

    /// <summary>Records the bypass of a role that nobody knows, if this pod is taken by one.</summary>
    internal static void UseForRole(ref Pass pass, int index, PodSnapshot pod)
    {
        if (pass.Policy.Order is PodOrderKind.LeaderLast && PodOrder.RoleOf(in pass, index) is MemberRole.Unknown
            && Find(in pass, pod.Uid, ReasonCodes.RoleUnknown.Code) is { } force)
        {
            Use(ref pass, pod.Name, force);
        }
    }

    private static bool IsUsed(in Pass pass, ForceEntry force)
    {
        foreach (var used in pass.Scratch.UsedForce.Items)
        {
            if (used.PodUid == force.PodUid && used.Reason == force.Reason)
            {
                return true;
            }
        }

        foreach (var use in pass.Input.Memory.UsedForce)
        {
            if (use.Length == force.PodUid.Length + 1 + force.Reason.Length && use[force.PodUid.Length] == '/'
                && use.StartsWith(force.PodUid, StringComparison.Ordinal) && use.EndsWith(force.Reason, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsInFlight(in Pass pass, string uid)
    {
        foreach (var entry in pass.InFlight.Items)
        {
            if (entry.Uid == uid)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How the use of a bypass is remembered.</summary>
    internal static string UseOf(ForceEntry force) => $"{force.PodUid}/{force.Reason}";
}
