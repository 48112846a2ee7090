using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>Carries a command's streams between the process and the client, and says at the end how it went, as a kubelet does.</summary>
internal sealed class ExecRelay(IExecChannels channels, ExecRequest request, IExecSource source, TimeProvider timeProvider)
{
    /// <summary>How long outputs may stay open after the command has ended: what it left behind may hold them for ever.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);

    /// <summary>Runs the command to its end, or until the client is gone.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    /// <exception cref="OperationCanceledException">The host stops.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await channels.OpenAsync(cancellationToken);
        IExecution execution;
        try
        {
            execution = await source.StartAsync(request, cancellationToken);
        }
        catch (IOException e)
        {
            string words = $"error executing command in container: {e.Message}";
            await FinishAsync(Failure("InternalError", $"Internal error occurred: {words}", new JsonObject { ["message"] = words }, 500), cancellationToken);
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task input;
        await using (execution)
        {
            input = TakeInputAsync(execution, over.Token);
            Task outputs = Task.WhenAll(
                SendAsync(execution.Output, request.Stdout ? ExecChannel.Output : null, over.Token),
                SendAsync(execution.Errors, request.Tty ? ExecChannel.Output : request.Stderr ? ExecChannel.Errors : null, over.Token));
            await Task.WhenAny(execution.Exited, input);
            if (execution.Exited.IsCompleted)
            {
                await Task.WhenAny(outputs, input, Task.Delay(OutputGrace, timeProvider, over.Token));
                await FinishAsync(Ending(await execution.Exited), cancellationToken);
            }
        }

        await over.CancelAsync();
        await input;
    }

    private JsonObject Ending(int code)
    {
        if (code == 0)
        {
            return new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" };
        }

        string number = code.ToString(CultureInfo.InvariantCulture);
        return Failure(
            "NonZeroExitCode",
            $"command terminated with non-zero exit code: error executing command [{string.Join(' ', request.Command)}], exit code {number}",
            new JsonObject { ["reason"] = "ExitCode", ["message"] = number },
            null);
    }

    private static JsonObject Failure(string reason, string message, JsonObject cause, int? code)
    {
        var status = new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = reason,
            ["details"] = new JsonObject { ["causes"] = new JsonArray(cause) },
        };
        if (code is { } known)
        {
            status["code"] = known;
        }

        return status;
    }

    private async Task FinishAsync(JsonObject status, CancellationToken cancellationToken)
    {
        await channels.EndAsync(ExecChannel.Output, cancellationToken);
        await channels.EndAsync(ExecChannel.Errors, cancellationToken);
        await channels.WriteAsync(ExecChannel.Status, JsonText.Write(status), cancellationToken);
        await channels.EndAsync(ExecChannel.Status, cancellationToken);
        await channels.CloseAsync(cancellationToken);
    }

    /// <summary>Takes what the client sends; ends when the client is gone, or the command is over.</summary>
    private async Task TakeInputAsync(IExecution execution, CancellationToken cancellationToken)
    {
        bool isOpen = request.Stdin;
        try
        {
            while (await channels.ReadAsync(cancellationToken) is { } message)
            {
                if (message.Channel != ExecChannel.Input || !isOpen)
                {
                    continue;
                }

                try
                {
                    await execution.Input.WriteAsync(message.Data, cancellationToken);
                    await execution.Input.FlushAsync(cancellationToken);
                    if (message.IsEnd)
                    {
                        isOpen = false;
                        execution.Input.Close();
                    }
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // The command reads no more; that is its right.
                    isOpen = false;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or the command is over.
        }
    }

    /// <summary>Sends an output on; without a channel it is read and thrown away, so that the command is not held up.</summary>
    private async Task SendAsync(Stream output, int? channel, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (await output.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                if (channel is { } known)
                {
                    await channels.WriteAsync(known, buffer.AsMemory(0, read), cancellationToken);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or the command is over.
        }
    }
}
