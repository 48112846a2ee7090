using Microsoft.Extensions.Hosting;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>The lifetime of a web server that starts and stops with its owner and with nothing else.</summary>
internal sealed class OwnedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
