using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a pod spec must be, in pods and in templates: what kubectl's users and controllers run into.</summary>
internal static class PodRules
{
    private static readonly string[] DnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

    /// <summary>Checks a pod spec.</summary>
    public static void Validate(JsonObject? spec, string path, FieldErrors errors)
    {
        HashSet<string> volumes = VolumeRules.Validate(spec.List("volumes"), $"{path}.volumes", errors);
        Containers(spec, path, volumes, errors);
        if (spec.Flag("hostNetwork") == true)
        {
            HostPorts(spec, path, errors);
        }

        if (spec.Text("restartPolicy") is { } restart and not ("Always" or "OnFailure" or "Never"))
        {
            errors.NotSupported($"{path}.restartPolicy", restart, "Always", "OnFailure", "Never");
        }

        if (spec.Text("dnsPolicy") is { } dns && !DnsPolicies.Contains(dns))
        {
            errors.NotSupported($"{path}.dnsPolicy", dns, DnsPolicies);
        }

        MetadataRules.Labels(spec.Child("nodeSelector"), $"{path}.nodeSelector", errors);
        PlacementRules.Affinity(spec.Child("affinity"), $"{path}.affinity", errors);
        foreach ((JsonObject gate, string at) in Items(spec, "readinessGates", path))
        {
            Report(Names.QualifiedProblems(gate.Text("conditionType") ?? ""), $"{at}.conditionType", gate["conditionType"] ?? "", errors);
        }

        PlacementRules.Spread(spec, path, errors);
        Name(spec, "serviceAccountName", path, Names.SubdomainProblems, errors);
        Name(spec, "nodeName", path, Names.SubdomainProblems, errors);
        if (spec?["activeDeadlineSeconds"] is { } deadline && deadline.AsNumber() is not (>= 1 and <= int.MaxValue))
        {
            errors.Invalid($"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive");
        }

        Name(spec, "hostname", path, Names.LabelProblems, errors);
        Name(spec, "subdomain", path, Names.LabelProblems, errors);
        PlacementRules.Tolerations(spec, path, errors);
        Name(spec, "priorityClassName", path, Names.SubdomainProblems, errors);
    }

    /// <summary>Enumerates the objects of a list with their paths.</summary>
    public static IEnumerable<(JsonObject Item, string Path)> Items(JsonObject? parent, string list, string path) =>
        (parent.List(list) ?? []).Select((item, index) => (item as JsonObject ?? [], $"{path}.{list}[{index}]"));

    /// <summary>Reports each problem of one value.</summary>
    public static void Report(IEnumerable<string> problems, string path, JsonNode? value, FieldErrors errors)
    {
        foreach (string problem in problems)
        {
            errors.Invalid(path, value, problem);
        }
    }

    private static void Containers(JsonObject? spec, string path, HashSet<string> volumes, FieldErrors errors)
    {
        if (spec.List("containers") is not { Count: > 0 })
        {
            errors.Required($"{path}.containers");
        }

        // Of two equal names an init container's is the one that is reported.
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach ((JsonObject container, string at) in Items(spec, list, path))
            {
                ContainerRules.Validate(container, at, volumes, errors);
                string name = container.Text("name") ?? "";
                if (name.Length > 0 && !names.Add(name))
                {
                    errors.Duplicate($"{at}.name", name);
                }

                if (list == "containers" || container.Text("restartPolicy") == "Always")
                {
                    ContainerRules.Life(container, at, errors);
                }
            }
        }
    }

    private static void HostPorts(JsonObject? spec, string path, FieldErrors errors)
    {
        foreach ((JsonObject container, string at) in Items(spec, "containers", path))
        {
            foreach ((JsonObject port, string portAt) in Items(container, "ports", at))
            {
                if (port.Number("hostPort") is { } host and not 0 && host != port.Number("containerPort"))
                {
                    errors.Invalid($"{portAt}.hostPort", port["hostPort"], "must match `containerPort` when `hostNetwork` is true");
                }
            }
        }
    }

    private static void Name(JsonObject? spec, string field, string path, Func<string, IReadOnlyList<string>> problems, FieldErrors errors)
    {
        if (spec.Text(field) is { Length: > 0 } name)
        {
            Report(problems(name), $"{path}.{field}", name, errors);
        }
    }
}
