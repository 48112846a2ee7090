using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>Why a verb cannot do what it was asked: object, fact and remedy, and the exit code that goes with it.</summary>
internal sealed class CliProblem(int exitCode, string message) : Exception(message)
{
    /// <summary>Gets what the process ends with.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The command line asks for something that is not there or cannot be.</summary>
    public static CliProblem Usage(string message) => new(ExitCodes.Usage, message);

    /// <summary>Turns a refusal of the API server into words for people.</summary>
    public static CliProblem Of(ApiException error, Uri server) => error.Kind switch
    {
        ApiErrorKind.Connection or ApiErrorKind.Timeout or ApiErrorKind.Unavailable =>
            new(ExitCodes.Unreachable, $"the API server at {server} cannot be reached ({error.Message}); check --kubeconfig, --context and the network."),
        ApiErrorKind.Unauthorized =>
            new(ExitCodes.Unreachable, $"the API server at {server} does not know who you are ({error.Message}); log in again, or check the user in the kubeconfig."),
        ApiErrorKind.Forbidden =>
            new(ExitCodes.Unreachable, $"not allowed: {Told(error)}; ask for the role ordinal-view to read, ordinal-operator to steer, ordinal-editor to start rollouts."),
        ApiErrorKind.NotFound when error.Message.Contains("could not find the requested resource", StringComparison.Ordinal) =>
            new(ExitCodes.Unreachable, $"the cluster at {server} does not serve Ordinal's kinds; install them with: ordinal crd | kubectl apply --server-side -f -"),
        ApiErrorKind.NotFound or ApiErrorKind.AlreadyExists or ApiErrorKind.Invalid => Usage(Told(error)),
        ApiErrorKind.Conflict or ApiErrorKind.PatchTestFailed =>
            new(ExitCodes.Failed, $"the object changed in the same moment ({Told(error)}); look at it again, then repeat."),
        _ => new(ExitCodes.Failed, error.Message),
    };

    /// <summary>The server's own words without the request in front of them.</summary>
    private static string Told(ApiException error)
    {
        var at = error.Reason.Length == 0 ? -1 : error.Message.IndexOf(error.Reason + ": ", StringComparison.Ordinal);
        return at < 0 ? error.Message : error.Message[(at + error.Reason.Length + 2)..];
    }
}
