namespace Ordinal.Operator.Demo;

/// <summary>What the user asked of <c>ordinal demo</c>.</summary>
public sealed record DemoOptions
{
    /// <summary>Gets the manifest to apply; null for the scenario's own from <c>config/samples</c>.</summary>
    public string? ManifestFile { get; init; }

    /// <summary>Gets a value indicating whether the operator asks its gates. Without, the run must fail its proof.</summary>
    public bool HasGates { get; init; } = true;

    /// <summary>Gets a value indicating whether the cluster stays up at the end, until Ctrl-C.</summary>
    public bool Keeps { get; init; }

    /// <summary>Gets a value indicating whether a member is made to hang in the middle.</summary>
    public bool Hangs { get; init; } = true;

    public bool IsAscii { get; init; }
}
