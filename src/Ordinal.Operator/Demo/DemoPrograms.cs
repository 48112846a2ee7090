using System.Diagnostics;

namespace Ordinal.Operator.Demo;

/// <summary>Finds what the demo runs, and brings what is missing with <c>hack/deps</c>.</summary>
internal static class DemoPrograms
{
    /// <summary>Returns the PATH on which a program is found: the user's, or with <c>.deps/root/usr/bin</c> in front of it.</summary>
    /// <exception cref="DemoFailedException">It is nowhere and could not be brought.</exception>
    public static async Task<string> PathWithAsync(string program, string package, Action<string> say, CancellationToken cancellationToken)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        if (FindIn(path, program))
        {
            return path;
        }

        var repository = Repository();
        var brought = Environment.GetEnvironmentVariable("ORDINAL_DEPS") is { Length: > 0 } deps ? deps : Path.Combine(repository ?? ".", ".deps");
        var own = $"{Path.Combine(Path.GetFullPath(brought), "root/usr/bin")}:{path}";
        if (FindIn(own, program))
        {
            return own;
        }

        if (repository is null)
        {
            throw new DemoFailedException($"{program} is not on the PATH; install Debian's package {package}, or run this from a working copy, where hack/deps brings it.", DemoFailedException.Usage);
        }

        say($"{program} is not on the PATH; hack/deps brings it from the Debian archive (nothing is installed)");
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(repository, "hack/deps")) { ArgumentList = { package } })
            ?? throw new DemoFailedException("hack/deps did not start", DemoFailedException.Failed);
        await process.WaitForExitAsync(cancellationToken);
        return FindIn(own, program)
            ? own
            : throw new DemoFailedException($"{program} could not be brought (see above); install Debian's package {package}.", DemoFailedException.Failed);
    }

    /// <summary>Finds a file of the working copy, e.g. <c>config/samples/etcd.yaml</c>.</summary>
    /// <exception cref="DemoFailedException">There is none.</exception>
    public static string Sample(string file)
    {
        // Beside the program in a published build, in the working copy otherwise.
        string[] candidates = [Path.Combine(AppContext.BaseDirectory, file), Path.Combine(Repository() ?? ".", file)];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new DemoFailedException($"{file} is not there; name a manifest with --manifest, or run this from a working copy.", DemoFailedException.Usage);
    }

    private static bool FindIn(string path, string program) =>
        path.Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string? Repository()
    {
        foreach (var start in (string[])[AppContext.BaseDirectory, Environment.CurrentDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "hack/deps")))
                {
                    return folder.FullName;
                }
            }
        }

        return null;
    }
}
