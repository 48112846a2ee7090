using System.Diagnostics;
using NUnit.Framework;

namespace Ordinal.Integration.Demo;

/// <summary>What a target brings from the Debian archive: what its scenario needs and no more. Nothing is fetched here.</summary>
public sealed class DepsTests
{
    [TestCase("demo", "", "etcd-server etcd-client kubernetes-client")]
    [TestCase("demo", "--gates off", "etcd-server etcd-client kubernetes-client")]
    [TestCase("demo", "--scenario generic", "kubernetes-client")]
    [TestCase("demo", "--scenario kafka", "kubernetes-client")]
    [TestCase("demo", "--scenario zookeeper", "zookeeper kubernetes-client")]
    [TestCase("bench", "", "etcd-server etcd-client kubernetes-client zookeeper")]
    [TestCase("bench", "memory start", "etcd-server etcd-client kubernetes-client")]
    [TestCase("bench", "zookeeper", "etcd-server etcd-client kubernetes-client zookeeper")]
    public async Task A_target_brings_what_its_scenario_needs(string target, string arguments, string packages)
    {
        var plan = await RunAsync("make", "-n", target, $"ARGS={arguments}");
        Assert.That(plan.Split('\n'), Has.One.EqualTo($"hack/deps {packages}"));
    }

    [Test]
    public async Task Only_who_asks_for_ZooKeeper_gets_its_jars_and_a_Java_runtime()
    {
        var usual = await ListAsync();
        Assert.That(usual, Is.EquivalentTo(["etcd-server", "etcd-client", "kubernetes-client"]));
        var zookeeper = await ListAsync("zookeeper");
        Assert.That(zookeeper, Does.Contain("libzookeeper-java").And.Contain("libjetty9-java"));
        Assert.That(zookeeper.Any(package => package.StartsWith("openjdk-", StringComparison.Ordinal)), Is.EqualTo(!HasJava()));
    }

    [TestCase("install")]
    [TestCase("deploy")]
    public async Task A_kubectl_that_is_too_old_is_named_with_what_is_needed(string target)
    {
        var kubectl = Path.GetTempFileName();
        await File.WriteAllTextAsync(kubectl, "#!/bin/sh\n[ \"$1\" != version ] || { echo 'Client Version: v1.20.2'; exit 0; }\nexit 1\n");
        File.SetUnixFileMode(kubectl, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var process = Process.Start(new ProcessStartInfo("make", [target, $"KUBECTL={kubectl}"]) { WorkingDirectory = Programs.Repository, RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        File.Delete(kubectl);
        Assert.That(error, Does.StartWith($"make {target}: kubectl 1.21 or newer is needed, and '{kubectl}' is Client Version: v1.20.2; give another one: make {target} KUBECTL=/path/to/kubectl"));
        Assert.That(process.ExitCode, Is.Not.Zero);
    }

    private static bool HasJava() => Environment.GetEnvironmentVariable("JAVA_HOME") is { Length: > 0 }
        || (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "java")));

    private static async Task<string[]> ListAsync(params string[] packages) =>
        (await RunAsync("hack/deps", ["--list", .. packages])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var file = program.Contains('/', StringComparison.Ordinal) ? Path.Combine(Programs.Repository, program) : program;
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { WorkingDirectory = Programs.Repository, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.That(process.ExitCode, Is.Zero, output);
        return output;
    }
}
