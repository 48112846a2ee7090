using System.Globalization;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>
/// How a simulated pod behaves. It is written in annotations, <c>sim.ordinal.dev/</c> and one of the names below, which may stand in
/// the template, so that a revision is bad, or be put on one pod at any time; all but the delays before it runs take effect on a pod
/// that runs. A <see cref="Scenario"/> uses the same names for many pods.
/// <code>
/// start-delay: 2s        from binding to the first container
/// pull-delay: 5s         time to pull an image that its node has not pulled yet; without it the images are there
/// pull-failures: "2"     so many pulls fail before one works
/// init-delay: 1s         how long each init container runs
/// ready-delay: 3s        from running to the first readiness probe that passes
/// stop-delay: 500ms      from the request to stop to the end; the grace period cuts it short
/// fail: NeverReady       see <see cref="SimulatedFailure"/>
/// ready: "false"         the readiness probe fails as long as this stands
/// flip: 10s/2s           ready for 10 s, unready for 2 s, and so on
/// crash-after: 1s        how long a run lasts that crashes
/// crashes: "3"           so many runs crash, then it works
/// back-off: 10s          the pause after its first crash, which doubles with each one that follows
/// run-for: 30s           the container ends by itself after so long
/// exit-code: "1"         with which it ends (0, or 1 for a crash)
/// container: main        the one container that fails, crashes or ends; without it all of them
/// </code>
/// </summary>
/// <param name="StartDelay">From binding to the first container.</param>
/// <param name="StopDelay">From the request to stop to the end.</param>
/// <param name="Failure">How it fails.</param>
/// <param name="IsReady">False as long as the readiness probe is to fail.</param>
public sealed record SimulatedScript(TimeSpan StartDelay, TimeSpan StopDelay, SimulatedFailure Failure, bool IsReady)
{
    public const string Prefix = "sim.ordinal.dev/";

    /// <summary>Gets the names that a script may use.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "start-delay", "pull-delay", "pull-failures", "init-delay", "ready-delay", "stop-delay", "fail", "ready", "flip", "crash-after",
        "crashes", "back-off", "run-for", "exit-code", "container",
    ];

    /// <summary>Gets how long a pull takes; null when the image is there.</summary>
    public TimeSpan? PullDelay { get; init; }

    /// <summary>Gets how many pulls fail before one works.</summary>
    public int PullFailures { get; init; }

    /// <summary>Gets how long each init container runs.</summary>
    public TimeSpan InitDelay { get; init; }

    /// <summary>Gets the time from running to ready.</summary>
    public TimeSpan ReadyDelay { get; init; }

    /// <summary>Gets how long it is ready and unready in turn; null for a probe that does not flip.</summary>
    public (TimeSpan Up, TimeSpan Down)? Flip { get; init; }

    /// <summary>Gets how long a run lasts that crashes.</summary>
    public TimeSpan CrashAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets how many runs crash before one does not.</summary>
    public int Crashes { get; init; }

    /// <summary>Gets the pause after the first crash; it doubles up to five minutes.</summary>
    public TimeSpan BackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets how long a run lasts that ends by itself; null for one that goes on.</summary>
    public TimeSpan? RunFor { get; init; }

    /// <summary>Gets the exit code of a run that ends; null for 0, or 1 when it crashes.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Gets the one container that fails, crashes or ends; null for all.</summary>
    public string? Container { get; init; }

    /// <summary>Reads a pod's script.</summary>
    /// <param name="defaults">Behaviour of a pod that does not say.</param>
    public static SimulatedScript Of(KubeObject pod, SimulatedScript defaults)
    {
        SortedDictionary<string, string> annotations = pod.Annotations;
        return Of(name => annotations.GetValueOrDefault(Prefix + name), defaults);
    }

    /// <summary>Reads a script.</summary>
    /// <param name="text">The value under a name of <see cref="Names"/>; null when it is not said.</param>
    /// <param name="defaults">Behaviour where it does not say; what cannot be read counts as not said.</param>
    public static SimulatedScript Of(Func<string, string?> text, SimulatedScript defaults) => defaults with
    {
        StartDelay = Delay(text("start-delay"), defaults.StartDelay),
        StopDelay = Delay(text("stop-delay"), defaults.StopDelay),
        Failure = text("fail") is { } word ? ReadFailure(word) : defaults.Failure,
        IsReady = text("ready") is { } ready ? ready != "false" : defaults.IsReady,
        PullDelay = TryDelay(text("pull-delay")) ?? defaults.PullDelay,
        PullFailures = Count(text("pull-failures")) ?? defaults.PullFailures,
        InitDelay = Delay(text("init-delay"), defaults.InitDelay),
        ReadyDelay = Delay(text("ready-delay"), defaults.ReadyDelay),
        Flip = ReadFlip(text("flip")) ?? defaults.Flip,
        CrashAfter = Delay(text("crash-after"), defaults.CrashAfter),
        Crashes = Count(text("crashes")) ?? defaults.Crashes,
        BackOff = Pause(text("back-off")) ?? defaults.BackOff,
        RunFor = TryDelay(text("run-for")) ?? defaults.RunFor,
        ExitCode = Count(text("exit-code")) ?? defaults.ExitCode,
        Container = text("container") ?? defaults.Container,
    };

    /// <summary>Says what is wrong with the value of a name; null when it can be read.</summary>
    public static string? Complaint(string name, string value) => name switch
    {
        "fail" when ReadFailure(value) is SimulatedFailure.Unknown =>
            $"there is no failure \"{value}\"; give one of {string.Join(", ", Enum.GetNames<SimulatedFailure>().Where(n => n is not (nameof(SimulatedFailure.None) or nameof(SimulatedFailure.Unknown))))}",
        "fail" or "container" => null,
        "ready" => value is "true" or "false" ? null : $"\"{value}\" is neither true nor false",
        "flip" => ReadFlip(value) is null ? $"\"{value}\" is no pair of durations such as 10s/2s" : null,
        "crashes" or "pull-failures" or "exit-code" => Count(value) is null ? $"\"{value}\" is no number from 0 to {LargestCount}" : null,
        "back-off" => Pause(value) is null ? $"\"{value}\" is no duration above 0 and up to 5m" : null,
        _ when Names.Contains(name) => TryDelay(value) is null ? $"\"{value}\" is no duration such as 500ms, 2s or 1m" : null,
        _ => $"there is no such name; known are {string.Join(", ", Names)}",
    };

    /// <summary>Reads a delay: a number with <c>ms</c>, <c>s</c> or <c>m</c>. What cannot be read is the default.</summary>
    public static TimeSpan Delay(string? text, TimeSpan otherwise) => TryDelay(text) ?? otherwise;

    /// <summary>Says whether the script's failure, crash or end is about a container.</summary>
    public bool Concerns(string container) => Container is null || Container == container;

    private const int LargestCount = 100_000;

    private static TimeSpan? Pause(string? text) => TryDelay(text) is { } pause && pause > TimeSpan.Zero && pause <= SimulatedContainer.LongestBackOff ? pause : null;

    private static TimeSpan? TryDelay(string? text)
    {
        if (text is null)
        {
            return null;
        }

        (int unitLength, double milliseconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (2, 1),
            _ when text.EndsWith('s') => (1, 1000),
            _ when text.EndsWith('m') => (1, 60_000),
            "0" => (0, 1),
            _ => (0, 0),
        };
        return milliseconds > 0
            && double.TryParse(text.AsSpan(0, text.Length - unitLength), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * milliseconds < TimeSpan.FromDays(30).TotalMilliseconds
            ? TimeSpan.FromMilliseconds(number * milliseconds)
            : null;
    }

    private static int? Count(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= LargestCount ? count : null;

    private static SimulatedFailure ReadFailure(string word) =>
        word.Length == 0 ? SimulatedFailure.None
        : char.IsAsciiLetter(word[0]) && Enum.TryParse(word, out SimulatedFailure failure) && Enum.IsDefined(failure) ? failure
        : SimulatedFailure.Unknown;

    private static (TimeSpan Up, TimeSpan Down)? ReadFlip(string? text) =>
        text?.Split('/') is [var up, var down] && TryDelay(up) is { } ready && TryDelay(down) is { } unready && ready > TimeSpan.Zero && unready > TimeSpan.Zero
            ? (ready, unready)
            : null;
}
