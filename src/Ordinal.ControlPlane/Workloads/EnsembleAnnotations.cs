using System.Globalization;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Workloads;

/// <summary>Reads what a pod's annotations say of its ensemble.</summary>
/// <param name="annotation">Answers an annotation by its name behind <c>sim.ordinal.dev/</c>, or null.</param>
internal sealed class EnsembleAnnotations(Func<string, string?> annotation)
{
    public string? Text(string name) => annotation(name);

    /// <summary>Reads a duration.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public TimeSpan Time(string name, TimeSpan otherwise) => annotation(name) is not { } text ? otherwise
        : SimulatedScript.Delay(text, TimeSpan.MinValue) is var time && time >= TimeSpan.Zero ? time
        : throw new FormatException($"annotation {SimulatedScript.Prefix}{name} is \"{text}\", which is no duration such as 500ms or 9s");

    /// <summary>Reads a whole number.</summary>
    /// <exception cref="FormatException">It is none, or out of range.</exception>
    public int Number(string name, int otherwise, int least, int most) => annotation(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new FormatException($"annotation {SimulatedScript.Prefix}{name} is \"{text}\"; give a number from {least} to {most}, in quotes");
}
