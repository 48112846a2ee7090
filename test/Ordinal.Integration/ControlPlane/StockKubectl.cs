using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NUnit.Framework;

namespace Ordinal.Integration.ControlPlane;

/// <summary>
/// One stock kubectl: Debian's from <c>.deps</c> always, and a newer one when ORDINAL_KUBECTL names it or KUBEBUILDER_ASSETS has it
/// beside the control plane.
/// </summary>
public sealed class StockKubectl
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Lazy<int> minor;

    private StockKubectl(string name, string program)
    {
        Name = name;
        Program = program;
        minor = new Lazy<int>(ReadMinor);
    }

    /// <summary>Gets every kubectl that is at hand.</summary>
    public static IEnumerable<StockKubectl> All
    {
        get
        {
            yield return new StockKubectl("debian", Demo.Programs.Kubectl);
            if (Newest is { } program)
            {
                yield return new StockKubectl("newest", program);
            }
        }
    }

    public string Name { get; }

    public string Program { get; }

    /// <summary>Gets the minor version: 20 for 1.20.</summary>
    public int Minor => minor.Value;

    private static string? Newest
    {
        get
        {
            if (Environment.GetEnvironmentVariable("ORDINAL_KUBECTL") is { Length: > 0 } named)
            {
                return named;
            }

            return Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } folder && Path.Combine(folder, "kubectl") is var beside && File.Exists(beside) ? beside : null;
        }
    }

    /// <summary>Ends the test as ignored, and says why, when this kubectl is too old for it.</summary>
    public void Needs(int atLeast)
    {
        if (Minor < atLeast)
        {
            Assert.Ignore(string.Create(CultureInfo.InvariantCulture, $"needs kubectl 1.{atLeast}; this is 1.{Minor}. Set ORDINAL_KUBECTL to a newer one."));
        }
    }

    /// <summary>Starts it.</summary>
    public Process Start(string folder, string kubeconfig, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["KUBECONFIG"] = kubeconfig;
        // kubectl keeps its discovery cache under HOME; a shared one would make clusters see each other's resources.
        start.Environment["HOME"] = folder;
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    public async Task<Said> RunAsync(string folder, string kubeconfig, IEnumerable<string> arguments, string? input)
    {
        using var process = Start(folder, kubeconfig, arguments);
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            return new Said(process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    public override string ToString() => Name;

    private int ReadMinor()
    {
        var said = RunAsync(Path.GetTempPath(), "/dev/null", ["version", "--client", "-o", "json"], null).GetAwaiter().GetResult();
        var text = JsonElement.Parse(said.Output).GetProperty("clientVersion").GetProperty("minor").GetString()!;
        return int.Parse(text.TrimEnd('+'), CultureInfo.InvariantCulture);
    }
}

/// <summary>What a kubectl said.</summary>
public sealed record Said(int Code, string Output, string Error);
