namespace Ordinal.Operator.Cli;

/// <summary>What the process ends with. The same for all verbs.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The rollout failed, or the operator broke.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a file that it names, is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Time was up while the rollout went on.</summary>
    public const int Timeout = 3;

    /// <summary>The rollout was cancelled or superseded.</summary>
    public const int Cancelled = 4;

    /// <summary>The API server cannot be reached, or does not let us.</summary>
    public const int Unreachable = 5;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;
}
