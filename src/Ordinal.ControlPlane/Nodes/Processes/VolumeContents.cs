using System.Runtime.InteropServices;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>One file of a volume.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Its mode.</param>
public sealed record VolumeFile(byte[] Content, UnixFileMode Mode);

/// <summary>
/// Writes the files of a ConfigMap, Secret or downward API volume as a kubelet does: into a directory of their own, to which the link
/// <c>..data</c> points, and the names in the volume are links through it. A new version is a new directory and one rename of that
/// link, so a reader sees the old files or the new ones and never a mixture.
/// </summary>
public static class VolumeContents
{
    private const string Current = "..data";
    private const string Next = "..data_tmp";

    /// <summary>Writes the files, if they are not there already.</summary>
    /// <param name="directory">The volume.</param>
    /// <param name="files">Path inside the volume, and file.</param>
    /// <returns>True when something has changed.</returns>
    public static bool Write(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var link = Path.Combine(directory, Current);
        var before = new FileInfo(link).LinkTarget is { } target ? Path.Combine(directory, target) : null;
        if (before is not null && IsSame(before, files))
        {
            return false;
        }

        var version = Enumerable.Range(1, int.MaxValue).Select(n => Path.Combine(directory, $"..{n}")).First(path => path != before && !Directory.Exists(path));
        PrivateDirectory.Make(version);
        foreach (var (path, file) in files)
        {
            var full = Path.Combine(version, path);
            PrivateDirectory.Make(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(full, file.Content);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(full, file.Mode);
            }
        }

        var next = Path.Combine(directory, Next);
        File.Delete(next);
        File.CreateSymbolicLink(next, Path.GetFileName(version));
        if (Rename(next, link) != 0)
        {
            throw new IOException($"{link} cannot be replaced: error {Marshal.GetLastPInvokeError()}");
        }

        LinkNames(directory, files);
        if (before is not null)
        {
            Directory.Delete(before, recursive: true);
        }

        return true;
    }

    /// <summary>Keeps one link in the volume for each first step of a path.</summary>
    private static void LinkNames(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var names = files.Keys.Select(path => path.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Where(name => new FileInfo(Path.Combine(directory, name)).LinkTarget is null))
        {
            File.CreateSymbolicLink(Path.Combine(directory, name), Path.Combine(Current, name));
        }

        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (!entry.Name.StartsWith("..", StringComparison.Ordinal) && !names.Contains(entry.Name) && entry.LinkTarget is not null)
            {
                File.Delete(entry.FullName);
            }
        }
    }

    private static bool IsSame(string directory, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var present = new DirectoryInfo(directory).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).ToList();
        return present.Count == files.Count && present.TrueForAll(found =>
            files.TryGetValue(Path.GetRelativePath(directory, found.FullName), out var file)
            && (OperatingSystem.IsWindows() || found.UnixFileMode == file.Mode)
            && found.Length == file.Content.Length
            && File.ReadAllBytes(found.FullName).AsSpan().SequenceEqual(file.Content));
    }

    /// <summary>The system's own: File.Move looks at what a link points to, and refuses a directory.</summary>
    [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Rename([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}
