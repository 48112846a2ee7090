using System.Net;

namespace Ordinal.ControlPlane.Workloads;

/// <summary>
/// A cluster of servers whose members are simulated pods: it speaks its own protocol on the pods' addresses, and loses, lags, elects and
/// recovers as its pods come and go.
/// </summary>
public interface IEnsemble : IAsyncDisposable
{
    /// <summary>Gets the port that members listen on when the container names none.</summary>
    int DefaultPort { get; }

    /// <summary>A member's container runs: it listens from now on, or once it has recovered what it must.</summary>
    /// <param name="ordinal">Which member: the pod's ordinal.</param>
    /// <param name="address">Where it listens; nobody else does there.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="volume">Which volume it has its data on. Another one than the last time is empty: what this member had is gone. Empty: it has none of its own, and data outlive it.</param>
    /// <exception cref="System.Net.Sockets.SocketException">It cannot listen there.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ensemble has no room for such a member.</exception>
    IEnsembleMember Start(int ordinal, IPAddress address, int port, string volume = "");
}

/// <summary>One member's process.</summary>
public interface IEnsembleMember
{
    /// <summary>Gets why its process ends at once; null when it lives.</summary>
    string? Fatal { get; }

    /// <summary>It was asked to stop (TERM), and leaves in good order if it still hears anything.</summary>
    void Leave();

    /// <summary>Stands still, or goes on: it takes connections and answers nothing.</summary>
    void Hang(bool isHung);

    /// <summary>The pod's annotations have changed.</summary>
    /// <param name="annotation">Answers an annotation by its name behind <c>sim.ordinal.dev/</c>, or null.</param>
    void Update(Func<string, string?> annotation);

    /// <summary>Its process ends, with all its connections. Nobody listens any more when the call returns; the task ends with the last connection.</summary>
    Task EndAsync();
}
