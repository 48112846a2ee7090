using System.CommandLine;
using Ordinal.Operator.Cli.Verbs;
using Ordinal.Operator.Demo;

namespace Ordinal.Operator.Cli;

/// <summary>The command line. Each verb is a class with one <c>Create()</c>, listed here.</summary>
public static class CommandRoot
{
    /// <summary>Makes the root with all its verbs.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Rolls Kubernetes StatefulSets safely: one pod at a time, in the right order, and only while the workload says that it may.")
        {
            GetCommand.Create(),
            ListCommand.Create(),
            StatusCommand.Create(),
            ExplainCommand.Create(),
            GatesCommand.Create(),
            HistoryCommand.Create(),
            StartCommand.Create(),
            IntentCommands.Approve(),
            IntentCommands.Pause(),
            IntentCommands.Resume(),
            IntentCommands.Cancel(),
            RetryCommand.Create(),
            UninstallCommand.Create(),
            RunCommand.Create(),
            DemoCommand.Create(),
            ClusterCommand.Create(),
            GenerateCommand.Create(),
            CrdCommand.Create(),
            RbacCommand.Create(),
        };
        CommandName.Apply(root);
        return root;
    }

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code (<see cref="ExitCodes"/>).</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellationToken)
    {
        var parsed = Create().Parse(arguments);
        var code = await parsed.InvokeAsync(configuration, cancellationToken);

        // The library ends with 1 after a command line that it could not read; that code is for rollouts that failed.
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }
}
