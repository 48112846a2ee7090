using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Ordinal.Integration.Gates.Probing;

/// <summary>An HTTP server on loopback (ASP.NET Core's, which shares no line with the gates' client) that answers as a test says.</summary>
internal sealed class ProbeServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private int requests;

    private ProbeServer(WebApplication application) => this.application = application;

    internal int Port => new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>Gets how many requests were answered.</summary>
    internal int Requests => Volatile.Read(ref requests);

    internal static async Task<ProbeServer> StartAsync(
        RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http1, X509Certificate2? certificate = null, bool wantsClientCertificate = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            if (certificate is not null)
            {
                listen.UseHttps(certificate, https =>
                {
                    https.ClientCertificateMode = wantsClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
                    https.ClientCertificateValidation = (client, _, _) => client.Thumbprint == certificate.Thumbprint;
                });
            }
        }));
        var application = builder.Build();
        var server = new ProbeServer(application);
        application.Run(async context =>
        {
            Interlocked.Increment(ref server.requests);
            await answer(context);
        });
        await application.StartAsync();
        return server;
    }

    internal static Task<ProbeServer> SaysAsync(int status, string body, string type = "application/json") => StartAsync(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    });

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
    }
}
