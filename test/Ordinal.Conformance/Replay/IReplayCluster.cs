using System.Collections.Immutable;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Door;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Replay;

/// <summary>Where a recording is replayed.</summary>
internal interface IReplayCluster
{
    /// <summary>Gets all that was seen in the recording's namespace.</summary>
    ImmutableArray<Seen> Events { get; }

    /// <summary>
    /// Gets a value indicating whether time is virtual: every counter of a StatefulSet must then be as recorded. In real time a busy
    /// machine may merge two of them into one.
    /// </summary>
    bool IsVirtual { get; }

    /// <summary>Gets kubectl; null where there is no socket.</summary>
    Kubectl? Kubectl { get; }

    /// <summary>Sends a request.</summary>
    Task<ApiAnswer> SendAsync(ApiCall call);

    /// <summary>Lets time pass as it did in the recording: exactly, in virtual time; otherwise until a condition holds, or a deadline has passed.</summary>
    Task PassAsync(TimeSpan recorded, Func<bool> isSo);

    /// <summary>Waits for what might yet happen and should not.</summary>
    Task QuietAsync();
}
