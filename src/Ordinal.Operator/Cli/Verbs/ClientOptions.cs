using System.CommandLine;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>The options that every verb of a cluster's user takes, spelled as kubectl spells them.</summary>
internal static class ClientOptions
{
    private static readonly Option<string?> Namespace = new("--namespace", "-n") { Description = "Namespace of the objects. Default: that of the kubeconfig's context." };

    private static readonly Option<bool> AllNamespaces = new("--all-namespaces", "-A") { Description = "All namespaces." };

    private static readonly Option<string?> Kubeconfig = new("--kubeconfig") { Description = "Path of a kubeconfig. Default: KUBECONFIG, ~/.kube/config, or the pod's own service account." };

    private static readonly Option<string?> Context = new("--context") { Description = "Context of the kubeconfig. Default: its current one." };

    private static readonly Option<string?> As = new("--as") { Description = "User to act as." };

    private static readonly Option<string[]> AsGroup = new("--as-group") { Description = "Group to act as; may be given several times.", DefaultValueFactory = _ => [] };

    private static readonly Option<TimeSpan> RequestTimeout = Durations("--request-timeout", "Longest time for one request to the API server; 0 for no limit.", TimeSpan.FromSeconds(30));

    /// <summary>Adds the options, and what runs with them.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="takesAll">Whether the verb can work on all namespaces at once.</param>
    /// <param name="run">The verb's work; returns the exit code.</param>
    public static Command WithCluster(this Command command, bool takesAll, Func<CliSession, ParseResult, CancellationToken, Task<int>> run)
    {
        foreach (var option in (ReadOnlySpan<Option>)[Namespace, Kubeconfig, Context, As, AsGroup, RequestTimeout])
        {
            command.Options.Add(option);
        }

        if (takesAll)
        {
            command.Options.Add(AllNamespaces);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, takesAll, run, cancellationToken));
        return command;
    }

    /// <summary>Tells whether the command line itself names a namespace.</summary>
    public static bool NamesNamespace(ParseResult parsed) => parsed.GetResult(Namespace) is { Implicit: false };

    /// <summary>Makes an option that takes a duration, as 90s or 1h30m.</summary>
    public static Option<TimeSpan> Durations(string name, string description, TimeSpan otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            if (result.Tokens.Count == 1 && (result.Tokens[0].Value == "0" || Api.Durations.TryParse(result.Tokens[0].Value, out _)))
            {
                return Api.Durations.TryParse(result.Tokens[0].Value, out var value) ? value : TimeSpan.Zero;
            }

            result.AddError($"{name} {string.Join(' ', result.Tokens.Select(token => token.Value))}: write a duration as 90s or 1h30m, or 0.");
            return default;
        },
    };

    private static async Task<int> RunAsync(ParseResult parsed, bool takesAll, Func<CliSession, ParseResult, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        var error = parsed.InvocationConfiguration.Error;
        KubernetesTransport transport;
        try
        {
            transport = KubernetesTransport.Connect(
                new KubernetesConnection
                {
                    KubeconfigPath = parsed.GetValue(Kubeconfig),
                    Context = parsed.GetValue(Context),
                    Impersonate = parsed.GetValue(As),
                    ImpersonateGroups = parsed.GetRequiredValue(AsGroup),
                    UserAgent = $"ordinal-cli/{BuildInfo.Version}",
                },
                TimeProvider.System);
        }
        catch (InvalidOperationException problem)
        {
            await error.WriteLineAsync($"error: {problem.Message}; check --kubeconfig and --context.");
            return ExitCodes.Unreachable;
        }

        var timeout = parsed.GetValue(RequestTimeout);
        using var session = new CliSession(transport, timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan)
        {
            Namespace = takesAll && parsed.GetValue(AllNamespaces) ? null : parsed.GetValue(Namespace) ?? transport.Namespace,
            Output = parsed.InvocationConfiguration.Output,
            Error = error,
        };
        try
        {
            return await run(session, parsed, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (ApiException problem)
        {
            return await session.FailAsync(CliProblem.Of(problem, transport.Server));
        }
        catch (CliProblem problem)
        {
            return await session.FailAsync(problem);
        }
    }
}
