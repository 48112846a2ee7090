using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes.Network;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// Reads a pod for the process runtime. What it cannot do is refused by name (<see cref="PodPlan.Refusal"/>), never left out in
/// silence; what makes no difference to a plain process (image, resources, security context, readOnly) is ignored.
/// </summary>
public static class PodPlanReader
{
    /// <summary>Annotation with the time from binding to the first process: <c>3s</c>. It stands for the pull of the image.</summary>
    public const string StartDelayAnnotation = "ordinal.dev/start-delay";

    private const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Reads a pod.</summary>
    public static PodPlan Read(KubeObject pod, string nodeName)
    {
        ArgumentNullException.ThrowIfNull(pod);
        var spec = pod.Root.At("spec");
        var annotations = pod.Annotations;
        var refusals = new Refusals();
        refusals.Add(HostParts.Wanted(pod.Name, annotations.GetValueOrDefault, out var host));
        var delay = TimeSpan.Zero;
        if (annotations.TryGetValue(StartDelayAnnotation, out var text) && !GoDuration.TryParse(text, out delay))
        {
            refusals.Add($"annotation {StartDelayAnnotation} is \"{text}\"; give a duration such as \"3s\"");
        }

        var plan = new PodPlan(pod.Namespace, pod.Name, pod.Uid)
        {
            NodeName = nodeName,
            ServiceAccountName = spec.TextAt("serviceAccountName") ?? "default",
            RestartPolicy = spec.TextAt("restartPolicy") ?? "Always",
            GracePeriod = TimeSpan.FromSeconds(spec.NumberAt("terminationGracePeriodSeconds") ?? 30),
            StartDelay = delay,
            HostPart = host,
            Volumes = [.. spec.ItemsAt("volumes").Select(v => Volume(v, refusals))],
            InitContainers = [.. spec.ItemsAt("initContainers").Select(c => Container(c, isInit: true, refusals))],
            Containers = [.. spec.ItemsAt("containers").Select(c => Container(c, isInit: false, refusals))],
        };
        foreach (var name in plan.Volumes.Select(v => v.Name)
            .Concat(plan.Volumes.Select(v => v.Claim ?? "ok"))
            .Concat(plan.InitContainers.Concat(plan.Containers).Select(c => c.Name))
            .Concat([plan.Uid, plan.Namespace]))
        {
            if (!IsSafeFileName(name))
            {
                refusals.Add($"\"{name}\" cannot be the name of a directory; use lower-case letters, digits and dashes");
            }
        }

        foreach (var container in plan.InitContainers.Concat(plan.Containers))
        {
            if (container.Mounts.FirstOrDefault(m => plan.Volumes.All(v => v.Name != m.Volume)) is { } lost)
            {
                refusals.Add($"container {container.Name} mounts volume {lost.Volume}, which spec.volumes does not have");
            }
        }

        return plan with { Refusal = refusals.First };
    }

    /// <summary>Says whether a name from a manifest is one plain path segment: an API server with lax validation must not lead us out of our directory.</summary>
    internal static bool IsSafeFileName(string name) =>
        name.Length is > 0 and <= 253 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static VolumePlan Volume(JsonElement volume, Refusals refusals)
    {
        var name = volume.TextAt("name") ?? "";
        var kind = volume.EnumerateObject().FirstOrDefault(m => m.Name != "name" && m.Value.ValueKind is JsonValueKind.Object);
        switch (kind.Name)
        {
            case null or "emptyDir":
                return new VolumePlan(name, null, []);
            case "persistentVolumeClaim":
                return new VolumePlan(name, kind.Value.TextAt("claimName") ?? "", []);
            case "configMap" or "secret" or "downwardAPI":
                return new VolumePlan(name, null, [Files(kind.Name, kind.Value, nameMember: kind.Name == "secret" ? "secretName" : "name")]);
            case "projected":
                // A real API server adds a service account's token to every pod. There is none to give; the rest of the volume is made.
                return new VolumePlan(name, null, [.. kind.Value.ItemsAt("sources")
                    .SelectMany(s => s.EnumerateObject())
                    .Where(s => s.Name is "configMap" or "secret" or "downwardAPI")
                    .Select(s => Files(s.Name, s.Value, "name", kind.Value))]);
            case "hostPath":
                refusals.Add($"volume {name} is a hostPath; a process sees this machine's files anyway: name the path in the command");
                break;
            default:
                refusals.Add($"volume {name} is of kind {kind.Name}; the process runtime has emptyDir, persistentVolumeClaim, configMap, secret, downwardAPI and projected");
                break;
        }

        return new VolumePlan(name, null, []);
    }

    /// <param name="fallback">Where defaultMode stands when the source has none of its own: a projected volume.</param>
    private static VolumeFiles Files(string kind, JsonElement source, string nameMember, JsonElement fallback = default)
    {
        var mode = Mode(source.NumberAt("defaultMode") ?? fallback.NumberAt("defaultMode")) ?? DefaultMode;
        return kind == "downwardAPI"
            ? new VolumeFiles(null, [.. source.ItemsAt("items").Select(i => (i.TextAt("fieldRef", "fieldPath") ?? "", i.TextAt("path") ?? "", Mode(i.NumberAt("mode"))))], mode)
            : new VolumeFiles(
                new DataSource(kind == "secret", source.TextAt(nameMember) ?? "", source.FlagAt("optional") ?? false),
                [.. source.ItemsAt("items").Select(i => (i.TextAt("key") ?? "", i.TextAt("path") ?? "", Mode(i.NumberAt("mode"))))],
                mode);
    }

    private static UnixFileMode? Mode(long? number) => number is >= 0 and <= 511 ? (UnixFileMode)number.Value : null;

    private static ContainerPlan Container(JsonElement container, bool isInit, Refusals refusals)
    {
        var name = container.TextAt("name") ?? "";
        if (isInit && container.TextAt("restartPolicy") == "Always")
        {
            refusals.Add($"init container {name} is a sidecar (restartPolicy: Always); make it an ordinary container");
        }

        var plan = new ContainerPlan(name, container.TextAt("image") ?? "")
        {
            Command = Texts(container, "command"),
            Args = Texts(container, "args"),
            WorkingDirectory = container.TextAt("workingDir"),
            EnvFrom = [.. container.ItemsAt("envFrom").Select(From)],
            Env = [.. container.ItemsAt("env").Select(v => ReadVariable(v, name, refusals))],
            Mounts = [.. container.ItemsAt("volumeMounts").Select(m => ReadMount(m, name, refusals))],
            Ports = container.ItemsAt("ports")
                .Where(p => p.TextAt("name") is not null)
                .ToImmutableSortedDictionary(p => p.TextAt("name")!, p => (int)(p.NumberAt("containerPort") ?? 0), StringComparer.Ordinal),
            Startup = Probe(container.At("startupProbe"), name, refusals),
            Readiness = Probe(container.At("readinessProbe"), name, refusals),
            Liveness = Probe(container.At("livenessProbe"), name, refusals),
            PreStop = Texts(container.At("lifecycle", "preStop", "exec"), "command"),
            PreStopSleep = container.NumberAt("lifecycle", "preStop", "sleep", "seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        if (plan.Command.IsEmpty)
        {
            refusals.Add($"container {name} has no command; the process runtime runs programs of this machine, not the image: give command");
        }

        if (container.At("lifecycle", "preStop").ValueKind is JsonValueKind.Object && plan.PreStop.IsEmpty && plan.PreStopSleep is null)
        {
            refusals.Add($"container {name} has a preStop hook that is neither exec nor sleep; the process runtime has those two");
        }

        if (container.At("lifecycle", "postStart").ValueKind is JsonValueKind.Object)
        {
            refusals.Add($"container {name} has a postStart hook; the process runtime has none: start it from the command");
        }

        return plan;
    }

    private static ImmutableArray<string> Texts(JsonElement element, string member) =>
        [.. element.ItemsAt(member).Select(i => i.ValueKind is JsonValueKind.String ? i.GetString()! : i.GetRawText())];

    private static VariablesFrom From(JsonElement entry)
    {
        var isSecret = entry.At("secretRef").ValueKind is JsonValueKind.Object;
        var source = entry.At(isSecret ? "secretRef" : "configMapRef");
        return new VariablesFrom(new DataSource(isSecret, source.TextAt("name") ?? "", source.FlagAt("optional") ?? false), entry.TextAt("prefix") ?? "");
    }

    private static MountPlan ReadMount(JsonElement mount, string container, Refusals refusals)
    {
        var subPath = mount.TextAt("subPath") ?? "";
        var path = mount.TextAt("mountPath") ?? "";
        if (subPath.StartsWith('/') || subPath.Split('/').Contains(".."))
        {
            refusals.Add($"container {container}: subPath \"{subPath}\" leaves the volume; give a path below it");
        }

        if (!path.StartsWith('/'))
        {
            refusals.Add($"container {container}: mountPath \"{path}\" is not absolute");
        }

        return new MountPlan(mount.TextAt("name") ?? "", path, subPath.Trim('/'));
    }

    private static Variable ReadVariable(JsonElement entry, string container, Refusals refusals)
    {
        var name = entry.TextAt("name") ?? "";
        var from = entry.At("valueFrom");
        if (from.ValueKind is not JsonValueKind.Object)
        {
            return new Variable(name) { Value = entry.TextAt("value") ?? "" };
        }

        if (from.TextAt("fieldRef", "fieldPath") is { } field)
        {
            return new Variable(name) { FieldPath = field };
        }

        var isSecret = from.At("secretKeyRef").ValueKind is JsonValueKind.Object;
        var source = from.At(isSecret ? "secretKeyRef" : "configMapKeyRef");
        if (source.ValueKind is not JsonValueKind.Object)
        {
            refusals.Add($"container {container}: variable {name} is from {from.EnumerateObject().FirstOrDefault().Name}; the process runtime has fieldRef, configMapKeyRef and secretKeyRef");
        }

        return new Variable(name)
        {
            From = new DataSource(isSecret, source.TextAt("name") ?? "", source.FlagAt("optional") ?? false),
            Key = source.TextAt("key") ?? "",
        };
    }

    private static ProbePlan? Probe(JsonElement probe, string container, Refusals refusals)
    {
        if (probe.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        ProbeAction action;
        if (probe.At("httpGet") is { ValueKind: JsonValueKind.Object } http)
        {
            action = new ProbeAction.HttpGet(
                (http.TextAt("scheme") ?? "HTTP").ToUpperInvariant(), http.TextAt("host"), Port(http), http.TextAt("path") ?? "/",
                [.. http.ItemsAt("httpHeaders").Select(h => (h.TextAt("name") ?? "", h.TextAt("value") ?? ""))]);
        }
        else if (probe.At("tcpSocket") is { ValueKind: JsonValueKind.Object } tcp)
        {
            action = new ProbeAction.TcpSocket(tcp.TextAt("host"), Port(tcp));
        }
        else
        {
            action = new ProbeAction.Exec(Texts(probe.At("exec"), "command"));
            if (((ProbeAction.Exec)action).Words.IsEmpty)
            {
                refusals.Add($"container {container} has a probe that is not httpGet, tcpSocket or exec");
            }
        }

        return new ProbePlan(action)
        {
            InitialDelay = Seconds("initialDelaySeconds", 0, 0),
            Period = Seconds("periodSeconds", 10, 1),
            Timeout = Seconds("timeoutSeconds", 1, 1),
            SuccessThreshold = (int)Math.Clamp(probe.NumberAt("successThreshold") ?? 1, 1, int.MaxValue),
            FailureThreshold = (int)Math.Clamp(probe.NumberAt("failureThreshold") ?? 3, 1, int.MaxValue),
            GracePeriod = probe.NumberAt("terminationGracePeriodSeconds") is { } grace ? TimeSpan.FromSeconds(grace) : null,
        };

        // Zero counts as not given, as the API server's defaulting has it.
        TimeSpan Seconds(string member, long otherwise, long least) =>
            TimeSpan.FromSeconds(Math.Clamp(probe.NumberAt(member) is { } given and > 0 ? given : otherwise, least, int.MaxValue));

        static string Port(JsonElement action) =>
            action.NumberAt("port") is { } number ? number.ToString(CultureInfo.InvariantCulture) : action.TextAt("port") ?? "";
    }

    /// <summary>Keeps the first thing that is wrong with a pod.</summary>
    private sealed class Refusals
    {
        public string? First { get; private set; }

        public void Add(string? refusal) => First ??= refusal;
    }
}
