using System.CommandLine;
using Ordinal.Operator.Cli;

namespace Ordinal.Integration.Operating;

/// <summary>The command line in this process, against a test's cluster.</summary>
internal sealed class CommandLine(SimulatedCluster cluster)
{
    /// <summary>Runs one line; words are separated by blanks.</summary>
    public async Task<(int Code, string Output, string Error)> RunAsync(string line, CancellationToken cancellationToken = default)
    {
        using var error = new StringWriter();
        return await RunAsync(line, error, cancellationToken);
    }

    /// <summary>Runs one line, and writes what it says on standard error where it can be read meanwhile.</summary>
    public async Task<(int Code, string Output, string Error)> RunAsync(string line, StringWriter error, CancellationToken cancellationToken = default)
    {
        using var output = new StringWriter();
        var code = await CommandRoot.RunAsync(
            [.. line.Split(' '), "--kubeconfig", cluster.KubeconfigPath],
            new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false },
            cancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
