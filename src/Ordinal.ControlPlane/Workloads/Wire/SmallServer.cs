using System.Net;
using System.Net.Sockets;

namespace Ordinal.ControlPlane.Workloads.Wire;

/// <summary>Listens at one address and port, and gives each connection to somebody who talks. Disposing it frees the port before anything is awaited.</summary>
internal sealed class SmallServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly Func<NetworkStream, CancellationToken, Task> talk;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    /// <summary>Starts to listen.</summary>
    /// <param name="port">0: any free one.</param>
    /// <param name="talk">Serves one connection to its end. What the other side does wrong ends it: I/O errors and bad data may escape.</param>
    /// <exception cref="SocketException">Somebody else listens there.</exception>
    public SmallServer(IPAddress address, int port, Func<NetworkStream, CancellationToken, Task> talk)
    {
        this.talk = talk;
        listener = new TcpListener(address, port);
        listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> all = [];
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                all.RemoveAll(task => task.IsCompleted);
                all.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(all);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await talk(client.GetStream(), stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or FormatException)
            {
                // The other side went, said what nobody understands, or this one ends.
            }
        }
    }
}
