namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Makes directories that only this user can enter (0700).</summary>
public static class PrivateDirectory
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes a directory and its parents. One that exists is left as it is.</summary>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Mode);
        }
    }

    /// <summary>Makes a directory, or closes one that exists to everybody else.</summary>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user.</exception>
    public static void MakePrivate(string path)
    {
        Make(path);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path) != Mode)
        {
            File.SetUnixFileMode(path, Mode);
        }
    }
}
