using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>The registered sources of logs, asked in the order of registration.</summary>
public sealed class LogSources
{
    private readonly Lock _lock = new();
    private readonly List<ILogSource> _sources = [];

    /// <summary>Registers a source, usually a kubelet.</summary>
    public void Register(ILogSource source)
    {
        lock (_lock)
        {
            _sources.Add(source);
        }
    }

    /// <summary>Takes a source out again.</summary>
    public void Unregister(ILogSource source)
    {
        lock (_lock)
        {
            _sources.Remove(source);
        }
    }

    internal async Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken)
    {
        ILogSource[] sources;
        lock (_lock)
        {
            sources = [.. _sources];
        }

        foreach (ILogSource source in sources)
        {
            if (await source.OpenAsync(request, cancellationToken) is { } feed)
            {
                return feed;
            }
        }

        return null;
    }
}
