using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>What the controllers want to know of a pod, read once from its document.</summary>
public sealed record PodFacts
{
    /// <summary>Gets the pod's document; null for a pod that does not exist yet.</summary>
    public KubeObject? Document { get; init; }

    public required string Name { get; init; }

    /// <summary>Gets the name of the StatefulSet that the pod's name belongs to; empty when the name has no ordinal.</summary>
    public string Parent { get; init; } = "";

    /// <summary>Gets the ordinal in the pod's name; -1 when it has none.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Gets the phase; empty for a pod that does not exist yet, which is how "not created" is told.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Gets the name of the ControllerRevision in the pod's label.</summary>
    public string Revision { get; init; } = "";

    public bool IsTerminating { get; init; }

    /// <summary>Gets a value indicating whether the Ready condition is True.</summary>
    public bool HasReadyCondition { get; init; }

    /// <summary>Gets when the Ready condition last changed, on the kubelet's clock.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    public bool IsCreated => Phase.Length > 0;

    public bool IsPending => Phase == "Pending";

    /// <summary>Gets a value indicating whether the pod has ended for good.</summary>
    public bool HasEnded => Phase is "Failed" or "Succeeded";

    /// <summary>Gets a value indicating whether the pod runs and is ready; a terminating pod still counts.</summary>
    public bool IsRunningAndReady => Phase == "Running" && HasReadyCondition;

    /// <summary>Reads a pod.</summary>
    public static PodFacts Of(KubeObject pod) => pod.Project(Read);

    /// <summary>Splits <c>web-3</c> into parent and ordinal; ordinal -1 when the name does not end in a number that fits 32 bits.</summary>
    public static (string Parent, long Ordinal) SplitName(string podName)
    {
        int dash = podName.LastIndexOf('-');
        return dash > 0
            && podName.AsSpan(dash + 1) is { Length: > 0 } digits
            && !digits.ContainsAnyExceptInRange('0', '9')
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            ? (TextPool.Share(podName[..dash]), ordinal)
            : ("", -1);
    }

    /// <summary>Tells whether the pod has been ready for at least <paramref name="minReadySeconds"/> (podutil.IsPodAvailable).</summary>
    public bool IsAvailable(long minReadySeconds, DateTimeOffset now) =>
        HasReadyCondition
        && (minReadySeconds <= 0 || (ReadySince is { } since && since.AddSeconds(minReadySeconds) <= now));

    /// <summary>Tells whether the pod is away for an update: not available, or about to be.</summary>
    public bool IsUnavailable(long minReadySeconds, DateTimeOffset now) => !IsAvailable(minReadySeconds, now) || IsTerminating;

    private static PodFacts Read(KubeObject pod)
    {
        (string parent, long ordinal) = SplitName(pod.Name);
        JsonElement ready = pod.Root.ItemsAt("status", "conditions").FirstOrDefault(condition => condition.TextAt("type") == "Ready");
        return new PodFacts
        {
            Document = pod,
            Name = pod.Name,
            Parent = parent,
            Ordinal = ordinal,
            Phase = TextPool.Share(pod.Root.TextAt("status", "phase") ?? "Pending"),
            Revision = TextPool.Share(pod.Root.TextAt("metadata", "labels", "controller-revision-hash") ?? ""),
            IsTerminating = pod.IsTerminating,
            HasReadyCondition = ready.TextAt("status") == "True",
            ReadySince = ready.TimeAt("lastTransitionTime"),
        };
    }
}
