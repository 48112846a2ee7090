using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a pod spec must be, in pods and in templates: what kubectl's users and controllers run into.</summary>
internal static class PodRules
{
    /// <summary>Checks a pod spec.</summary>
    public static void Validate(JsonObject? spec, string path, FieldErrors errors)
    {
        HashSet<string> volumes = Volumes(spec, path, errors);
        if (spec.List("containers") is not { Count: > 0 })
        {
            errors.Required($"{path}.containers");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            JsonArray containers = spec.List(list) ?? [];
            for (int i = 0; i < containers.Count; i++)
            {
                Container(containers[i] as JsonObject, $"{path}.{list}[{i}]", names, volumes, errors);
            }
        }

        if (spec.Text("restartPolicy") is { } restart and not ("Always" or "OnFailure" or "Never"))
        {
            errors.NotSupported($"{path}.restartPolicy", JsonValue.Create(restart), "Always", "OnFailure", "Never");
        }

        if (spec.Number("terminationGracePeriodSeconds") is < 0 and var grace)
        {
            errors.Invalid($"{path}.terminationGracePeriodSeconds", JsonValue.Create(grace), "must be greater than or equal to 0");
        }
    }

    private static HashSet<string> Volumes(JsonObject? spec, string path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        JsonArray volumes = spec.List("volumes") ?? [];
        for (int i = 0; i < volumes.Count; i++)
        {
            string name = (volumes[i] as JsonObject).Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Required($"{path}.volumes[{i}].name");
            }
            else if (Names.LabelProblem(name) is { } problem)
            {
                errors.Invalid($"{path}.volumes[{i}].name", JsonValue.Create(name), problem);
            }
            else if (!names.Add(name))
            {
                errors.Duplicate($"{path}.volumes[{i}].name", JsonValue.Create(name));
            }
        }

        return names;
    }

    private static void Container(JsonObject? container, string path, HashSet<string> names, HashSet<string> volumes, FieldErrors errors)
    {
        string name = container.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required($"{path}.name");
        }
        else if (Names.LabelProblem(name) is { } problem)
        {
            errors.Invalid($"{path}.name", JsonValue.Create(name), problem);
        }
        else if (!names.Add(name))
        {
            errors.Duplicate($"{path}.name", JsonValue.Create(name));
        }

        if (string.IsNullOrEmpty(container.Text("image")))
        {
            errors.Required($"{path}.image");
        }

        JsonArray ports = container.List("ports") ?? [];
        for (int i = 0; i < ports.Count; i++)
        {
            if ((ports[i] as JsonObject).Number("containerPort") is not (> 0 and < 65536))
            {
                errors.Invalid($"{path}.ports[{i}].containerPort", (ports[i] as JsonObject)?["containerPort"], "must be between 1 and 65535, inclusive");
            }
        }

        JsonArray variables = container.List("env") ?? [];
        for (int i = 0; i < variables.Count; i++)
        {
            if (string.IsNullOrEmpty((variables[i] as JsonObject).Text("name")))
            {
                errors.Required($"{path}.env[{i}].name");
            }
        }

        JsonArray mounts = container.List("volumeMounts") ?? [];
        for (int i = 0; i < mounts.Count; i++)
        {
            var mount = mounts[i] as JsonObject;
            if (string.IsNullOrEmpty(mount.Text("mountPath")))
            {
                errors.Required($"{path}.volumeMounts[{i}].mountPath");
            }

            // A template's claims become volumes of the pod; the StatefulSet's rules put their names in.
            if (mount.Text("name") is { Length: > 0 } volume && !volumes.Contains(volume) && !volumes.Contains("*"))
            {
                errors.NotFound($"{path}.volumeMounts[{i}].name", mount!["name"]);
            }
        }
    }
}
