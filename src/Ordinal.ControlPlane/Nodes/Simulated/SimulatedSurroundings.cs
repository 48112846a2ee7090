using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>What the containers of one simulated pod share.</summary>
internal sealed class SimulatedSurroundings(PodStart start, Func<KubeObject, SimulatedScript> scripts, ImageStore images, TimeProvider time)
{
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
    public string Title => $"{start.Pod.Name}_{start.Pod.Namespace}({start.Pod.Uid})";

    public string Uid => start.Pod.Uid;

    public string RestartPolicy => start.Pod.Root.TextAt("spec", "restartPolicy") ?? "Always";

    public void Changed() => start.Changed();

    public void Normal(string reason, string message) => start.Event("Normal", reason, message);

    public void Warn(string reason, string message) => start.Event("Warning", reason, message);
}
