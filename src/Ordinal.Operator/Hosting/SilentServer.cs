using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Ordinal.Operator.Hosting;

/// <summary>A server that listens nowhere. Kestrel without an address would listen on its default one, port 5000.</summary>
internal sealed class SilentServer : IServer
{
    public IFeatureCollection Features { get; } = With(new ServerAddressesFeature());

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    private static FeatureCollection With(IServerAddressesFeature noAddresses)
    {
        var features = new FeatureCollection();
        features.Set(noAddresses);
        return features;
    }
}
