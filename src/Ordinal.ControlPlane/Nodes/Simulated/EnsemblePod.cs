using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Workloads;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>A simulated pod with an ensemble's member in it: the member starts and ends with the pod's first container.</summary>
internal sealed class EnsemblePod : IRunningPod
{
    private readonly PodStart start;
    private readonly IEnsemble ensemble;
    private readonly string volume;
    private readonly int ordinal;
    private readonly int port;
    private readonly Lock gate = new();
    private readonly List<Task> ending = [];
    private SortedDictionary<string, string> annotations;
    private IRunningPod? pod;
    private IEnsembleMember? member;
    private DateTimeOffset? startedAt;
    private bool isHung;

    public EnsemblePod(PodStart start, IEnsemble ensemble, string volume)
    {
        this.start = start;
        this.ensemble = ensemble;
        this.volume = volume;
        annotations = start.Pod.Annotations;
        string name = start.Pod.Name;
        ordinal = int.TryParse(name.AsSpan(name.LastIndexOf('-') + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : 0;
        JsonElement first = start.Pod.Root.ItemsAt("spec", "containers").FirstOrDefault();
        port = (int)(first.ValueKind is JsonValueKind.Object ? first.ItemsAt("ports").Select(p => p.NumberAt("containerPort")).FirstOrDefault() ?? ensemble.DefaultPort : ensemble.DefaultPort);
    }

    public PodObservation Observation => pod!.Observation;

    /// <summary>Takes the pod itself, which may run already.</summary>
    public void Follow(IRunningPod running)
    {
        lock (gate)
        {
            pod = running;
            Follow();
        }

        Die();
    }

    /// <summary>The pod has changed.</summary>
    public void See()
    {
        lock (gate)
        {
            Follow();
        }

        Die();
        start.Changed();
    }

    public void Update(KubeObject newer)
    {
        pod!.Update(newer);
        lock (gate)
        {
            annotations = newer.Annotations;
            member?.Update(Annotation);
        }
    }

    public void Afflict(PodAffliction affliction)
    {
        lock (gate)
        {
            isHung = affliction switch { PodAffliction.Hang => true, PodAffliction.Recover => false, _ => isHung };
            member?.Hang(isHung);
        }

        pod!.Afflict(affliction);
    }

    public async Task StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            member?.Leave();
        }

        await pod!.StopAsync(gracePeriod, cancellationToken);
        lock (gate)
        {
            Follow();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await pod!.DisposeAsync();
        Task[] last;
        lock (gate)
        {
            End();
            last = [.. ending];
        }

        await Task.WhenAll(last);
    }

    private void Follow()
    {
        if (pod?.Observation is not { Containers: [var container, ..] } seen)
        {
            return;
        }

        if (container.State is not ContainerState.Running running)
        {
            End();
        }
        else if (running.StartedAt != startedAt && IPAddress.TryParse(seen.PodIP, out IPAddress? address))
        {
            End();
            startedAt = running.StartedAt;
            Begin(address);
        }
    }

    private string? Annotation(string name) => annotations.GetValueOrDefault(SimulatedScript.Prefix + name);

    private void Begin(IPAddress address)
    {
        if (!IPAddress.IsLoopback(address))
        {
            start.Event("Warning", "EnsembleWithoutNet", $"{address} is no loopback address, so that no member can listen there; the pod runs without it");
            return;
        }

        try
        {
            member = ensemble.Start(ordinal, address, port, volume);
            member.Hang(isHung);
            member.Update(Annotation);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            start.Event("Warning", "EnsembleMemberFailed", $"member {ordinal} does not listen at {address}:{port}: {e.Message}");
        }
    }

    /// <summary>Ends the container of a member whose process cannot live. Outside of the lock: the pod tells of it at once.</summary>
    private void Die()
    {
        string? why;
        lock (gate)
        {
            why = member?.Fatal;
            if (why is not null)
            {
                member = null;
            }
        }

        if (why is not null)
        {
            start.Event("Warning", "EnsembleMemberDied", $"member {ordinal} ended: {why}");
            pod!.Afflict(PodAffliction.Crash);
        }
    }

    private void End()
    {
        if (member is not null)
        {
            ending.RemoveAll(task => task.IsCompleted);
            ending.Add(member.EndAsync());
        }

        (member, startedAt) = (null, null);
    }
}
