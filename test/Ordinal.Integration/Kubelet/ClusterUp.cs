using System.Diagnostics;
using System.Text;
using NUnit.Framework;
using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Kubelet;

/// <summary><c>ordinal cluster up</c> as a process of its own, seen through stock kubectl.</summary>
internal sealed class ClusterUp : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Process _process;

    private ClusterUp(Process process, string folder)
    {
        _process = process;
        Folder = folder;
    }

    public string Folder { get; }

    /// <summary>Gets what it printed when it was up.</summary>
    public string Greeting { get; private set; } = "";

    public int Pid => _process.Id;

    public static async Task<ClusterUp> StartAsync(params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("ordinal-up-").FullName;
        var up = new ClusterUp(Start(Path.Combine(AppContext.BaseDirectory, "ordinal"), ["cluster", "up", "--kubeconfig", Path.Combine(folder, "kubeconfig"), .. arguments]), folder);
        try
        {
            up.Greeting = await ReadAsync(up._process, "Ctrl-C stops it.");
            return up;
        }
        catch
        {
            await up.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts kubelets beside it, as clients of its API server.</summary>
    public async Task<Process> StartKubeletAsync(params string[] arguments)
    {
        var kubelet = Start(Path.Combine(AppContext.BaseDirectory, "ordinal"), ["cluster", "kubelet", "--kubeconfig", Path.Combine(Folder, "kubeconfig"), .. arguments]);
        await ReadAsync(kubelet, "are up");
        return kubelet;
    }

    /// <summary>Runs kubectl; it must succeed.</summary>
    public async Task<string> KubectlAsync(params string[] arguments)
    {
        using var kubectl = Start(Programs.Kubectl, ["--kubeconfig", Path.Combine(Folder, "kubeconfig"), "--cache-dir", Path.Combine(Folder, "cache"), .. arguments]);
        using var limit = new CancellationTokenSource(Deadline);
        var output = kubectl.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = kubectl.StandardError.ReadToEndAsync(limit.Token);
        await kubectl.WaitForExitAsync(limit.Token);
        Assert.That(kubectl.ExitCode, Is.Zero, $"kubectl {string.Join(' ', arguments)}: {await errors}");
        return await output;
    }

    /// <summary>Runs <c>ordinal cluster fault</c>; it must succeed.</summary>
    public async Task FaultAsync(params string[] arguments)
    {
        using var fault = Start(Path.Combine(AppContext.BaseDirectory, "ordinal"), ["cluster", "fault", .. arguments, "--kubeconfig", Path.Combine(Folder, "kubeconfig")]);
        using var limit = new CancellationTokenSource(Deadline);
        var errors = fault.StandardError.ReadToEndAsync(limit.Token);
        await fault.WaitForExitAsync(limit.Token);
        Assert.That(fault.ExitCode, Is.Zero, $"ordinal cluster fault {string.Join(' ', arguments)}: {await errors}");
    }

    /// <summary>Follows a log until a text is in it.</summary>
    public async Task<string> FollowAsync(string text, params string[] arguments)
    {
        using var kubectl = Start(Programs.Kubectl, ["--kubeconfig", Path.Combine(Folder, "kubeconfig"), "logs", "-f", .. arguments]);
        using var limit = new CancellationTokenSource(Deadline);
        var all = new StringBuilder();
        while (!all.ToString().Contains(text, StringComparison.Ordinal) && await kubectl.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            all.Append(line).Append('\n');
        }

        kubectl.Kill();
        await kubectl.WaitForExitAsync(limit.Token);
        return all.ToString();
    }

    public async Task ApplyAsync(string manifest)
    {
        var file = Path.Combine(Folder, "manifest.yaml");
        await File.WriteAllTextAsync(file, manifest);
        await KubectlAsync("apply", "-f", file);
    }

    /// <summary>Kills the cluster's process as nobody should.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks the cluster's process to end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using var kill = Start("/bin/kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        using var limit = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits until the cluster's process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitedAsync()
    {
        using var limit = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<string> ReadAsync(Process process, string until)
    {
        using var limit = new CancellationTokenSource(Deadline);
        var all = "";
        while (!all.Contains(until, StringComparison.Ordinal))
        {
            all += await process.StandardOutput.ReadLineAsync(limit.Token)
                ?? throw new InvalidOperationException($"{process.StartInfo.FileName} ended: {await process.StandardError.ReadToEndAsync(limit.Token)}");
            all += "\n";
        }

        return all;
    }

    private static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }
}
