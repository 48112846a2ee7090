using System.Collections.Concurrent;
using System.Globalization;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Workloads;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>
/// Runs the pods of a node, which exist only as status: they boot, become ready, fail and stop as the scenario and their annotations
/// say. See <see cref="SimulatedScript"/>.
/// </summary>
/// <param name="defaults">How a pod behaves of which neither the scenario nor an annotation says anything.</param>
/// <param name="scenario">How the pods of the cluster behave.</param>
/// <param name="address">The address of the n-th pod of the node; numbers are given out again when a pod is gone.</param>
/// <param name="timeProvider">Clock of the delays.</param>
public sealed class SimulatedRuntime(SimulatedScript defaults, Scenario scenario, Func<int, string> address, TimeProvider timeProvider) : IPodRuntime, ILogSource
{
    /// <summary>A pod that boots in one second and stops in a tenth of one.</summary>
    public static readonly SimulatedScript DefaultScript = new(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), SimulatedFailure.None, true);

    /// <summary>Makes a runtime without a scenario.</summary>
    /// <param name="defaults">How a pod without annotations behaves.</param>
    /// <param name="subnet">First three parts of the pods' addresses, <c>10.244.0</c>.</param>
    /// <param name="timeProvider">Clock of the delays.</param>
    public SimulatedRuntime(SimulatedScript defaults, string subnet, TimeProvider timeProvider)
        : this(defaults, Scenario.Empty, pod => string.Create(CultureInfo.InvariantCulture, $"{subnet}.{(pod % 253) + 2}"), timeProvider)
    {
    }

    /// <summary>
    /// Gets the net that a pod gets its address from when it asks for a host part (<see cref="HostParts"/>) or is the member of an ensemble;
    /// null: addresses lead nowhere.
    /// </summary>
    public LoopbackNet? Net { get; init; }

    private readonly Lock gate = new();
    private readonly SortedSet<int> free = [];
    private readonly ImageStore images = new();
    private readonly ConcurrentDictionary<ObjectKey, SimulatedPod> running = new();
    private int started;

    /// <inheritdoc/>
    public ValueTask<IRunningPod> StartAsync(PodStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        int number = Take();
        SimulatedSurroundings surroundings = new(start, pod => scenario.For(pod, defaults), images, timeProvider);
        SimulatedPod? pod = null;
        pod = new SimulatedPod(surroundings, start.Pod, AddressOf(start.Pod, number), () =>
        {
            Net?.ReleaseAddress(start.Pod.Uid);

            // Another pod may have the name by now.
            running.TryRemove(new KeyValuePair<ObjectKey, SimulatedPod>(start.Pod.Key, pod!));
            Release(number);
        });
        running[start.Pod.Key] = pod;
        return ValueTask.FromResult<IRunningPod>(pod);
    }

    /// <inheritdoc/>
    public Task<IApiFeed?> OpenAsync(LogRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        SimulatedLog? log = running.GetValueOrDefault(new ObjectKey(request.Namespace, request.Pod))?.Log(request.Container, request.Previous);
        return Task.FromResult<IApiFeed?>(log is null ? null : new SimulatedLogFeed(log, request));
    }

    /// <summary>Returns what gives a pod its address: null as long as another pod has it.</summary>
    private Func<string?> AddressOf(KubeObject pod, int number)
    {
        int? host = null;
        SortedDictionary<string, string>? annotations = Net is null ? null : pod.Annotations;
        bool asks = annotations is not null && HostParts.Wanted(pod.Name, annotations.GetValueOrDefault, out host) is null
            && (host is not null || annotations.ContainsKey(Ensembles.Annotation));
        string uid = pod.Uid;
        return asks ? () => Net!.TakeAddress(uid, host) : () => address(number);
    }

    /// <summary>Takes a number: new ones first, so that an address is not met again at once.</summary>
    private int Take()
    {
        const int FewAddresses = 200;
        lock (gate)
        {
            if (started < FewAddresses || free.Count == 0)
            {
                return started++;
            }

            int number = free.Min;
            free.Remove(number);
            return number;
        }
    }

    private void Release(int number)
    {
        lock (gate)
        {
            free.Add(number);
        }
    }
}
