using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a container must be.</summary>
internal static class ContainerRules
{
    private static readonly string[] Protocols = ["SCTP", "TCP", "UDP"];
    private static readonly string[] FieldPaths =
        ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];

    /// <summary>Checks what every container has.</summary>
    public static void Validate(JsonObject container, string path, HashSet<string> volumes, FieldErrors errors)
    {
        string name = container.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required($"{path}.name");
        }
        else
        {
            PodRules.Report(Names.LabelProblems(name), $"{path}.name", name, errors);
        }

        string image = container.Text("image") ?? "";
        if (image.Length == 0)
        {
            errors.Required($"{path}.image");
        }

        Ports(container, path, errors);
        foreach ((JsonObject variable, string at) in PodRules.Items(container, "env", path))
        {
            Variable(variable, at, errors);
        }

        Mounts(container, path, volumes, errors);
        if (container.Text("imagePullPolicy") is { } policy and not ("Always" or "IfNotPresent" or "Never"))
        {
            errors.NotSupported($"{path}.imagePullPolicy", policy, "Always", "IfNotPresent", "Never");
        }

        ResourceRules.Validate(container.Child("resources"), $"{path}.resources", errors);

        // Blanks are let pass in a template; a pod's are the last thing that is looked at.
        if (path.StartsWith("spec.containers", StringComparison.Ordinal) || path.StartsWith("spec.initContainers", StringComparison.Ordinal))
        {
            if (image.Length > 0 && image.Trim().Length != image.Length)
            {
                errors.Invalid($"{path}.image", image, "must not have leading or trailing whitespace");
            }
        }
    }

    /// <summary>Checks hooks and probes.</summary>
    public static void Life(JsonObject container, string path, FieldErrors errors)
    {
        foreach (string hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            if (container.Child("lifecycle").Child(hook) is { } handler)
            {
                ProbeRules.Handler(handler, $"{path}.lifecycle.{hook}", errors);
            }
        }

        foreach (string probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Child(probe) is { } found)
            {
                ProbeRules.Validate(found, $"{path}.{probe}", mustSucceedOnce: probe != "readinessProbe", errors);
            }
        }
    }

    private static void Ports(JsonObject container, string path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((JsonObject port, string at) in PodRules.Items(container, "ports", path))
        {
            if (port.Text("name") is { Length: > 0 } name)
            {
                IReadOnlyList<string> problems = Names.PortNameProblems(name);
                PodRules.Report(problems, $"{at}.name", name, errors);
                if (problems.Count == 0 && !names.Add(name))
                {
                    errors.Duplicate($"{at}.name", name);
                }
            }

            if (port.Number("containerPort") is null or 0)
            {
                errors.Required($"{at}.containerPort");
            }
            else
            {
                Port(port["containerPort"], $"{at}.containerPort", errors);
            }

            if (port.Number("hostPort") is not (null or 0))
            {
                Port(port["hostPort"], $"{at}.hostPort", errors);
            }

            if (port.Text("protocol") is { } protocol && !Protocols.Contains(protocol))
            {
                errors.NotSupported($"{at}.protocol", protocol, Protocols);
            }
        }
    }

    /// <summary>Checks a number of a port.</summary>
    public static void Port(JsonNode? value, string path, FieldErrors errors)
    {
        if ((value.AsNumber() ?? 0) is not (> 0 and < 65536))
        {
            errors.Invalid(path, value ?? 0L, "must be between 1 and 65535, inclusive");
        }
    }

    private static void Variable(JsonObject variable, string path, FieldErrors errors)
    {
        string name = variable.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required($"{path}.name");
        }
        else
        {
            PodRules.Report(Names.VariableProblems(name), $"{path}.name", name, errors);
        }

        if (variable.Child("valueFrom") is not { } source)
        {
            return;
        }

        string from = $"{path}.valueFrom";
        if (source.Count == 0)
        {
            errors.Invalid(from, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        }
        else if (variable.Text("value") is { Length: > 0 })
        {
            errors.Invalid(from, "", "may not be specified when `value` is not empty");
        }
        else if (source.Count > 1)
        {
            errors.Invalid(from, "", "may not have more than one field specified at a time");
        }

        if (source.Child("fieldRef") is { } field)
        {
            FieldRef(field, $"{from}.fieldRef", errors);
        }

        foreach (string reference in (ReadOnlySpan<string>)["configMapKeyRef", "secretKeyRef"])
        {
            if (source.Child(reference) is { } key)
            {
                Required(key, "name", $"{from}.{reference}", errors);
                Required(key, "key", $"{from}.{reference}", errors);
            }
        }
    }

    private static void FieldRef(JsonObject field, string path, FieldErrors errors)
    {
        string fieldPath = field.Text("fieldPath") ?? "";
        if (fieldPath.Length == 0)
        {
            errors.Required($"{path}.fieldPath");
        }
        else if (!FieldPaths.Contains(fieldPath)
            && !fieldPath.StartsWith("metadata.labels[", StringComparison.Ordinal) && !fieldPath.StartsWith("metadata.annotations[", StringComparison.Ordinal))
        {
            errors.Invalid($"{path}.fieldPath", fieldPath, $"error converting fieldPath: field label not supported: {fieldPath}");
        }
    }

    private static void Required(JsonObject parent, string field, string path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(parent.Text(field)))
        {
            errors.Required($"{path}.{field}");
        }
    }

    private static void Mounts(JsonObject container, string path, HashSet<string> volumes, FieldErrors errors)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach ((JsonObject mount, string at) in PodRules.Items(container, "volumeMounts", path))
        {
            string volume = mount.Text("name") ?? "";
            if (volume.Length == 0)
            {
                errors.Required($"{at}.name");
            }

            if (!volumes.Contains(volume))
            {
                errors.NotFound($"{at}.name", volume);
            }

            string mountPath = mount.Text("mountPath") ?? "";
            if (mountPath.Length == 0)
            {
                errors.Required($"{at}.mountPath");
            }

            if (!paths.Add(mountPath))
            {
                errors.Invalid($"{at}.mountPath", mountPath, "must be unique");
            }
        }
    }
}
