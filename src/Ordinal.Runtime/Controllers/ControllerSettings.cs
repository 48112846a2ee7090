using Ordinal.Runtime.Queue;

namespace Ordinal.Runtime.Controllers;

/// <summary>How a controller loop works.</summary>
public sealed record ControllerSettings
{
    /// <summary>Gets how many keys may be worked on at a time, 1 or more.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Gets the longest time for one pass.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets when failed keys come back.</summary>
    public BackoffSettings Backoff { get; init; } = BackoffSettings.Default;

    /// <summary>Gets after what time a key comes back that met a terminal error; the world may have been put right without an event.</summary>
    public TimeSpan TerminalRetry { get; init; } = TimeSpan.FromMinutes(5);
}
