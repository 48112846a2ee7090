namespace Ordinal.ControlPlane.Api;

/// <summary>Who runs commands in containers, asked in the order of registration.</summary>
public sealed class ExecSources
{
    private readonly Lock gate = new();
    private readonly List<IExecSource> sources = [];

    /// <summary>Registers a source, usually a kubelet.</summary>
    public void Register(IExecSource source)
    {
        lock (gate)
        {
            sources.Add(source);
        }
    }

    /// <summary>Finds the one that runs a pod, and whether the container runs; null when nobody runs the pod.</summary>
    internal (IExecSource Source, ExecState State)? Find(ExecRequest request)
    {
        IExecSource[] all;
        lock (gate)
        {
            all = [.. sources];
        }

        foreach (IExecSource source in all)
        {
            if (source.Look(request) is not ExecState.Unknown and var state)
            {
                return (source, state);
            }
        }

        return null;
    }
}
