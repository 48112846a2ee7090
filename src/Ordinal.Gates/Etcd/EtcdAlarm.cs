namespace Ordinal.Gates.Etcd;

/// <summary>An alarm that is raised in the cluster.</summary>
/// <param name="MemberId">The member that raised it.</param>
/// <param name="Type"><c>NOSPACE</c>, <c>CORRUPT</c>, or what a newer etcd may know.</param>
public sealed record EtcdAlarm(ulong MemberId, string Type)
{
    public const string NoSpace = "NOSPACE";
    public const string Corrupt = "CORRUPT";
}
