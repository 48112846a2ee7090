using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.Gates.Exec;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Runs commands through <c>pods/exec</c> over a WebSocket. Each message begins with a byte that names its channel: 1 and 2 are the command's
/// outputs, 3 is a Status at its end. v5 differs from v4 only in closing the input, which is never opened here.
/// </summary>
public sealed class PodExec : IPodExec
{
    private const byte StandardOutput = 1;
    private const byte StandardError = 2;
    private const byte Error = 3;

    private static readonly string[] Protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

    private readonly IApiSockets sockets;

    private PodExec(IApiSockets sockets) => this.sockets = sockets;

    /// <summary>Makes one over a transport; null when that has no WebSockets.</summary>
    public static PodExec? Over(IApiTransport transport) => transport is IApiSockets sockets ? new PodExec(sockets) : null;

    /// <inheritdoc/>
    public async Task<ExecSample> RunAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            var opening = await sockets.ConnectAsync(Path(request), Protocols, cancellationToken);
            if (opening.Socket is not { } socket)
            {
                return new ExecSample { Refusal = opening.Refusal };
            }

            using (socket)
            {
                return await ReadAsync(socket, request.MaxOutput, cancellationToken);
            }
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ExecSample { Trouble = "the connection to the API server broke" };
        }
    }

    /// <summary>Reads the Status of channel 3, as the kubelet writes it.</summary>
    internal static ExecSample Ending(ReadOnlySpan<byte> status, string output)
    {
        JsonObject? ended;
        try
        {
            ended = JsonNode.Parse(status) as JsonObject;
        }
        catch (JsonException)
        {
            ended = null;
        }

        if (ended.Text("status") == "Success")
        {
            return new ExecSample { ExitCode = 0, Output = output };
        }

        var message = ended.Text("message");
        if (ended.Text("reason") == "NonZeroExitCode")
        {
            var cause = ended.Items("details", "causes").FirstOrDefault(each => each.Text("reason") == "ExitCode").Text("message");
            return int.TryParse(cause, out var code)
                ? new ExecSample { ExitCode = code, Output = output }
                : new ExecSample { Output = output, Trouble = $"its exit code cannot be read: {message}" };
        }

        // The runtime's words, before there was a process at all.
        var isMissing = message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal)
            || message.Contains("permission denied", StringComparison.Ordinal);
        return new ExecSample { Output = output, Trouble = message.Length > 0 ? message : "the server's last word cannot be read", IsCommandMissing = isMissing };
    }

    private static string Path(ExecRequest request)
    {
        var command = string.Concat(request.Command.Select(word => $"&command={Uri.EscapeDataString(word)}"));
        var container = request.Container.Length == 0 ? "" : $"&container={Uri.EscapeDataString(request.Container)}";
        return $"/api/v1/namespaces/{request.Namespace}/pods/{request.Pod}/exec?stdout=true&stderr=true{container}{command}";
    }

    private static async Task<ExecSample> ReadAsync(WebSocket socket, int maxOutput, CancellationToken cancellationToken)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        var buffer = new byte[8192];
        byte? channel = null;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                break;
            }

            var from = 0;
            if (channel is null && part.Count > 0)
            {
                (channel, from) = (buffer[0], 1);
            }

            var kept = channel switch { StandardOutput or StandardError => output, Error => error, _ => null };
            kept?.Write(buffer, from, (int)Math.Min(part.Count - from, Math.Max(0, (ReferenceEquals(kept, error) ? 65536 : maxOutput) - kept.Length)));
            channel = part.EndOfMessage ? null : channel;
        }

        var said = Encoding.UTF8.GetString(output.GetBuffer().AsSpan(0, (int)output.Length));
        return error.Length == 0
            ? new ExecSample { Output = said, Trouble = "the connection ended before the command did" }
            : Ending(error.GetBuffer().AsSpan(0, (int)error.Length), said);
    }
}
