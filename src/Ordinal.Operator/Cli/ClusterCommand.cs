using System.CommandLine;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal cluster</c>: a small Kubernetes on this machine, or only its kubelet beside another API server.</summary>
internal static class ClusterCommand
{
    public static Command Create() => new("cluster", "A small Kubernetes on this machine that stock kubectl can use.")
    {
        ClusterUpCommand.Create(),
        ClusterDownCommand.Create(),
        ClusterFaultCommand.Create(),
        ClusterKubeletCommand.Create(),
    };
}
