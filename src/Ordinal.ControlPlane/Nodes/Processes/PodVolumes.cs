using System.Collections.Immutable;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// Makes a pod's volumes. A claim's directory is named by the claim's UID and outlives the pod; a claim that is deleted and made again
/// gets an empty one. Everything else lies in the pod's directory and goes with it. Files from ConfigMaps, Secrets and the downward
/// API are written once, before the first container starts, and do not follow later changes.
/// </summary>
internal static class PodVolumes
{
    /// <summary>Makes the directories and files.</summary>
    /// <returns>The directory of each volume.</returns>
    /// <exception cref="PodConfigException">Something that a volume refers to is not there.</exception>
    public static async Task<ImmutableSortedDictionary<string, string>> MakeAsync(PodContext pod, CancellationToken cancellationToken)
    {
        var volumes = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var volume in pod.Plan.Volumes)
        {
            var directory = Path.Combine(pod.Directory, "volumes", volume.Name);
            if (volume.Claim is { } name)
            {
                var claim = await pod.GetClaimAsync(name, cancellationToken)
                    ?? throw new PodConfigException("ContainerCreating", $"persistentvolumeclaim \"{name}\" not found");
                if (claim.Uid.Length > 0 && !PodPlanReader.IsSafeFileName(claim.Uid))
                {
                    throw new PodConfigException(PodConfigException.ConfigError, $"persistentvolumeclaim \"{name}\" has a UID that cannot be a directory's name");
                }

                directory = Path.Combine(pod.Options.Root, "claims", pod.Plan.Namespace, $"{name}_{claim.Uid}");
            }

            PrivateDirectory.Make(directory);
            var data = await pod.ReadAsync(volume.Files.Where(f => f.From is not null).Select(f => f.From!.Value), cancellationToken);
            foreach (var files in volume.Files)
            {
                Write(directory, volume.Name, files, data, pod);
            }

            volumes[volume.Name] = directory;
        }

        return volumes.ToImmutable();
    }

    /// <summary>Makes the map of a container's mounts.</summary>
    public static MountMap Map(PodContext pod, ContainerPlan container)
    {
        var mounts = container.Mounts.Select(m => new Mount(m.Volume, m.MountPath, Path.Combine(pod.Volumes[m.Volume], m.SubPath).TrimEnd('/'))).ToList();
        foreach (var mount in mounts.Where(m => !File.Exists(m.Directory)))
        {
            PrivateDirectory.Make(mount.Directory);
        }

        return new MountMap(mounts, pod.Options.Root);
    }

    private static void Write(string directory, string volume, VolumeFiles files, PodData data, PodContext pod)
    {
        IEnumerable<(string Path, byte[]? Content)> all = (files.From, files.Items) switch
        {
            (null, var items) => items.Select(i => (i.Path, pod.Field(i.Key) is { } text ? Encoding.UTF8.GetBytes(text) : null)),
            ({ } source, { IsEmpty: true }) => data.All(source).Select(e => (e.Key, (byte[]?)e.Value)),
            ({ } source, var items) => items.Select(i => (i.Path, data.Key(source, i.Key))),
        };
        foreach (var (path, content) in all)
        {
            if (content is null)
            {
                continue;
            }

            if (path.Length == 0 || path.StartsWith('/') || path.Split('/').Contains(".."))
            {
                throw new PodConfigException(PodConfigException.ConfigError, $"volume {volume}: \"{path}\" is not a path inside the volume");
            }

            var file = Path.Combine(directory, path);
            PrivateDirectory.Make(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, content);
        }
    }
}
