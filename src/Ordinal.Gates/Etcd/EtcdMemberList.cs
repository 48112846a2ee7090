using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>One member's idea of the membership. Each answers from its own memory (always so before etcd 3.5), so lists must be compared.</summary>
/// <param name="MemberId">The member that answered.</param>
/// <param name="Members">All members by ascending id.</param>
public sealed record EtcdMemberList(ulong MemberId, ImmutableArray<EtcdMember> Members)
{
    /// <summary>Gets the membership as text: two lists are the same when these are.</summary>
    public string Fingerprint() => string.Join(
        '\n',
        Members.OrderBy(m => m.Id).Select(m =>
            $"{EtcdId.Text(m.Id)} {m.Name} {m.IsLearner} {string.Join(',', m.PeerUrls.Order(StringComparer.Ordinal))} {string.Join(',', m.ClientUrls.Order(StringComparer.Ordinal))}"));
}
