using System.Collections.Immutable;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>What of the runtime every container sees.</summary>
/// <param name="Path">The PATH of the processes.</param>
/// <param name="PodDirectory">HOME, and where a container starts that names no working directory.</param>
/// <param name="ClusterNet">The cluster's net, <c>127.83.12</c>.</param>
/// <param name="PodIP">The pod's address.</param>
/// <param name="HostIP">The node's address.</param>
public sealed record ContainerSurroundings(string Path, string PodDirectory, string ClusterNet, string PodIP, string HostIP);

/// <summary>The environment of a container.</summary>
/// <param name="Environment">What its processes get.</param>
/// <param name="Expandable">What <c>$(NAME)</c> may refer to, not yet mapped to the mounts' directories.</param>
internal sealed record ContainerVariables(
    ImmutableSortedDictionary<string, string> Environment, ImmutableSortedDictionary<string, string> Expandable);

/// <summary>
/// Makes a container's environment and words. The environment is clean: PATH, HOME, HOSTNAME, <c>ORDINAL_CLUSTER_NET</c>, the mounts'
/// directories, and what the pod itself says; nothing of ours, which may hold credentials.
/// Order and meaning are the kubelet's: <c>envFrom</c> first, then <c>env</c>, a later one of a name wins, and each value may refer to
/// those before it. The words and values are expanded first, then mapped to the mounts' directories.
/// </summary>
internal static class ContainerEnvironment
{
    /// <summary>The variable with the cluster's net; <c>http://$(ORDINAL_CLUSTER_NET).10:2379</c> is a member's address known in advance.</summary>
    public const string ClusterNetVariable = "ORDINAL_CLUSTER_NET";

    /// <summary>Computes the environment.</summary>
    /// <exception cref="PodConfigException">Something that it refers to is not there.</exception>
    public static ContainerVariables Variables(
        ContainerPlan container, PodData data, Func<string, string?> field, MountMap mounts, ContainerSurroundings surroundings)
    {
        // Expansion sees what a pod may know: its own variables and ours, not PATH and HOME, which Kubernetes leaves to the image.
        var known = new Dictionary<string, string>(StringComparer.Ordinal) { [ClusterNetVariable] = surroundings.ClusterNet };
        foreach (var mount in mounts.Mounts)
        {
            known.TryAdd(MountMap.VariableFor(mount.Volume), mount.Directory);
        }

        foreach (var from in container.EnvFrom)
        {
            foreach (var (key, value) in data.All(from.From))
            {
                known[from.Prefix + key] = Encoding.UTF8.GetString(value);
            }
        }

        foreach (var variable in container.Env)
        {
            if (Value(variable, known, data, field) is { } value)
            {
                known[variable.Name] = value;
            }
        }

        var result = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        result["PATH"] = surroundings.Path;
        result["HOME"] = surroundings.PodDirectory;
        result["HOSTNAME"] = field("metadata.name") ?? "";
        foreach (var (name, value) in known)
        {
            if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal))
            {
                throw new PodConfigException(PodConfigException.ConfigError, $"container {container.Name}: \"{name}\" cannot be the name of a variable");
            }

            result[name] = mounts.Substitute(value);
        }

        return new ContainerVariables(result.ToImmutable(), known.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    /// <summary>Expands and maps the words of a command.</summary>
    public static ImmutableArray<string> Expand(IEnumerable<string> words, ContainerVariables variables, MountMap mounts) =>
        Map(words.Select(w => VariableExpansion.Expand(w, name => variables.Expandable.GetValueOrDefault(name))), mounts);

    /// <summary>Maps the words of a probe or a hook, in which Kubernetes expands nothing.</summary>
    public static ImmutableArray<string> Map(IEnumerable<string> words, MountMap mounts) => [.. words.Select(mounts.Substitute)];

    private static string? Value(Variable variable, Dictionary<string, string> known, PodData data, Func<string, string?> field)
    {
        if (variable.FieldPath is { } path)
        {
            return field(path) ?? throw new PodConfigException(
                PodConfigException.ConfigError, $"variable {variable.Name}: field path \"{path}\" is not one that the process runtime knows");
        }

        return variable.From is { } source
            ? data.Key(source, variable.Key) is { } bytes ? Encoding.UTF8.GetString(bytes) : null
            : VariableExpansion.Expand(variable.Value ?? "", name => known.GetValueOrDefault(name));
    }
}
