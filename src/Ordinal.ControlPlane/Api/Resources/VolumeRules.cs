using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a pod's volumes must be.</summary>
internal static class VolumeRules
{
    // The order in which a real API server looks at them: of two the later one is forbidden.
    private static readonly string[] Sources = ["emptyDir", "hostPath", "secret", "persistentVolumeClaim", "configMap", "downwardAPI", "projected", "csi", "ephemeral", "nfs"];

    /// <summary>Checks volumes and returns their names.</summary>
    public static HashSet<string> Validate(JsonArray? volumes, string path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < (volumes?.Count ?? 0); i++)
        {
            JsonObject volume = volumes![i] as JsonObject ?? [];
            string at = $"{path}[{i}]";
            Source(volume, at, errors);
            string name = volume.Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Required($"{at}.name");
            }
            else if (Names.LabelProblems(name) is { Count: > 0 } problems)
            {
                PodRules.Report(problems, $"{at}.name", name, errors);
            }
            else if (!names.Add(name))
            {
                errors.Duplicate($"{at}.name", name);
            }
        }

        return names;
    }

    private static void Source(JsonObject volume, string path, FieldErrors errors)
    {
        bool hasOne = false;
        foreach (string source in Sources)
        {
            if (volume.Child(source) is not { } found)
            {
                continue;
            }

            if (hasOne)
            {
                errors.Forbidden($"{path}.{source}", "may not specify more than 1 volume type");
                continue;
            }

            hasOne = true;
            string? needed = source switch { "secret" => "secretName", "configMap" => "name", "persistentVolumeClaim" => "claimName", "hostPath" => "path", _ => null };
            if (needed is not null && string.IsNullOrEmpty(found.Text(needed)))
            {
                errors.Required($"{path}.{source}.{needed}");
            }
        }
    }
}
