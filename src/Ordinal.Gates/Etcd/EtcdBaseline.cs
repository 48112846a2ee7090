using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// What is remembered of members before their pods stop: ids and the alarms that were known. As text, for the rollout's status:
/// <c>v1 cluster=cdf8 etcd-1=8e9e size=3 alarms=NOSPACE</c>. An older operator's has no size, and then the number of members is not compared.
/// </summary>
internal sealed record EtcdBaseline(ulong ClusterId, ImmutableSortedDictionary<string, ulong> Members, ImmutableSortedSet<string> Alarms, int? Size)
{
    private const string Version = "v1";
    private const string Cluster = "cluster";
    private const string KnownAlarms = "alarms";

    /// <summary>No pod of a StatefulSet has a name without a dash.</summary>
    private const string ListSize = "size";

    internal static EtcdBaseline? Parse(string text)
    {
        var words = text.Split(' ');
        if (words[0] != Version)
        {
            return null;
        }

        ulong? cluster = null;
        int? size = null;
        ImmutableSortedSet<string>? alarms = null;
        var members = ImmutableSortedDictionary.CreateBuilder<string, ulong>(StringComparer.Ordinal);
        foreach (var pair in words.Skip(1).Select(w => w.Split('=', 2)))
        {
            if (pair.Length != 2)
            {
                return null;
            }

            if (pair[0] == KnownAlarms)
            {
                alarms = pair[1].Split(',', StringSplitOptions.RemoveEmptyEntries).ToImmutableSortedSet(StringComparer.Ordinal);
            }
            else if (pair[0] == ListSize)
            {
                size = int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
            }
            else if (!EtcdId.TryParse(pair[1], out var id))
            {
                return null;
            }
            else if (pair[0] == Cluster)
            {
                cluster = id;
            }
            else
            {
                members[pair[0]] = id;
            }
        }

        return cluster is null || alarms is null ? null : new EtcdBaseline(cluster.Value, members.ToImmutable(), alarms, size);
    }

    public override string ToString() =>
        $"{Version} {Cluster}={EtcdId.Text(ClusterId)}{string.Concat(Members.Select(m => $" {m.Key}={EtcdId.Text(m.Value)}"))}{(Size is { } size ? $" {ListSize}={size.ToString(CultureInfo.InvariantCulture)}" : "")} {KnownAlarms}={string.Join(',', Alarms)}";
}
