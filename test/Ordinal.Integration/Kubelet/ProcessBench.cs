using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Nodes.Network;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Integration.Kubelet;

/// <summary>A process runtime alone: pods are given to it as the kubelet gives them, and watched as the kubelet watches them.</summary>
internal sealed class ProcessBench : IPodObjects, IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Kind, ObjectKey Key), KubeObject> _objects = new();

    private ProcessBench(LoopbackNet net, string root)
    {
        Net = net;
        Root = root;
    }

    public LoopbackNet Net { get; }

    public string Root { get; }

    public ProcessRuntime Runtime { get; private set; } = null!;

    public static async Task<ProcessBench> CreateAsync(Func<ProcessRuntimeOptions, ProcessRuntimeOptions>? change = null)
    {
        var root = Path.Combine(Directory.CreateTempSubdirectory("ordinal-test-").FullName, "data");
        var bench = new ProcessBench(LoopbackNet.Claim(), root);
        var options = new ProcessRuntimeOptions(root, bench.Net)
        {
            Path = "/usr/bin:/bin",
            FirstBackOff = TimeSpan.FromMilliseconds(50),
            LongestBackOff = TimeSpan.FromSeconds(1),
            Retry = TimeSpan.FromMilliseconds(20),
        };
        bench.Runtime = await ProcessRuntime.CreateAsync(change?.Invoke(options) ?? options, bench, TimeProvider.System);
        return bench;
    }

    public void Put(ResourceKind kind, string name, JsonObject document)
    {
        document["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["uid"] = Guid.NewGuid().ToString() };
        var made = KubeObject.Of(document);
        _objects[(kind.Kind, made.Key)] = made;
    }

    public Task<KubeObject?> GetAsync(ResourceKind kind, ObjectKey key, CancellationToken cancellationToken) =>
        Task.FromResult(_objects.GetValueOrDefault((kind.Kind, key)));

    /// <summary>Starts a pod with one container that runs a shell script; the spec's other parts are JSON to merge in.</summary>
    public Task<BenchPod> ScriptAsync(string script, string container = "{}", string spec = "{}", string metadata = "{}", string name = "web-0")
    {
        var main = JsonNode.Parse(container)!.AsObject();
        main["name"] = "main";
        main["image"] = "none";
        main["command"] ??= new JsonArray("sh", "-c", script);
        var pod = new JsonObject { ["metadata"] = JsonNode.Parse(metadata), ["spec"] = JsonNode.Parse(spec) };
        pod["spec"]!["containers"] ??= new JsonArray(main);
        pod["metadata"]!["name"] = name;
        pod["metadata"]!["namespace"] = "default";
        pod["metadata"]!["uid"] = Guid.NewGuid().ToString();
        return StartAsync(KubeObject.Of(pod));
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        Net.Dispose();
        Directory.Delete(Path.GetDirectoryName(Root)!, recursive: true);
    }

    private async Task<BenchPod> StartAsync(KubeObject pod)
    {
        var watched = new BenchPod(this, pod.Key);
        watched.Running = await Runtime.StartAsync(
            new PodStart(pod, "node-1", watched.Signal, (type, reason, message) =>
            {
                watched.Events.Enqueue($"{type} {reason} {message}");
                watched.Signal();
            }),
            CancellationToken.None);
        return watched;
    }
}

/// <summary>One pod on the bench.</summary>
internal sealed class BenchPod(ProcessBench bench, ObjectKey key)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IRunningPod Running { get; set; } = null!;

    public ConcurrentQueue<string> Events { get; } = new();

    public ContainerObservation Main => Running.Observation.Containers[0];

    /// <summary>Gets the id of the first process of the first container.</summary>
    public int Pid => int.Parse(Main.ContainerId["process://".Length..], System.Globalization.CultureInfo.InvariantCulture);

    public void Signal() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits until the pod is as wanted.</summary>
    public async Task UntilAsync(Func<PodObservation, bool> wanted, string what)
    {
        using var limit = new CancellationTokenSource(Deadline);
        while (true)
        {
            var changed = _changed.Task;
            if (wanted(Running.Observation))
            {
                return;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within {Deadline}: {what}; is {Running.Observation.Containers[0]}; events: {string.Join("; ", Events)}; log: {await LogAsync()}");
            }
        }
    }

    public Task UntilRunningAsync() => UntilAsync(o => o.Containers[0].State is ContainerState.Running, "running");

    public async Task<ContainerState.Terminated> UntilEndedAsync()
    {
        await UntilAsync(o => o.Containers[0].State is ContainerState.Terminated, "ended");
        return (ContainerState.Terminated)Main.State;
    }

    /// <summary>Waits for a line in the log, and answers the log up to there.</summary>
    public async Task<string> UntilPrintedAsync(string text)
    {
        await UntilAsync(_ => bench.Runtime.TryFindLog(key, "main", false, out var log) && log is not null, "a log");
        bench.Runtime.TryFindLog(key, "main", false, out var found);
        using var limit = new CancellationTokenSource(Deadline);
        using var reader = new ContainerLogReader(found!, new ContainerLogOptions(true, false, null, null, null));
        var all = new StringBuilder();
        while (await reader.ReadAsync(limit.Token) is { } chunk)
        {
            all.Append(Encoding.UTF8.GetString(chunk.Span));
            if (all.ToString().Contains(text, StringComparison.Ordinal))
            {
                return all.ToString();
            }
        }

        Assert.Fail($"the log ended without \"{text}\": {all}");
        return "";
    }

    public async Task<string> LogAsync(ContainerLogOptions? options = null, bool previous = false)
    {
        if (!bench.Runtime.TryFindLog(key, "main", previous, out var log) || log is null)
        {
            return "";
        }

        using var limit = new CancellationTokenSource(Deadline);
        using var reader = new ContainerLogReader(log, options ?? new ContainerLogOptions(false, false, null, null, null));
        var all = new StringBuilder();
        while (await reader.ReadAsync(limit.Token) is { } chunk)
        {
            all.Append(Encoding.UTF8.GetString(chunk.Span));
        }

        return all.ToString();
    }

    public Task StopAsync(double graceSeconds) => Running.StopAsync(TimeSpan.FromSeconds(graceSeconds), CancellationToken.None);
}
