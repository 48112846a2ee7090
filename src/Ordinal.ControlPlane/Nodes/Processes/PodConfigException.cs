namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>A pod or a container cannot start as it is described, or what it needs is not there yet.</summary>
/// <param name="reason">The waiting reason that Kubernetes uses: <c>CreateContainerConfigError</c>.</param>
/// <param name="message">Object, fact and remedy.</param>
internal sealed class PodConfigException(string reason, string message) : Exception(message)
{
    /// <summary>The reason for what is missing or wrong in a container's configuration.</summary>
    public const string ConfigError = "CreateContainerConfigError";

    public string Reason => reason;
}
