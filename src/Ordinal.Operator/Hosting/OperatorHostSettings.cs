namespace Ordinal.Operator.Hosting;

/// <summary>What `ordinal run` adds to the operator itself.</summary>
public sealed record OperatorHostSettings
{
    public required OperatorOptions Options { get; init; }

    /// <summary>Gets the kubeconfig's path; null for the usual places.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>Gets where probes are served; null for nowhere.</summary>
    public BindAddress? Health { get; init; }

    /// <summary>Gets where metrics are served; null for nowhere.</summary>
    public BindAddress? Metrics { get; init; }

    public bool IsJsonLog { get; init; }

    /// <summary>Gets debug, info, warning or error.</summary>
    public string LogLevel { get; init; } = "info";
}
