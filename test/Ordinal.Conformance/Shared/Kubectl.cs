using System.Diagnostics;
using NUnit.Framework;

namespace Ordinal.TestSupport;

/// <summary>
/// Stock kubectl with a kubeconfig of its own: <c>ORDINAL_KUBECTL</c>, else Debian's from the repository's <c>.deps</c>, else the
/// one on the PATH.
/// </summary>
/// <param name="folder">Its home and working directory.</param>
/// <param name="kubeconfig">The kubeconfig; null for <c>private/kubeconfig</c> in the folder.</param>
/// <param name="plugins">A folder with plugins; null for those on the PATH.</param>
internal sealed class Kubectl(string folder, string? kubeconfig = null, string? plugins = null)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    public string Folder { get; } = folder;

    public string Kubeconfig { get; } = kubeconfig ?? Path.Combine(folder, "private", "kubeconfig");

    /// <summary>Runs a command that must succeed and returns what it printed.</summary>
    public async Task<string> RunAsync(string arguments, string? input = null)
    {
        (int code, string output, string error) = await ExecuteAsync(arguments.Split(' '), input);
        Assert.That(code, Is.Zero, $"kubectl {arguments}: {error}");
        return output;
    }

    /// <summary>Runs a command that must fail and returns its complaint.</summary>
    public async Task<string> FailAsync(string arguments, string? input = null)
    {
        (int code, string output, string error) = await ExecuteAsync(arguments.Split(' '), input);
        Assert.That(code, Is.Not.Zero, $"kubectl {arguments} succeeded: {output}");
        return error;
    }

    /// <summary>Starts a command that goes on; disposing it ends it.</summary>
    public RunningKubectl Start(string arguments) => new(StartProcess(arguments.Split(' ')));

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("ORDINAL_KUBECTL") is { Length: > 0 } named)
        {
            return named;
        }

        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, ".deps", "root", "usr", "bin", "kubectl");
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        return "kubectl";
    }

    /// <summary>Runs a command, however it ends.</summary>
    public async Task<(int Code, string Output, string Error)> ExecuteAsync(IReadOnlyList<string> arguments, string? input = null)
    {
        using Process process = StartProcess(arguments);
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            return (process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    private Process StartProcess(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Find())
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["KUBECONFIG"] = Kubeconfig;
        if (plugins is not null)
        {
            start.Environment["PATH"] = $"{plugins}:{Environment.GetEnvironmentVariable("PATH")}";
        }

        // kubectl keeps its discovery cache under HOME; a shared one would make tests see each other's resources.
        start.Environment["HOME"] = Folder;
        return Process.Start(start)!;
    }
}

/// <summary>A kubectl that goes on until it is disposed.</summary>
internal sealed class RunningKubectl(Process process) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Reads the next line that it prints.</summary>
    public async Task<string> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        return await process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException("kubectl has ended");
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
