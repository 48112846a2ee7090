using System.CommandLine;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.Operator.Cli;

/// <summary>The option that names a scenario file of the simulated kubelet.</summary>
internal static class ScenarioOption
{
    public static Option<string?> Create() => new("--scenario") { Description = "YAML file that says how simulated pods behave; see docs/guides/embedded-cluster.md." };

    /// <summary>Reads the file.</summary>
    /// <param name="path">Its path; null for no scenario.</param>
    /// <exception cref="FormatException">It is not there, or is no scenario.</exception>
    public static async Task<Scenario> ReadAsync(string? path, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return Scenario.Empty;
        }

        try
        {
            return Scenario.Parse(await File.ReadAllTextAsync(path, cancellationToken));
        }
        catch (FormatException e)
        {
            throw new FormatException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"--scenario: {e.Message}", e);
        }
    }
}
