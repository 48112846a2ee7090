using System.Globalization;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>Ways in which a simulated pod fails.</summary>
public enum SimulatedFailure
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Its image cannot be pulled; it stays Pending.</summary>
    ImagePullBackOff,

    /// <summary>Its container starts, exits with 1 and is started again with a growing pause.</summary>
    CrashLoopBackOff,

    /// <summary>It runs and its readiness probe never passes.</summary>
    NeverReady,

    /// <summary>It is bound to no node. The scheduler sees to that.</summary>
    Unschedulable,

    /// <summary>A ConfigMap or Secret of its container is missing; it stays Pending.</summary>
    CreateContainerConfigError,

    /// <summary>The word in the annotation is none of these; the pod behaves as with <see cref="None"/> and an event says so.</summary>
    Unknown,
}

/// <summary>
/// How a simulated pod behaves, read from its annotations. They may be in the template, so that a revision is bad, or be put on one
/// pod at any time; all but the delays take effect on a pod that runs.
/// <code>
/// sim.ordinal.dev/start-delay: 2s     from binding to running and ready
/// sim.ordinal.dev/stop-delay: 500ms   from the request to stop to the end; the grace period cuts it short
/// sim.ordinal.dev/fail: NeverReady    see <see cref="SimulatedFailure"/>
/// sim.ordinal.dev/ready: "false"      the readiness probe fails as long as this stands
/// </code>
/// </summary>
public sealed record SimulatedScript(TimeSpan StartDelay, TimeSpan StopDelay, SimulatedFailure Failure, bool IsReady)
{
    public const string Prefix = "sim.ordinal.dev/";
    public const string StartDelayAnnotation = Prefix + "start-delay";
    public const string StopDelayAnnotation = Prefix + "stop-delay";
    public const string FailAnnotation = Prefix + "fail";
    public const string ReadyAnnotation = Prefix + "ready";

    /// <summary>Reads a pod's script.</summary>
    /// <param name="defaults">Delays of a pod that does not say.</param>
    public static SimulatedScript Of(KubeObject pod, SimulatedScript defaults)
    {
        SortedDictionary<string, string> annotations = pod.Annotations;
        return new SimulatedScript(
            Delay(annotations.GetValueOrDefault(StartDelayAnnotation), defaults.StartDelay),
            Delay(annotations.GetValueOrDefault(StopDelayAnnotation), defaults.StopDelay),
            annotations.TryGetValue(FailAnnotation, out string? word)
                ? Enum.TryParse(word, out SimulatedFailure failure) && Enum.IsDefined(failure) ? failure : word.Length == 0 ? SimulatedFailure.None : SimulatedFailure.Unknown
                : defaults.Failure,
            annotations.GetValueOrDefault(ReadyAnnotation) != "false");
    }

    /// <summary>Reads a delay: a number with <c>ms</c>, <c>s</c> or <c>m</c>. What cannot be read is the default.</summary>
    public static TimeSpan Delay(string? text, TimeSpan otherwise)
    {
        if (text is null)
        {
            return otherwise;
        }

        (int unitLength, double milliseconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (2, 1),
            _ when text.EndsWith('s') => (1, 1000),
            _ when text.EndsWith('m') => (1, 60_000),
            _ => (0, 0),
        };
        return unitLength > 0
            && double.TryParse(text.AsSpan(0, text.Length - unitLength), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * milliseconds < TimeSpan.FromDays(30).TotalMilliseconds
            ? TimeSpan.FromMilliseconds(number * milliseconds)
            : otherwise;
    }
}
