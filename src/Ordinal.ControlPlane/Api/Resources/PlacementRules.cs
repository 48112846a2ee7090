using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a pod may say about where it runs.</summary>
internal static class PlacementRules
{
    private static readonly string[] Effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

    /// <summary>Checks tolerations.</summary>
    public static void Tolerations(JsonObject? spec, string path, FieldErrors errors)
    {
        foreach ((JsonObject toleration, string at) in PodRules.Items(spec, "tolerations", path))
        {
            string key = toleration.Text("key") ?? "";
            string asked = toleration.Text("operator") ?? "";
            if (key.Length > 0)
            {
                PodRules.Report(Names.QualifiedProblems(key), $"{at}.key", key, errors);
            }
            else if (asked != "Exists")
            {
                errors.Invalid($"{at}.operator", asked, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }

            if (toleration["tolerationSeconds"] is not null && toleration.Text("effect") != "NoExecute")
            {
                errors.Invalid($"{at}.effect", toleration.Text("effect") ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }

            string value = toleration.Text("value") ?? "";
            switch (asked)
            {
                case "Equal" or "":
                    if (Names.LabelValueProblems(value) is { Count: > 0 } problems)
                    {
                        errors.Invalid($"{at}.operator", value, string.Join(';', problems));
                    }

                    break;
                case "Exists":
                    if (value.Length > 0)
                    {
                        errors.Invalid($"{at}.operator", value, "value must be empty when `operator` is 'Exists'");
                    }

                    break;
                default:
                    errors.NotSupported($"{at}.operator", asked, "Equal", "Exists");
                    break;
            }

            if (toleration.Text("effect") is { Length: > 0 } effect && !Effects.Contains(effect))
            {
                errors.NotSupported($"{at}.effect", effect, Effects);
            }
        }
    }

    /// <summary>Checks a node's taints.</summary>
    public static void Taints(JsonObject? spec, FieldErrors errors)
    {
        var seen = new HashSet<(string, string)>();
        int index = 0;
        foreach (JsonObject taint in (spec.List("taints") ?? []).OfType<JsonObject>())
        {
            // A real API server names the path so.
            string at = $"metadata.taints[{index++}]";
            string key = taint.Text("key") ?? "";
            string value = taint.Text("value") ?? "";
            string effect = taint.Text("effect") ?? "";
            PodRules.Report(Names.QualifiedProblems(key), $"{at}.key", key, errors);
            if (Names.LabelValueProblems(value) is { Count: > 0 } problems)
            {
                errors.Invalid($"{at}.value", value, string.Join(';', problems));
            }

            if (effect.Length == 0)
            {
                errors.Required($"{at}.effect");
            }
            else if (!Effects.Contains(effect))
            {
                errors.NotSupported($"{at}.effect", effect, Effects);
            }

            if (!seen.Add((key, effect)))
            {
                string time = taint["timeAdded"] is { } added ? JsonText.WriteString(added) : "null";
                string shown = $"{{\"Key\":{JsonText.WriteString(key)},\"Value\":{JsonText.WriteString(value)},\"Effect\":{JsonText.WriteString(effect)},\"TimeAdded\":{time}}}";
                errors.DuplicateShown(at, shown, "taints must be unique by key and effect pair");
            }
        }
    }

    /// <summary>Checks topology spread constraints.</summary>
    public static void Spread(JsonObject? spec, string path, FieldErrors errors)
    {
        foreach ((JsonObject constraint, string at) in PodRules.Items(spec, "topologySpreadConstraints", path))
        {
            if ((constraint.Number("maxSkew") ?? 0) <= 0)
            {
                errors.Invalid($"{at}.maxSkew", constraint["maxSkew"] ?? 0L, "must be greater than zero");
            }

            if (string.IsNullOrEmpty(constraint.Text("topologyKey")))
            {
                errors.Required($"{at}.topologyKey", "can not be empty");
            }

            if (constraint.Text("whenUnsatisfiable") is not ("DoNotSchedule" or "ScheduleAnyway"))
            {
                errors.NotSupported($"{at}.whenUnsatisfiable", constraint.Text("whenUnsatisfiable") ?? "", "DoNotSchedule", "ScheduleAnyway");
            }
        }
    }

    /// <summary>Checks affinities as far as they are often wrong: a node selector without terms, a pod term without a topology.</summary>
    public static void Affinity(JsonObject? affinity, string path, FieldErrors errors)
    {
        const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
        if (affinity.Child("nodeAffinity").Child(Required) is { } nodes && nodes.List("nodeSelectorTerms") is not { Count: > 0 })
        {
            errors.Required($"{path}.nodeAffinity.{Required}.nodeSelectorTerms", "must have at least one node selector term");
        }

        foreach (string kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            foreach ((JsonObject term, string at) in PodRules.Items(affinity.Child(kind), Required, $"{path}.{kind}"))
            {
                string key = term.Text("topologyKey") ?? "";
                if (key.Length == 0)
                {
                    errors.Required($"{at}.topologyKey", "can not be empty");
                }

                PodRules.Report(Names.QualifiedProblems(key), $"{at}.topologyKey", key, errors);
                if (term.Child("labelSelector") is { } selector)
                {
                    SelectorRules.Validate(selector, $"{at}.labelSelector", errors);
                }
            }
        }
    }
}
