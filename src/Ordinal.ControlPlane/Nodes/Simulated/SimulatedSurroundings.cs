using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>What the containers of one simulated pod share.</summary>
internal sealed class SimulatedSurroundings(PodStart start, Func<KubeObject, SimulatedScript> scripts, ImageStore images, TimeProvider time)
{
    // Read out at once: the pod as it was at its start is not kept.
    private readonly Action changed = start.Changed;
    private readonly Action<string, string, string> publish = start.Event;
    private (KubeObject Pod, SimulatedScript Script)? known;

    public TimeProvider Time => time;

    public ImageStore Images => images;

    /// <summary>Gets or sets the pod as the API server has it now.</summary>
    public KubeObject Pod { get; set; } = start.Pod;

    public bool IsHung { get; set; }

    public bool IsUnready { get; set; }

    /// <summary>Gets what the pod is to do now.</summary>
    public SimulatedScript Script
    {
        get
        {
            KubeObject pod = Pod;
            if (known is { } last && ReferenceEquals(last.Pod, pod))
            {
                return last.Script;
            }

            SimulatedScript script = scripts(pod);
            known = (pod, script);
            return script;
        }
    }

    /// <summary>Gets the pod as the kubelet's messages name it.</summary>
    public string Title => $"{Pod.Name}_{Pod.Namespace}({Uid})";

    public string Uid { get; } = start.Pod.Uid;

    public string RestartPolicy { get; } = start.Pod.Root.TextAt("spec", "restartPolicy") ?? "Always";

    public void Changed() => changed();

    public void Normal(string reason, string message) => publish("Normal", reason, message);

    public void Warn(string reason, string message) => publish("Warning", reason, message);
}
