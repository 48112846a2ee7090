namespace Ordinal.Gates.Etcd;

/// <summary>One member of the leader's list, the pod that it belongs to, and whether it takes part.</summary>
internal sealed record EtcdSeat
{
    internal required EtcdMember Member { get; init; }

    /// <summary>Gets the pod that the member belongs to; null when there is none.</summary>
    internal GateTarget? Pod { get; init; }

    internal EtcdPodObservation? Seen { get; init; }

    /// <summary>Gets why the member takes no part; null when it does.</summary>
    internal EtcdTrouble? Trouble { get; init; }

    /// <summary>Gets how many entries the member's applied index is behind the leader's commit; 0 when unknown.</summary>
    internal ulong Lag { get; init; }

    internal bool Participates => Trouble is null;

    internal bool IsVoter => !Member.IsLearner;

    /// <summary>Gets the name for messages: the pod's, else the member's, else its id.</summary>
    internal string Name => Pod?.Pod ?? (Member.Name.Length > 0 ? Member.Name : EtcdId.Text(Member.Id));
}
