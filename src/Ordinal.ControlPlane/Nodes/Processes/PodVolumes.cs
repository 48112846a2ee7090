using System.Collections.Immutable;
using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// Makes a pod's volumes. A claim's directory is named by the claim's UID and outlives the pod; a claim that is deleted and made again
/// gets an empty one. Everything else lies in the pod's directory and goes with it. Files from ConfigMaps, Secrets and the downward
/// API follow later changes, all of a volume at once (<see cref="VolumeContents"/>).
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
            await FillAsync(pod, volume, directory, cancellationToken);
            volumes[volume.Name] = directory;
        }

        return volumes.ToImmutable();
    }

    /// <summary>Brings the files of every volume to what their sources say now.</summary>
    /// <exception cref="PodConfigException">Something that a volume refers to is no longer there; its files stay as they were.</exception>
    public static async Task RefreshAsync(PodContext pod, CancellationToken cancellationToken)
    {
        foreach (var volume in pod.Plan.Volumes.Where(v => !v.Files.IsEmpty && pod.Volumes.ContainsKey(v.Name)))
        {
            await FillAsync(pod, volume, pod.Volumes[volume.Name], cancellationToken);
        }
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

    private static async Task FillAsync(PodContext pod, VolumePlan volume, string directory, CancellationToken cancellationToken)
    {
        if (volume.Files.IsEmpty)
        {
            return;
        }

        var data = await pod.ReadAsync(volume.Files.Where(f => f.From is not null).Select(f => f.From!.Value), cancellationToken);
        var contents = new SortedDictionary<string, VolumeFile>(StringComparer.Ordinal);
        foreach (var files in volume.Files)
        {
            foreach (var (path, content, mode) in Of(files, data, pod))
            {
                if (content is null)
                {
                    continue;
                }

                if (path.Length == 0 || path.StartsWith('/') || path.Split('/').Any(step => step.StartsWith("..", StringComparison.Ordinal)))
                {
                    throw new PodConfigException(PodConfigException.ConfigError, $"volume {volume.Name}: \"{path}\" is not a path inside the volume");
                }

                contents[path] = new VolumeFile(content, mode ?? files.Mode);
            }
        }

        VolumeContents.Write(directory, contents);
    }

    private static IEnumerable<(string Path, byte[]? Content, UnixFileMode? Mode)> Of(VolumeFiles files, PodData data, PodContext pod) => (files.From, files.Items) switch
    {
        (null, var items) => items.Select(i => (i.Path, pod.Field(i.Key) is { } text ? Encoding.UTF8.GetBytes(text) : null, i.Mode)),
        ({ } source, { IsEmpty: true }) => data.All(source).Select(e => (e.Key, (byte[]?)e.Value, (UnixFileMode?)null)),
        ({ } source, var items) => items.Select(i => (i.Path, data.Key(source, i.Key), i.Mode)),
    };
}
