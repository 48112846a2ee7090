using System.Collections.Immutable;
using System.Text;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>The contents of ConfigMaps and Secrets that a pod refers to, as one reading found them.</summary>
internal sealed class PodData
{
    private readonly Dictionary<DataSource, ImmutableSortedDictionary<string, byte[]>?> _found = [];

    /// <summary>Reads every source once.</summary>
    /// <exception cref="PodConfigException">One that is not optional is not there.</exception>
    public static async Task<PodData> ReadAsync(
        IEnumerable<DataSource> sources, string @namespace, IPodObjects objects, CancellationToken cancellationToken)
    {
        var data = new PodData();
        foreach (var source in sources.Distinct())
        {
            var kind = source.IsSecret ? ResourceKind.Secrets : ResourceKind.ConfigMaps;
            var found = await objects.GetAsync(kind, new ObjectKey(@namespace, source.Name), cancellationToken);
            if (found is null && !source.IsOptional)
            {
                // The kubelet's own words.
                throw new PodConfigException(PodConfigException.ConfigError, $"{kind.Kind.ToLowerInvariant()} \"{source.Name}\" not found");
            }

            data._found[source] = found is null ? null : Contents(found, source.IsSecret);
        }

        return data;
    }

    /// <summary>Gets all keys of a source; empty when it is optional and not there.</summary>
    public ImmutableSortedDictionary<string, byte[]> All(DataSource source) =>
        _found.GetValueOrDefault(source) ?? ImmutableSortedDictionary<string, byte[]>.Empty;

    /// <summary>Gets one key; null when it or its source is optional and not there.</summary>
    /// <exception cref="PodConfigException">It is not optional and not there.</exception>
    public byte[]? Key(DataSource source, string key) =>
        All(source).TryGetValue(key, out var value) ? value
        : source.IsOptional ? null
        : throw new PodConfigException(
            PodConfigException.ConfigError, $"couldn't find key {key} in {(source.IsSecret ? "Secret" : "ConfigMap")} {source.Name}");

    private static ImmutableSortedDictionary<string, byte[]> Contents(KubeObject found, bool isSecret)
    {
        var contents = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, text) in found.Root.MapAt("data"))
        {
            contents[key] = isSecret ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);
        }

        foreach (var (key, text) in found.Root.MapAt("binaryData"))
        {
            contents[key] = Convert.FromBase64String(text);
        }

        return contents.ToImmutable();
    }
}
