using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>What one member said, on its own endpoint. Of each answer and its failure exactly one is set.</summary>
public sealed record EtcdPodObservation
{
    public required string Pod { get; init; }

    public required string Uid { get; init; }

    /// <summary>Gets the address that was asked.</summary>
    public required string Endpoint { get; init; }

    public EtcdStatus? Status { get; init; }

    public EtcdFailure? StatusFailure { get; init; }

    public EtcdMemberList? Members { get; init; }

    public EtcdFailure? MembersFailure { get; init; }

    /// <summary>Gets the id (hexadecimal) of the member that served a linearizable read; empty when it served without saying; null when none was served.</summary>
    public string? Reader { get; init; }

    public EtcdFailure? ReadFailure { get; init; }

    /// <summary>Gets the alarms that this member knows of, from Status and, where Status hints at one, from the alarm list.</summary>
    public ImmutableArray<EtcdAlarm> Alarms { get; init; } = [];

    /// <summary>Gets the checksum over all keys up to the revision that every member has; null when it was not asked for, or not answered.</summary>
    public EtcdHash? Hash { get; init; }

    /// <summary>Gets why there is no checksum although it was asked for.</summary>
    public EtcdFailure? HashFailure { get; init; }
}
