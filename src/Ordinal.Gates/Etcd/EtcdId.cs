using System.Globalization;

namespace Ordinal.Gates.Etcd;

/// <summary>Ids of members and clusters, written as etcdctl writes them: hexadecimal without leading zeros.</summary>
internal static class EtcdId
{
    internal static string Text(ulong id) => id.ToString("x", CultureInfo.InvariantCulture);

    internal static bool TryParse(string text, out ulong id) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);
}
