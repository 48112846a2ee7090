using System.Globalization;

namespace Ordinal.Gates.Etcd;

/// <summary>A version as etcd writes it: <c>3.5.21</c>, <c>3.6.0-rc.1</c>. What follows the patch number is not compared.</summary>
internal readonly record struct EtcdVersion(int Major, int Minor, int Patch) : IComparable<EtcdVersion>
{
    public static bool operator <(EtcdVersion left, EtcdVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(EtcdVersion left, EtcdVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(EtcdVersion left, EtcdVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EtcdVersion left, EtcdVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Reads a version; null when it is none.</summary>
    internal static EtcdVersion? Parse(string text)
    {
        var parts = text.Split('.');
        if (parts.Length < 2 || !Part(parts[0], out var major) || !Part(parts[1], out var minor))
        {
            return null;
        }

        var patch = parts.Length < 3 ? "0" : parts[2].Split('-', '+')[0];
        return Part(patch, out var number) ? new EtcdVersion(major, minor, number) : null;
    }

    /// <summary>Reads the version off an image of etcd, such as <c>quay.io/coreos/etcd:v3.6.5</c> or <c>registry.k8s.io/etcd:3.5.21-0</c>; null when it is none, or its tag says nothing.</summary>
    internal static EtcdVersion? OfImage(string image)
    {
        // A colon before the last slash is a registry's port; what follows @ is a digest.
        var name = image.Split('@')[0];
        name = name[(name.LastIndexOf('/') + 1)..];
        return name.Split(':') is [var program, var tag] && (program is "etcd" || program.EndsWith("-etcd", StringComparison.Ordinal)) && Parse(tag.StartsWith('v') ? tag[1..] : tag) is { Major: 3, Minor: >= 4 } version ? version : null;
    }

    /// <summary>Tells whether two members may run together: same major, at most one minor apart. What cannot be read may not.</summary>
    internal static bool AreCompatible(string one, string other) =>
        Parse(one) is { } a && Parse(other) is { } b && a.Major == b.Major && Math.Abs(a.Minor - b.Minor) <= 1;

    public int CompareTo(EtcdVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    private static bool Part(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
