using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>How one probe went.</summary>
/// <param name="Passed">Whether it succeeded.</param>
/// <param name="Message">Why not, in the kubelet's words as far as they matter.</param>
internal readonly record struct ProbeOutcome(bool Passed, string Message)
{
    public static readonly ProbeOutcome Success = new(true, "");
}

/// <summary>Carries out one probe. Every failure is an outcome.</summary>
/// <param name="podIP">Where network probes go that name no host.</param>
/// <param name="ports">The container's named ports.</param>
/// <param name="execAsync">Runs words in the container's environment; answers the exit code and the end of the output.</param>
/// <param name="time">Clock of the timeout.</param>
internal sealed class ProbeRunner(
    string podIP,
    IReadOnlyDictionary<string, int> ports,
    Func<IReadOnlyList<string>, CancellationToken, Task<(int ExitCode, string Output)>> execAsync,
    TimeProvider time)
{
    // No proxy, no connection kept: a probe that rides on an old connection proves nothing about the listener.
    private static readonly HttpMessageInvoker Http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // Kubernetes checks no certificate in probes; the pod's certificate rarely names its address.
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    /// <summary>Runs a probe once.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the container is over.</exception>
    public async Task<ProbeOutcome> RunAsync(ProbePlan probe, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(probe.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return probe.Action switch
            {
                ProbeAction.HttpGet get => await GetAsync(get, either.Token),
                ProbeAction.TcpSocket tcp => await ConnectAsync(tcp, either.Token),
                ProbeAction.Exec exec => await ExecAsync(exec, either.Token),
                _ => throw new InvalidOperationException($"unknown probe {probe.Action.GetType().Name}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeOutcome(false, string.Create(CultureInfo.InvariantCulture, $"no answer within {probe.Timeout.TotalSeconds} s"));
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or UriFormatException or FormatException)
        {
            return new ProbeOutcome(false, e.Message);
        }
    }

    private async Task<ProbeOutcome> GetAsync(ProbeAction.HttpGet get, CancellationToken cancellationToken)
    {
        var path = get.Path.StartsWith('/') ? get.Path : "/" + get.Path;
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"{(get.Scheme == "HTTPS" ? "https" : "http")}://{get.Host ?? podIP}:{Port(get.Port)}{path}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.ConnectionClose = true;
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        foreach (var (name, value) in get.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await Http.SendAsync(request, cancellationToken);
        var code = (int)answer.StatusCode;

        // A redirect counts as success, as the kubelet counts one that leaves the host.
        return code is >= 200 and < 400
            ? ProbeOutcome.Success
            : new ProbeOutcome(false, string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {code}"));
    }

    private async Task<ProbeOutcome> ConnectAsync(ProbeAction.TcpSocket tcp, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(tcp.Host ?? podIP, Port(tcp.Port), cancellationToken);
        return ProbeOutcome.Success;
    }

    private async Task<ProbeOutcome> ExecAsync(ProbeAction.Exec exec, CancellationToken cancellationToken)
    {
        var (code, output) = await execAsync(exec.Words, cancellationToken);
        return code == 0 ? ProbeOutcome.Success : new ProbeOutcome(false, output.Length > 0 ? output : $"exit code {code}");
    }

    private int Port(string port) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : ports.TryGetValue(port, out var named) ? named
        : throw new FormatException($"the container has no port \"{port}\"");
}
