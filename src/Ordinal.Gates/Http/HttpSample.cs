using System.Collections.Immutable;

namespace Ordinal.Gates.Http;

/// <summary>What one HTTP server answered, as far as the gate's options make it matter.</summary>
public sealed record HttpSample
{
    public required int Status { get; init; }

    /// <summary>Gets where the server points to instead; empty when it does not, or when that was followed.</summary>
    public string RedirectedTo { get; init; } = "";

    /// <summary>Gets what was found in the body; null when it was not read.</summary>
    public BodyFinding? Body { get; init; }
}

/// <summary>What a condition found in a body.</summary>
public sealed record BodyFinding
{
    /// <summary>Gets a value indicating whether the body is longer than <see cref="HttpGateOptions.MaxBody"/>.</summary>
    public bool IsTooLarge { get; init; }

    /// <summary>Gets why nothing can be said of the body; empty when something can.</summary>
    public string Unreadable { get; init; } = "";

    /// <summary>Gets the first value for which the condition does not hold, cut and without our secrets; null when it holds for all.</summary>
    public string? Offender { get; init; }

    /// <summary>Gets the first values, cut and without our secrets.</summary>
    public ImmutableArray<string> Values { get; init; } = [];

    /// <summary>Gets how many values the path found.</summary>
    public int Count { get; init; }
}
