using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Actuating;

/// <summary>What a request makes of a StatefulSet's template.</summary>
/// <param name="Patch">What to write; null when the template says it already.</param>
/// <param name="Problem">Why it cannot be; null when it can.</param>
public sealed record TemplatePlan(JsonPatch? Patch, string? Problem)
{
    /// <summary>The template says what is asked for.</summary>
    public static TemplatePlan Nothing { get; } = new(null, null);

    /// <summary>It cannot be done: object, fact and remedy.</summary>
    public static TemplatePlan Impossible(string problem) => new(null, problem);
}
