using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>Answers a pod's fields to its containers (<c>fieldRef</c>).</summary>
internal static class DownwardApi
{
    /// <summary>Reads a field.</summary>
    /// <returns>The value, empty for a label or annotation that is not there; null for a path that is not supported.</returns>
    public static string? Field(string path, KubeObject pod, PodPlan plan, ContainerSurroundings surroundings)
    {
        if (Subscript(path, "metadata.labels") is { } label)
        {
            return pod.Labels.GetValueOrDefault(label, "");
        }

        if (Subscript(path, "metadata.annotations") is { } annotation)
        {
            return pod.Annotations.GetValueOrDefault(annotation, "");
        }

        return path switch
        {
            "metadata.name" => plan.Name,
            "metadata.namespace" => plan.Namespace,
            "metadata.uid" => plan.Uid,
            "metadata.labels" => Lines(pod.Labels),
            "metadata.annotations" => Lines(pod.Annotations),
            "spec.nodeName" => plan.NodeName,
            "spec.serviceAccountName" => plan.ServiceAccountName,
            "status.podIP" or "status.podIPs" => surroundings.PodIP,
            "status.hostIP" or "status.hostIPs" => surroundings.HostIP,
            _ => null,
        };
    }

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) && path.Length > map.Length + 4
            ? path[(map.Length + 2)..^2]
            : null;

    private static string Lines(SortedDictionary<string, string> map) =>
        string.Join('\n', map.Select(e => $"{e.Key}=\"{e.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
}
