using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>One server of the leader's list, the pod that it belongs to, and whether it takes part.</summary>
internal sealed record ZkSeat
{
    internal required ZkServer Server { get; init; }

    /// <summary>Gets the pod that the server belongs to; null when there is none.</summary>
    internal GateTarget? Pod { get; init; }

    internal ZkPodObservation? Seen { get; init; }

    /// <summary>Gets why the server takes no part; null when it does.</summary>
    internal ZkTrouble? Trouble { get; init; }

    internal bool Participates => Trouble is null;

    internal bool IsVoter => Server.IsVoter;

    /// <summary>Gets the name for messages: the pod's, else the server's id and host.</summary>
    internal string Name => Pod?.Pod ?? string.Create(CultureInfo.InvariantCulture, $"server.{Server.Id} ({(Server.Hosts.IsEmpty ? "no host" : ZkText.Clean(Server.Hosts[0]))})");
}
