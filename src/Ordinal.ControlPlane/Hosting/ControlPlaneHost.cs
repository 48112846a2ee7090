using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>How to serve an API server over HTTPS.</summary>
/// <param name="Address">Address to listen on; each cluster claims its own loopback net.</param>
public sealed record ControlPlaneHostOptions(IPAddress Address)
{
    /// <summary>Gets the port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>Gets the longest request body in bytes; a longer one is answered with 413.</summary>
    public long MaxBodyBytes { get; init; } = 3 * 1024 * 1024;

    /// <summary>Gets what answers authenticated requests that are not for the API server; null, or an answer of null, leaves them to it.</summary>
    public Func<ApiCall, CancellationToken, Task<ApiAnswer?>>? Desk { get; init; }
}

/// <summary>
/// Serves an <see cref="ApiServer"/> over HTTPS with a certificate authority and a bearer token made for this run. Both are gone
/// when the host is.
/// </summary>
public sealed class ControlPlaneHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HostIdentity _identity;

    private ControlPlaneHost(WebApplication application, HostIdentity identity, Uri url)
    {
        _application = application;
        _identity = identity;
        Url = url;
    }

    /// <summary>Gets where the server listens.</summary>
    public Uri Url { get; }

    /// <summary>Gets the certificate authority as PEM; clients trust it and nothing else.</summary>
    public string CertificateAuthorityPem => _identity.CertificateAuthorityPem;

    /// <summary>Gets the bearer token of the administrator; <see cref="ApiServer.Tokens"/> knows the others.</summary>
    public string Token => _identity.Token;

    /// <summary>Starts to serve.</summary>
    /// <exception cref="IOException">The address is in use or not ours.</exception>
    public static Task<ControlPlaneHost> StartAsync(
        ApiServer server, ControlPlaneHostOptions options, TimeProvider timeProvider, CancellationToken cancellationToken) =>
        StartAsync(Task.FromResult(server), options, timeProvider, cancellationToken);

    /// <summary>Starts to serve a server that may not be there yet: requests wait for it. Keys and web server take as long to make as the rest of a cluster.</summary>
    /// <exception cref="IOException">The address is in use or not ours.</exception>
    public static async Task<ControlPlaneHost> StartAsync(
        Task<ApiServer> server, ControlPlaneHostOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        HostIdentity identity = HostIdentity.Create(options.Address, timeProvider.GetUtcNow());
        // The empty builder: the others watch appsettings files, and the system runs out of inotify instances.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        // The default lifetime takes SIGTERM and Ctrl-C for itself, and then they no longer end the process that we are a part of.
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(options.Address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(identity.ServerCertificate);
            });
        });
        WebApplication application = builder.Build();
        CancellationToken stopping = application.Lifetime.ApplicationStopping;
        Task<HttpEndpoint> endpoint = EndpointAsync();
        application.Run(async context => await (await endpoint).HandleAsync(context));
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            identity.Dispose();
            throw;
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ControlPlaneHost(application, identity, new Uri(address));

        async Task<HttpEndpoint> EndpointAsync() => new(await server, identity, options, timeProvider, stopping);
    }

    /// <summary>Writes a kubeconfig for this cluster: a file only its owner can read, in a directory only its owner can enter.</summary>
    public Task WriteKubeconfigAsync(string path, string clusterName, CancellationToken cancellationToken) =>
        Kubeconfig.WriteAsync(path, clusterName, Url, CertificateAuthorityPem, Token, cancellationToken);

    /// <summary>Ends all watches, stops to serve and forgets the keys.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _identity.Dispose();
    }
}
