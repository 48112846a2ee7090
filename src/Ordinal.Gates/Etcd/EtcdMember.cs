using System.Collections.Immutable;

namespace Ordinal.Gates.Etcd;

/// <summary>One entry of the member list.</summary>
public sealed record EtcdMember
{
    public required ulong Id { get; init; }

    /// <summary>Gets the name; empty until the member has started for the first time.</summary>
    public string Name { get; init; } = "";

    public ImmutableArray<string> PeerUrls { get; init; } = [];

    /// <summary>Gets the client URLs that the member published; empty until it has started for the first time.</summary>
    public ImmutableArray<string> ClientUrls { get; init; } = [];

    public bool IsLearner { get; init; }

    /// <summary>Gets a value indicating whether the member has ever published itself.</summary>
    public bool IsStarted => Name.Length > 0 && ClientUrls.Length > 0;
}
