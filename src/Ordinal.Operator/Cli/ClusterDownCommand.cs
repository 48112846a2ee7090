using System.CommandLine;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal cluster down</c>: asks a running cluster to end, and waits until it has.</summary>
internal static class ClusterDownCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly Option<string?> Kubeconfig = ClusterEndpoint.KubeconfigOption();

    public static Command Create()
    {
        var command = new Command("down", "End a cluster that ordinal cluster up runs, and wait until its kubeconfig is gone.") { Kubeconfig };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var given = parsed.GetValue(Kubeconfig);
            var code = await ClusterEndpoint.SendAsync(parsed, given, "POST", "down", null, null, cancellationToken);
            var file = given ?? Environment.GetEnvironmentVariable("KUBECONFIG") ?? "";
            var start = TimeProvider.System.GetTimestamp();

            // The cluster deletes its kubeconfig when it has ended: nothing else of it can be watched from outside.
            while (code == ExitCodes.Success && File.Exists(file))
            {
                if (TimeProvider.System.GetElapsedTime(start) > Patience)
                {
                    await parsed.InvocationConfiguration.Error.WriteLineAsync($"{file}: the cluster was asked to end and has not within {Patience.TotalSeconds:0} s; end its process by hand.");
                    return ExitCodes.Timeout;
                }

                await Task.Delay(Look, TimeProvider.System, cancellationToken);
            }

            return code;
        });
        return command;
    }
}
