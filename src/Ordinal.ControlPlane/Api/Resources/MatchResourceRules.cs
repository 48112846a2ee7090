using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Defaults and checks of what an admission policy or its binding matches.</summary>
internal static class MatchResourceRules
{
    private static readonly string[] Lists = ["resourceRules", "excludeResourceRules"];

    /// <summary>Fills in what a real server fills in.</summary>
    public static void ApplyDefaults(JsonObject? match)
    {
        if (match is null)
        {
            return;
        }

        match.Default("matchPolicy", "Equivalent");
        match.Default("namespaceSelector", new JsonObject());
        match.Default("objectSelector", new JsonObject());
        foreach (JsonObject rule in Lists.SelectMany(list => match.List(list) ?? []).OfType<JsonObject>())
        {
            rule.Default("scope", "*");
        }
    }

    /// <summary>Checks it.</summary>
    public static void Validate(JsonObject match, string path, FieldErrors errors)
    {
        if (match.Text("matchPolicy") is not ("Equivalent" or "Exact"))
        {
            errors.NotSupported($"{path}.matchPolicy", match["matchPolicy"], "Equivalent", "Exact");
        }

        foreach (string selector in (ReadOnlySpan<string>)["namespaceSelector", "objectSelector"])
        {
            if (match.Child(selector) is { } labels)
            {
                SelectorRules.Validate(labels, $"{path}.{selector}", errors);
            }
        }

        foreach ((JsonObject rule, string at) in Lists.SelectMany(list => PodRules.Items(match, list, path)))
        {
            Rule(rule, at, errors);
        }
    }

    private static void Rule(JsonObject rule, string path, FieldErrors errors)
    {
        string[] names = Texts(rule, "resourceNames");
        for (int i = 0; i < names.Length; i++)
        {
            if (Names.PathSegmentProblem(names[i]) is { } problem)
            {
                errors.Invalid($"{path}.resourceNames[{i}]", names[i], problem);
            }

            if (names.AsSpan(0, i).Contains(names[i]))
            {
                errors.DuplicateShown($"{path}.resourceNames[{i}]", JsonText.WriteString(names[i]));
            }
        }

        Wildcard(rule, "operations", "operations", path, errors);
        string[] operations = Texts(rule, "operations");
        for (int i = 0; i < operations.Length; i++)
        {
            if (operations[i] is not ("*" or "CONNECT" or "CREATE" or "DELETE" or "UPDATE"))
            {
                errors.NotSupported($"{path}.operations[{i}]", operations[i], "*", "CONNECT", "CREATE", "DELETE", "UPDATE");
            }
        }

        Wildcard(rule, "apiGroups", "API groups", path, errors);
        Wildcard(rule, "apiVersions", "API versions", path, errors);
        string[] versions = Texts(rule, "apiVersions");
        for (int i = 0; i < versions.Length; i++)
        {
            if (versions[i].Length == 0)
            {
                errors.Required($"{path}.apiVersions[{i}]");
            }
        }

        Resources(Texts(rule, "resources"), $"{path}.resources", errors);
        if (rule.Text("scope") is not ("*" or "Cluster" or "Namespaced"))
        {
            errors.NotSupported($"{path}.scope", rule["scope"], "*", "Cluster", "Namespaced");
        }
    }

    private static void Wildcard(JsonObject rule, string list, string what, string path, FieldErrors errors)
    {
        string[] items = Texts(rule, list);
        if (items.Length == 0)
        {
            errors.Required($"{path}.{list}");
        }
        else if (items.Length > 1 && items.Contains("*"))
        {
            errors.Invalid($"{path}.{list}", rule[list], $"if '*' is present, must not specify other {what}");
        }
    }

    private static void Resources(string[] resources, string path, FieldErrors errors)
    {
        if (resources.Length == 0)
        {
            errors.Required(path);
        }

        var wholes = new HashSet<string>(StringComparer.Ordinal);
        var everywhere = new HashSet<string>(StringComparer.Ordinal);
        bool hasPlain = false;
        for (int i = 0; i < resources.Length; i++)
        {
            string resource = resources[i];
            string[] parts = resource.Split('/', 2);
            if (resource.Length == 0)
            {
                errors.Required($"{path}[{i}]");
                continue;
            }

            if (parts.Length == 1)
            {
                // As a real server has it: the last one decides.
                hasPlain = resource != "*";
                continue;
            }

            if (wholes.Contains(parts[0]))
            {
                errors.Invalid($"{path}[{i}]", resource, $"if '{parts[0]}/*' is present, must not specify {resource}");
            }

            if (everywhere.Contains(parts[1]))
            {
                errors.Invalid($"{path}[{i}]", resource, $"if '*/{parts[1]}' is present, must not specify {resource}");
            }

            if (parts[1] == "*")
            {
                wholes.Add(parts[0]);
            }

            if (parts[0] == "*")
            {
                everywhere.Add(parts[1]);
            }
        }

        JsonArray Shown() => new([.. resources.Select(resource => JsonValue.Create(resource))]);
        if (resources.Length > 1 && resources.Contains("*/*"))
        {
            errors.Invalid(path, Shown(), "if '*/*' is present, must not specify other resources");
        }

        if (resources.Contains("*") && hasPlain)
        {
            errors.Invalid(path, Shown(), "if '*' is present, must not specify other resources without subresources");
        }
    }

    private static string[] Texts(JsonObject rule, string name) => [.. (rule.List(name) ?? []).Select(text => text.AsText() ?? "")];
}
