using System.Collections.Concurrent;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>The images that a node has pulled.</summary>
internal sealed class ImageStore
{
    private readonly ConcurrentDictionary<string, bool> pulled = new(StringComparer.Ordinal);

    public bool Has(string image) => pulled.ContainsKey(image);

    public void Add(string image) => pulled[image] = true;
}
