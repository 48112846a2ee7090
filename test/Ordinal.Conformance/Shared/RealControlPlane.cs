using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ordinal.TestSupport;

/// <summary>
/// A real etcd, kube-apiserver and kube-controller-manager from the folder that KUBEBUILDER_ASSETS names (the convention of
/// envtest), on loopback, with an admin token. No scheduler and no kubelet: those are the project's own, as ordinary clients.
/// </summary>
public sealed class RealControlPlane : IAsyncDisposable
{
    // Nor is there a node controller, so nothing may taint new nodes as not ready: nobody would take the taint off.
    // What a StatefulSet needs, by the names of 1.28 and later; the node and service controllers would ask for a cloud.
    private const string Controllers = "statefulset-controller,disruption-controller,garbage-collector-controller,namespace-controller,"
        + "endpoints-controller,endpointslice-controller,serviceaccount-controller,clusterrole-aggregation-controller,"
        + "persistentvolumeclaim-protection-controller";

    private readonly string folder;
    private readonly List<Process> processes = [];

    private RealControlPlane(string folder) => this.folder = folder;

    /// <summary>Gets the folder with the three binaries; null when the variable is not set.</summary>
    public static string? Assets => Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets ? assets : null;

    /// <summary>Gets the path of the administrator's kubeconfig.</summary>
    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    /// <summary>Gets the path of the API server's audit log: one line of JSON for each answer, and for each watch when it opens and ends.</summary>
    public string AuditLog => Path.Combine(folder, "audit.log");

    /// <summary>Starts the three processes and waits until the API server is ready and serves the built-in objects.</summary>
    /// <param name="featureGates">Feature gates of both programs, <c>A=true,B=false</c>; null for the defaults.</param>
    /// <param name="isAudited">Whether the API server notes each request in <see cref="AuditLog"/>.</param>
    public static async Task<RealControlPlane> StartAsync(CancellationToken cancellationToken, string? featureGates = null, bool isAudited = false)
    {
        var assets = Assets ?? throw new InvalidOperationException("KUBEBUILDER_ASSETS is not set; name the folder that holds etcd, kube-apiserver and kube-controller-manager");
        var folder = Directory.CreateTempSubdirectory("ordinal-real-").FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var plane = new RealControlPlane(folder);
        try
        {
            await plane.StartCoreAsync(assets, featureGates is null ? [] : [$"--feature-gates={featureGates}"], isAudited, cancellationToken);
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Reverse order: the controller manager first, so that it does not fill its log with lost connections.
        for (var i = processes.Count - 1; i >= 0; i--)
        {
            using var process = processes[i];
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task StartCoreAsync(string assets, string[] more, bool isAudited, CancellationToken cancellationToken)
    {
        var (client, peer, secure, managerPort) = (FreePort(), FreePort(), FreePort(), FreePort());
        Start(assets, "etcd", [
            "--name=e0", $"--data-dir={folder}/etcd", "--unsafe-no-fsync=true", "--log-level=error",
            $"--listen-client-urls=http://127.0.0.1:{client}", $"--advertise-client-urls=http://127.0.0.1:{client}",
            $"--listen-peer-urls=http://127.0.0.1:{peer}", $"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            $"--initial-cluster=e0=http://127.0.0.1:{peer}"]);

        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(24));
        await WritePrivateAsync("tokens.csv", $"{token},ordinal-admin,u1,\"system:masters\"\n", cancellationToken);
        using (var key = RSA.Create(2048))
        {
            await WritePrivateAsync("sa.key", key.ExportRSAPrivateKeyPem(), cancellationToken);
            await WritePrivateAsync("sa.pub", key.ExportSubjectPublicKeyInfoPem(), cancellationToken);
        }

        string[] audit = [];
        if (isAudited)
        {
            await WritePrivateAsync("audit-policy.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n", cancellationToken);
            audit = [$"--audit-policy-file={folder}/audit-policy.yaml", $"--audit-log-path={AuditLog}"];
        }

        Start(assets, "kube-apiserver", [
            $"--etcd-servers=http://127.0.0.1:{client}", "--bind-address=127.0.0.1", $"--secure-port={secure}", $"--cert-dir={folder}/certs",
            $"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            "--service-account-issuer=https://kubernetes.default.svc", $"--service-account-key-file={folder}/sa.pub",
            $"--service-account-signing-key-file={folder}/sa.key", "--service-cluster-ip-range=10.0.0.0/24", "--v=0", .. audit, .. more]);

        var certificate = Path.Combine(folder, "certs", "apiserver.crt");
        await WaitReadyAsync(secure, token, certificate, cancellationToken);
        await WritePrivateAsync("kubeconfig", $"""
            apiVersion: v1
            kind: Config
            current-context: real
            clusters:
            - name: real
              cluster:
                server: https://127.0.0.1:{secure}
                certificate-authority-data: {Convert.ToBase64String(await File.ReadAllBytesAsync(certificate, cancellationToken))}
            users:
            - name: admin
              user:
                token: {token}
            contexts:
            - name: real
              context:
                cluster: real
                user: admin
            """, cancellationToken);

        Start(assets, "kube-controller-manager", [
            $"--kubeconfig={Kubeconfig}", $"--secure-port={managerPort}", "--bind-address=127.0.0.1", $"--cert-dir={folder}/manager-certs",
            "--leader-elect=false", "--use-service-account-credentials=false",
            "--controllers=" + Controllers,
            "--kube-api-qps=200", "--kube-api-burst=300", "--v=0", .. more]);
    }

    private async Task WaitReadyAsync(int port, string token, string certificate, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(5));
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
        {
            if (presented is null || !File.Exists(certificate))
            {
                return false;
            }

            using var expected = X509Certificate2.CreateFromPem(File.ReadAllText(certificate));
            return presented.GetCertHashString(HashAlgorithmName.SHA256) == expected.GetCertHashString(HashAlgorithmName.SHA256);
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{port}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        while (true)
        {
            if (processes.Find(p => p.HasExited) is { } dead)
            {
                var log = Path.Combine(folder, dead.StartInfo.Environment["ORDINAL_NAME"] + ".log");
                throw new InvalidOperationException($"{log}: the process ended with {dead.ExitCode}:\n{string.Join('\n', (await File.ReadAllLinesAsync(log, deadline.Token)).TakeLast(8))}");
            }

            try
            {
                using var ready = await client.GetAsync(new Uri("/readyz", UriKind.Relative), deadline.Token);
                using var space = await client.GetAsync(new Uri("/api/v1/namespaces/default", UriKind.Relative), deadline.Token);
                if (ready.IsSuccessStatusCode && space.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, deadline.Token);
        }
    }

    private void Start(string assets, string name, string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            ArgumentList = { "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", Path.Combine(folder, name + ".log"), Path.Combine(assets, name) },
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ORDINAL_NAME"] = name;
        processes.Add(Process.Start(start) ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{assets}/{name} did not start")));
    }

    private async Task WritePrivateAsync(string name, string text, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, name);
        await File.WriteAllTextAsync(path, text, cancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
