using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Roles and bindings. They have names with colons in them.</summary>
/// <param name="kind">Which of the four.</param>
public sealed class RbacStrategy(string kind) : ResourceStrategy
{
    private const string Group = "rbac.authorization.k8s.io";

    private bool IsNamespaced => kind is "Role" or "RoleBinding";

    public override string? NameProblem(string name) => Names.PathSegmentProblem(name);

    public override void ApplyDefaults(JsonObject document)
    {
        if (document.Child("roleRef") is { } role)
        {
            DefaultGroup(role, Group);
        }

        foreach (JsonObject subject in (document.List("subjects") ?? []).OfType<JsonObject>())
        {
            if (subject.Text("kind") is "User" or "Group")
            {
                DefaultGroup(subject, Group);
            }
        }

        static void DefaultGroup(JsonObject owner, string group)
        {
            if (string.IsNullOrEmpty(owner.Text("apiGroup")))
            {
                owner["apiGroup"] = group;
            }
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (kind is "Role" or "ClusterRole")
        {
            foreach ((int i, JsonNode? rule) in (document.List("rules") ?? []).Index())
            {
                Rule(rule as JsonObject, string.Create(CultureInfo.InvariantCulture, $"rules[{i}]"), errors);
            }

            return;
        }

        JsonObject? role = document.Child("roleRef");
        RoleRef(role, errors);
        foreach ((int i, JsonNode? subject) in (document.List("subjects") ?? []).Index())
        {
            Subject(subject as JsonObject, string.Create(CultureInfo.InvariantCulture, $"subjects[{i}]"), errors);
        }

        if (old is not null && !JsonNodes.Same(old["roleRef"], role))
        {
            var shown = new JsonObject { ["APIGroup"] = role.Text("apiGroup") ?? "", ["Kind"] = role.Text("kind") ?? "", ["Name"] = role.Text("name") ?? "" };
            errors.Invalid("roleRef", shown, "cannot change roleRef");
        }
    }

    private static bool IsEmpty(JsonObject? rule, string name) => rule.List(name) is not { Count: > 0 };

    private void Rule(JsonObject? rule, string path, FieldErrors errors)
    {
        if (IsEmpty(rule, "verbs"))
        {
            errors.Required($"{path}.verbs", "verbs must contain at least one value");
        }

        if (!IsEmpty(rule, "nonResourceURLs"))
        {
            if (IsNamespaced)
            {
                errors.Invalid($"{path}.nonResourceURLs", rule?["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
            }

            if (!IsEmpty(rule, "apiGroups") || !IsEmpty(rule, "resources") || !IsEmpty(rule, "resourceNames"))
            {
                errors.Invalid($"{path}.nonResourceURLs", rule?["nonResourceURLs"], "rules cannot apply to both regular resources and non-resource URLs");
            }

            return;
        }

        if (IsEmpty(rule, "apiGroups"))
        {
            errors.Required($"{path}.apiGroups", "resource rules must supply at least one api group");
        }

        if (IsEmpty(rule, "resources"))
        {
            errors.Required($"{path}.resources", "resource rules must supply at least one resource");
        }
    }

    private void RoleRef(JsonObject? role, FieldErrors errors)
    {
        if (role.Text("apiGroup") != Group)
        {
            errors.NotSupported("roleRef.apiGroup", role?["apiGroup"] ?? JsonValue.Create(""), Group);
        }

        string roleKind = role.Text("kind") ?? "";
        if (roleKind != "ClusterRole" && !(roleKind == "Role" && IsNamespaced))
        {
            errors.NotSupported("roleRef.kind", JsonValue.Create(roleKind), IsNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]);
        }

        if (string.IsNullOrEmpty(role.Text("name")))
        {
            errors.Required("roleRef.name");
        }
    }

    private void Subject(JsonObject? subject, string path, FieldErrors errors)
    {
        string name = subject.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required($"{path}.name");
        }

        switch (subject.Text("kind"))
        {
            case "ServiceAccount":
                if (name.Length > 0 && Names.SubdomainProblem(name) is { } problem)
                {
                    errors.Invalid($"{path}.name", JsonValue.Create(name), problem);
                }

                if (subject.Text("apiGroup") is { Length: > 0 })
                {
                    errors.NotSupported($"{path}.apiGroup", subject?["apiGroup"], "");
                }

                if (!IsNamespaced && string.IsNullOrEmpty(subject.Text("namespace")))
                {
                    errors.Required($"{path}.namespace");
                }

                break;
            case "User" or "Group":
                if (subject.Text("apiGroup") != Group)
                {
                    errors.NotSupported($"{path}.apiGroup", subject?["apiGroup"], Group);
                }

                break;
            default:
                errors.NotSupported($"{path}.kind", JsonValue.Create(subject.Text("kind") ?? ""), "ServiceAccount", "User", "Group");
                break;
        }
    }
}
