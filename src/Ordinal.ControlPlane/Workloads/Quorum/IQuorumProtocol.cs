using System.Net;

namespace Ordinal.ControlPlane.Workloads.Quorum;

/// <summary>What an ensemble speaks.</summary>
internal interface IQuorumProtocol
{
    int DefaultPort { get; }

    /// <summary>Gets a value indicating whether a leader that stops in good order hands over; otherwise the others must elect.</summary>
    bool HandsOver { get; }

    /// <summary>Gets why a member that lost its data dies as soon as it meets its leader; null when it takes everything from that instead.</summary>
    string? DiesWithoutData { get; }

    /// <summary>Starts to listen for one member.</summary>
    /// <returns>Its listeners; disposing them frees the ports before anything is awaited.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">It cannot listen there.</exception>
    IReadOnlyList<IAsyncDisposable> Listen(QuorumCluster cluster, QuorumMember member, IPAddress address, int port);
}
