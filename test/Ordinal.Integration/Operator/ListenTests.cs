using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using Ordinal.Operator.Hosting;

namespace Ordinal.Integration.Operating;

/// <summary><c>ordinal run</c> where it is told to listen and cannot: the flag, the value and the remedy, an exit code, and nothing else.</summary>
public sealed class ListenTests
{
    private const string Health = "--health-probe-bind-address";
    private const string Metrics = "--metrics-bind-address";

    private static string OrdinalProgram { get; } = Path.Combine(Path.GetDirectoryName(typeof(OperatorOptions).Assembly.Location)!, "ordinal");

    [TestCase(Health, "elsewhere", "there is no colon before a port")]
    [TestCase(Health, "example.com:8081", "\"example.com\" is no IP address")]
    [TestCase(Metrics, "127.0.0.1:99999", "\"99999\" is no port from 0 to 65535")]
    public async Task An_address_that_cannot_be_read_is_named_with_its_flag_and_what_may_be_written(string flag, string value, string problem)
    {
        var (code, error) = await RunAsync(flag, value);
        Assert.That(code, Is.EqualTo(2), error);
        Assert.That(error, Does.Contain($"{flag} {value}: {problem}; {BindAddress.Forms}."));
    }

    [TestCase(Health, Metrics)]
    [TestCase(Metrics, Health)]
    public async Task A_port_that_is_taken_is_named_with_its_flag(string flag, string other)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var value = taken.LocalEndpoint.ToString()!;
        var (code, error) = await RunAsync(other, "127.0.0.1:0", flag, value);
        Assert.That(code, Is.EqualTo(2), error);
        Assert.That(error.Trim(), Is.EqualTo($"ordinal run: {flag} {value}: something listens there already; choose another port, or write 0 to serve nothing."));
    }

    [Test]
    public async Task A_port_that_is_taken_for_all_addresses_is_named_as_it_was_written()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var value = string.Create(CultureInfo.InvariantCulture, $":{((IPEndPoint)taken.LocalEndpoint).Port}");
        var (code, error) = await RunAsync(Health, "0", Metrics, value);
        Assert.That(code, Is.EqualTo(2), error);
        Assert.That(error.Trim(), Is.EqualTo($"ordinal run: {Metrics} {value}: something listens there already; choose another port, or write 0 to serve nothing."));
    }

    [Test]
    public async Task An_address_of_another_machine_is_named_with_its_flag()
    {
        // A net for examples: no machine has it.
        var (code, error) = await RunAsync(Health, "192.0.2.1:8081", Metrics, "0");
        Assert.That(code, Is.EqualTo(2), error);
        Assert.That(error.Trim(), Is.EqualTo($"ordinal run: {Health} 192.0.2.1:8081: this machine has no such address; choose one of its own, or :8081 for all of them."));
    }

    /// <summary>Runs it against a server that is not asked: the listeners come first.</summary>
    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        var kubeconfig = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            kubeconfig,
            """
            apiVersion: v1
            kind: Config
            current-context: c
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
            users: [{name: u, user: {token: t}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            """);

        // Errors only: on a machine that stands still, the server warns that its heartbeat is late.
        using var process = Process.Start(new ProcessStartInfo(OrdinalProgram, ["run", "--kubeconfig", kubeconfig, "--log-level", "error", .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            var error = await process.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
            return (process.ExitCode, error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            File.Delete(kubeconfig);
        }
    }
}
