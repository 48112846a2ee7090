using System.Globalization;

namespace Ordinal.Gates.Etcd;

/// <summary>Versions as etcd writes them: <c>3.5.21</c>. Only major and minor matter between members.</summary>
internal static class EtcdVersion
{
    /// <summary>Tells whether two members may run together: same major, at most one minor apart. What cannot be read may not.</summary>
    internal static bool AreCompatible(string one, string other) =>
        TryParse(one, out var a) && TryParse(other, out var b) && a.Major == b.Major && Math.Abs(a.Minor - b.Minor) <= 1;

    private static bool TryParse(string text, out (int Major, int Minor) version)
    {
        version = default;
        var parts = text.Split('.');
        if (parts.Length < 2 || !Part(parts[0], out var major) || !Part(parts[1], out var minor))
        {
            return false;
        }

        version = (major, minor);
        return true;
    }

    private static bool Part(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
