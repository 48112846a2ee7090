using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Demo;
using Ordinal.Operator.Cli;
using Ordinal.Operator.Demo;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.Hosting;
using Ordinal.Runtime.Crds;

namespace Ordinal.Integration.Kills;

/// <summary>
/// Three real etcd servers under a policy, two operator processes with a lease of two seconds, somebody who kills them, and the demo's
/// witnesses. Whoever dies is replaced.
/// </summary>
internal sealed class EtcdUnderKills : IAsyncDisposable
{
    private const int MostOperators = 200;
    private static readonly ResourceKind Policies = new("ordinal.dev/v1alpha1", "RolloutPolicy", "rolloutpolicies");
    private static readonly ResourceKind Rollouts = new("ordinal.dev/v1alpha1", "StatefulSetRollout", "statefulsetrollouts");
    private readonly List<Process> operators = [];
    private readonly StringBuilder logs = new();
    private KillPlane plane = null!;
    private ClusterClient client = null!;

    private EtcdUnderKills()
    {
    }

    /// <summary>Gets who kills.</summary>
    public WriteKiller Killer => plane.Killer;

    /// <summary>Gets the members, by ordinal.</summary>
    public IReadOnlyList<MemberClient> Members { get; private set; } = [];

    /// <summary>Gets the members' addresses, by ordinal.</summary>
    public IEnumerable<string> Addresses => Enumerable.Range(0, 3).Select(member => plane.Net.Address(10 + member));

    /// <summary>Gets the last words of the operators, for a failure's message.</summary>
    public string Logs
    {
        get
        {
            lock (logs)
            {
                return logs.Length > 8000 ? logs.ToString(logs.Length - 8000, 8000) : logs.ToString();
            }
        }
    }

    /// <summary>Starts the cluster, the servers and the operators, and waits until all is at rest.</summary>
    public static async Task<EtcdUnderKills> StartAsync(ClusterKind kind, CancellationToken cancellationToken)
    {
        var made = new EtcdUnderKills();
        try
        {
            await made.StartPartsAsync(kind, cancellationToken);
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Changes a policy's gate, as somebody does who is going to upgrade.</summary>
    public Task AskForHashesAndASnapshotAsync(CancellationToken cancellationToken)
    {
        var gate = new JsonObject
        {
            ["name"] = "raft",
            ["type"] = "Etcd",
            ["runAt"] = new JsonArray("BeforeRollout", "BeforePod", "AfterPod", "AfterRollout"),
            ["interval"] = "1s",
            ["successThreshold"] = 2,
            ["etcd"] = new JsonObject { ["scheme"] = "http", ["port"] = 2379, ["compareHashes"] = true, ["requireSnapshot"] = new JsonObject { ["maxAge"] = "1h" } },
        };
        return client.MergePatchAsync(Policies, new ObjectKey("default", "etcd"), new JsonObject { ["spec"] = new JsonObject { ["gates"] = new JsonArray(gate) } }, "", cancellationToken);
    }

    /// <summary>Gets each pod's UID, by name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PodsAsync(CancellationToken cancellationToken)
    {
        var pods = await client.ListPageAsync("/api/v1/namespaces/default/pods", "", cancellationToken);
        return pods.ItemsAt("items").ToDictionary(pod => pod.TextAt("metadata", "name")!, pod => pod.TextAt("metadata", "uid")!);
    }

    /// <summary>Changes the template: each server comes back with another <c>--snapshot-count</c>, and where it is named as another program under another image.</summary>
    public async Task ChangeTemplateAsync(int count, CancellationToken cancellationToken, string? program = null, string? image = null)
    {
        KubeObject set = await SetAsync(cancellationToken);
        JsonObject document = set.ToMutable();
        var arguments = document["spec"]!["template"]!["spec"]!["containers"]![0]!["args"]!.AsArray();
        var at = arguments.Select((word, index) => (Word: (string)word!, Index: index)).Single(each => each.Word.StartsWith("--snapshot-count=", StringComparison.Ordinal)).Index;
        arguments[at] = string.Create(CultureInfo.InvariantCulture, $"--snapshot-count={count}");
        var container = new JsonObject { ["name"] = "etcd", ["args"] = arguments.DeepClone() };
        if (program is not null)
        {
            (container["command"], container["image"]) = (new JsonArray(program), image);
        }

        var patch = new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(container) } } } };
        await client.StrategicPatchAsync(ResourceKind.StatefulSets, set.Key, patch, "", cancellationToken);
    }

    /// <summary>Waits until the set is rolled and every rollout has ended; replaces operators that were killed.</summary>
    /// <exception cref="OperationCanceledException">The deadline has passed; <see cref="DescribeAsync"/> says how it stands.</exception>
    public async Task UntilRolledAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Refill(cancellationToken);
            if (await IsRolledAsync(count, cancellationToken))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Says how the set and its rollouts stand.</summary>
    public async Task<string> DescribeAsync()
    {
        KubeObject set = await SetAsync(CancellationToken.None);
        var rollouts = await client.ListPageAsync("/apis/ordinal.dev/v1alpha1/namespaces/default/statefulsetrollouts", "", CancellationToken.None);
        return $"writes {string.Join("\n  ", Killer.Writes)}\nset {set.Root.At("status")} {set.Root.At("metadata", "annotations")} {set.Root.At("spec", "updateStrategy")}\n"
            + $"rollouts {string.Join('\n', rollouts.ItemsAt("items").Select(each => each.At("status").ToString()))}\nlogs {Logs}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in operators)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }

        foreach (var member in Members)
        {
            member.Dispose();
        }

        if (plane is not null)
        {
            await plane.DisposeAsync();
        }
    }

    private async Task StartPartsAsync(ClusterKind on, CancellationToken cancellationToken)
    {
        plane = await KillPlane.StartAsync(
            on, $"{Path.GetDirectoryName(Programs.Etcd)}:/usr/bin:/bin", Enumerable.Range(1, MostOperators).ToDictionary(TokenOf, UserOf), cancellationToken);
        client = new ClusterClient(plane.Door, "test");
        foreach (var kind in GeneratedFiles.Kinds)
        {
            await client.CreateAsync(new ResourceKind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false), "", CrdGenerator.Generate(kind), cancellationToken);
        }

        // As the demo does it, but quick: there a slow start shows the gates at work, here each second counts as often as somebody is killed.
        var text = (await File.ReadAllTextAsync(Path.Combine(Programs.Repository, "config/samples/etcd.yaml"), cancellationToken))
            .Replace("ordinal.dev/start-delay: 3s", "ordinal.dev/start-delay: 300ms", StringComparison.Ordinal)
            .Replace("minReadyDuration: 2s", "minReadyDuration: 0s", StringComparison.Ordinal);
        var manifest = Manifest.Parse(text, "etcd.yaml");
        foreach (var document in manifest.Documents)
        {
            var path = Manifest.CollectionPath(document, "default");
            var call = new Ordinal.ControlPlane.Door.ApiCall("POST", path) { ContentType = "application/json", Body = JsonText.Write(document) };
            var answer = await plane.Door.SendAsync(call, cancellationToken);
            while (answer.StatusCode is 404 or 429)
            {
                // A real server serves a kind a moment after its definition.
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
                answer = await plane.Door.SendAsync(call, cancellationToken);
            }

            Assert.That(answer.IsSuccess, Is.True, $"{path}: {Encoding.UTF8.GetString(answer.Body.Span)}");
        }

        Refill(cancellationToken);
        await UntilRolledAsync(10000, cancellationToken);
        Members = [.. Addresses.Select((address, member) => new MemberClient($"etcd-{member}", new Uri($"http://{address}:2379")))];
    }

    /// <summary>Tells whether all pods run this count and are ready, the set is unclaimed, and no rollout is under way.</summary>
    private async Task<bool> IsRolledAsync(int count, CancellationToken cancellationToken)
    {
        KubeObject set = await SetAsync(cancellationToken);
        var status = set.Root.At("status");
        var word = string.Create(CultureInfo.InvariantCulture, $"--snapshot-count={count}");
        if (status.NumberAt("observedGeneration") != set.Generation || status.NumberAt("readyReplicas") != 3 || status.NumberAt("updatedReplicas") != 3
            || status.TextAt("currentRevision") != status.TextAt("updateRevision") || set.Root.TextAt("metadata", "annotations", "ordinal.dev/held-by") is { Length: > 0 }
            || !set.Root.At("spec", "template").GetRawText().Contains(word, StringComparison.Ordinal))
        {
            return false;
        }

        var rollouts = await client.ListPageAsync($"/apis/ordinal.dev/v1alpha1/namespaces/default/{Rollouts.Plural}", "", cancellationToken);
        var policy = await client.GetAsync(Policies, new ObjectKey("default", "etcd"), cancellationToken);
        return rollouts.ItemsAt("items").All(each => each.TextAt("status", "completionTime") is not null)
            && policy?.Root.ItemsAt("status", "conditions").Any(each => each.TextAt("type") == "Ready" && each.TextAt("status") == "True") is true;
    }

    private async Task<KubeObject> SetAsync(CancellationToken cancellationToken) =>
        await client.GetAsync(ResourceKind.StatefulSets, new ObjectKey("default", "etcd"), cancellationToken) ?? throw new InvalidOperationException("the StatefulSet is gone");

    /// <summary>Sees to it that two operators run: one leads, the other waits with warm caches.</summary>
    private void Refill(CancellationToken cancellationToken)
    {
        while (operators.Count(process => !process.HasExited) < 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Assert.That(operators, Has.Count.LessThan(MostOperators), "so many operators and no end");
            operators.Add(StartOperator(operators.Count + 1));
        }
    }

    private Process StartOperator(int number)
    {
        var kubeconfig = plane.KubeconfigOf(UserOf(number), TokenOf(number));
        var start = new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(typeof(OperatorOptions).Assembly.Location)!, "ordinal"))
        {
            ArgumentList =
            {
                "run", "--kubeconfig", kubeconfig, "--namespaces", "default", "--health-probe-bind-address", "0", "--metrics-bind-address", "0",
                "--lease-duration", "2s", "--renew-deadline", "1s", "--retry-period", "200ms", "--request-timeout", "900ms",
            },
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (logs)
            {
                logs.Append(CultureInfo.InvariantCulture, $"{number}: {line.Data}\n");
            }
        };
        process.BeginErrorReadLine();
        Killer.Know(UserOf(number), process);
        return process;
    }

    private static string TokenOf(int number) => string.Create(CultureInfo.InvariantCulture, $"token-of-operator-{number}");

    private static string UserOf(int number) => string.Create(CultureInfo.InvariantCulture, $"operator-{number}");
}
