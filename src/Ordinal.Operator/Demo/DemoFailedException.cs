namespace Ordinal.Operator.Demo;

/// <summary>
/// The demo cannot go on. The message names object, fact and remedy; <see cref="ExitCode"/> is 2 when the user gave something wrong,
/// 1 when the run failed.
/// </summary>
public sealed class DemoFailedException(string message, int exitCode) : Exception(message)
{
    /// <summary>Something that the user gave is wrong; nothing was started or touched.</summary>
    public const int Usage = 2;

    /// <summary>The run failed.</summary>
    public const int Failed = 1;

    public int ExitCode { get; } = exitCode;
}
