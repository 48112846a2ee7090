using System.CommandLine;
using Ordinal.Operator.Demo;

namespace Ordinal.Operator.Cli;

/// <summary>The command line. Each verb is a class with one <c>Create()</c>, listed here.</summary>
public static class CommandRoot
{
    /// <summary>Makes the root with all its verbs.</summary>
    public static RootCommand Create() => new("Rolls Kubernetes StatefulSets safely: one pod at a time, in the right order, and only while the workload says that it may.")
    {
        RunCommand.Create(),
        DemoCommand.Create(),
        ClusterCommand.Create(),
        GenerateCommand.Create(),
        CrdCommand.Create(),
        RbacCommand.Create(),
    };
}
