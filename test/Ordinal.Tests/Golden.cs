using NUnit.Framework;

namespace Ordinal.Tests;

/// <summary>
/// Compares text with a file of the repository. <c>ORDINAL_UPDATE_GOLDEN=1 make test</c> rewrites the files instead; review them as diffs.
/// </summary>
internal static class Golden
{
    /// <summary>Gets the folder of the repository.</summary>
    public static string Repository { get; } = Find();

    /// <summary>Asserts that the file holds exactly this text.</summary>
    /// <param name="path">Relative to the repository.</param>
    public static void Matches(string path, string actual)
    {
        var file = Path.Combine(Repository, path);
        if (Environment.GetEnvironmentVariable("ORDINAL_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.That(File.Exists(file), Is.True, $"{path} is not there; ORDINAL_UPDATE_GOLDEN=1 makes it");
        Assert.That(actual, Is.EqualTo(File.ReadAllText(file)), $"{path} differs; if that is meant, ORDINAL_UPDATE_GOLDEN=1 rewrites it");
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Operator.sln");
    }
}
