using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>One mount of a container: the path that the manifest gives, and the directory of this machine that stands for it.</summary>
/// <param name="Volume">Name of the volume.</param>
/// <param name="MountPath">Absolute path as in the manifest.</param>
/// <param name="Directory">Absolute path of the directory.</param>
public sealed record Mount(string Volume, string MountPath, string Directory);

/// <summary>
/// Stands in for a mount namespace. A process of this machine sees this machine's files, so a volume cannot appear at its
/// <c>mountPath</c>. Instead:
/// <list type="bullet">
/// <item>each volume's directory is in the environment variable <c>ORDINAL_MOUNT_NAME</c> (the volume's name in capitals, with
/// <c>_</c> for every other character than letters and digits); of several mounts of one volume the first counts;</item>
/// <item>a word of the command, of the arguments or of a probe, the working directory, or the value of a variable is rewritten when it
/// <em>is</em> a mountPath or a path below one (<c>/data</c>, <c>/data/wal</c>), or when that follows its first equals sign
/// (<c>--data-dir=/data</c>). The longest mountPath wins. Nothing inside a longer text is touched: in
/// <c>sh -c "ls /data"</c> write <c>"ls $ORDINAL_MOUNT_DATA"</c>;</item>
/// <item><c>readOnly</c> is not enforced.</item>
/// </list>
/// </summary>
public sealed class MountMap
{
    private readonly ImmutableArray<Mount> _longestFirst;
    private readonly string _root;

    /// <summary>Creates the map of one container.</summary>
    /// <param name="mounts">In the order of the manifest.</param>
    /// <param name="root">The runtime's own directory. A path inside it is already real: a mount of <c>/tmp</c> must not rewrite it again.</param>
    public MountMap(IEnumerable<Mount> mounts, string root)
    {
        _root = root;
        Mounts = [.. mounts.Select(m => m with { MountPath = Trim(m.MountPath) })];
        _longestFirst = [.. Mounts.OrderByDescending(m => m.MountPath.Length).ThenBy(m => m.MountPath, StringComparer.Ordinal)];
    }

    /// <summary>Gets the mounts in the order of the manifest.</summary>
    public ImmutableArray<Mount> Mounts { get; }

    /// <summary>Returns the name of the environment variable that carries a volume's directory.</summary>
    public static string VariableFor(string volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return "ORDINAL_MOUNT_" + string.Concat(volume.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
    }

    /// <summary>Returns the word with a leading mountPath, or one after its first equals sign, replaced by the directory.</summary>
    public string Substitute(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (Map(word) is { } whole)
        {
            return whole;
        }

        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals >= 0 && Map(word[(equals + 1)..]) is { } value ? word[..(equals + 1)] + value : word;
    }

    private static string Trim(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static bool IsAtOrBelow(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal)
        && (path.Length == folder.Length || folder == "/" || path[folder.Length] == '/');

    private string? Map(string path)
    {
        if (!path.StartsWith('/') || IsAtOrBelow(path, _root))
        {
            return null;
        }

        foreach (var mount in _longestFirst)
        {
            if (IsAtOrBelow(path, mount.MountPath))
            {
                var rest = path[mount.MountPath.Length..].TrimStart('/');
                return rest.Length == 0 ? mount.Directory : mount.Directory + "/" + rest;
            }
        }

        return null;
    }
}
