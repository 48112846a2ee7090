using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Operator.Cli;

/// <summary>How the verbs that change a running embedded cluster reach it: its own API server, below <c>/ordinal/v1</c>, with the kubeconfig's rights.</summary>
internal static class ClusterEndpoint
{
    /// <summary>Makes the option that says which cluster.</summary>
    public static Option<string?> KubeconfigOption() => new("--kubeconfig") { Description = "Kubeconfig that ordinal cluster up has written. Default: KUBECONFIG." };

    /// <summary>Sends one order, prints what the cluster says, and returns the exit code.</summary>
    /// <param name="parsed">The command line, for its output.</param>
    /// <param name="kubeconfig">The value of the option.</param>
    /// <param name="print">Prints an answer; null prints its message.</param>
    public static async Task<int> SendAsync(
        ParseResult parsed, string? kubeconfig, string method, string path, JsonObject? body, Func<JsonElement, string>? print, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var file = kubeconfig ?? Environment.GetEnvironmentVariable("KUBECONFIG");
        if (string.IsNullOrEmpty(file))
        {
            await error.WriteLineAsync("Which cluster? Give --kubeconfig, or set KUBECONFIG, to the file that ordinal cluster up has written.");
            return ExitCodes.Usage;
        }

        try
        {
            using var door = new HttpDoor(HttpDoorOptions.FromKubeconfig(file), TimeProvider.System);
            var question = path.IndexOf('?', StringComparison.Ordinal);
            var call = new ApiCall(method, "/ordinal/v1/" + (question < 0 ? path : path[..question]), question < 0 ? "" : path[(question + 1)..])
            {
                ContentType = "application/json",
                Body = body is null ? default(ReadOnlyMemory<byte>) : JsonSerializer.SerializeToUtf8Bytes<JsonNode>(body),
                UserAgent = "ordinal",
            };
            var answer = await door.SendAsync(call, cancellationToken);
            var document = Read(answer);
            if (answer.IsSuccess)
            {
                await output.WriteLineAsync(print is null ? document.TextAt("message") ?? "" : print(document));
                return ExitCodes.Success;
            }

            var message = document.TextAt("message") ?? "";
            if (answer.StatusCode is 404 && (document.ValueKind is not JsonValueKind.Object || message.Length == 0 || message.Contains("could not find the requested resource", StringComparison.Ordinal)))
            {
                await error.WriteLineAsync($"{file}: this is no cluster of ordinal cluster up: it has no such endpoint. These verbs work on embedded clusters only.");
                return ExitCodes.Usage;
            }

            await error.WriteLineAsync(answer.StatusCode is 401 or 403 ? $"{file}: the cluster does not let this user: {message}" : message);
            return answer.StatusCode is 401 or 403 ? ExitCodes.Unreachable : ExitCodes.Usage;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            await error.WriteLineAsync($"{file}: there is no such kubeconfig. Is the cluster still up? Its file goes with it.");
            return ExitCodes.Usage;
        }
        catch (FormatException e)
        {
            await error.WriteLineAsync(e.Message);
            return ExitCodes.Usage;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            await error.WriteLineAsync($"{file}: the cluster cannot be reached: {e.Message}");
            return ExitCodes.Unreachable;
        }
    }

    private static JsonElement Read(ApiAnswer answer)
    {
        try
        {
            return JsonElement.Parse(answer.Body.Span);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
